"""From Keras to LiteRT, with named inputs and outputs."""

from __future__ import annotations

import tempfile

import keras
import tensorflow as tf

from cnnlab.inference.model import PIXELS


def convert_to_lite(model: keras.Model) -> bytes:
    """Convert a model whose outputs are a dictionary, in float32.

    The input is named "pixels": float32 0-255, shape (n_images, size, size, channels). The outputs
    keep their names.
    """

    @tf.function(
        input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=PIXELS)]
    )
    def serve(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(model(pixels, training=False))

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", serve)
    with tempfile.TemporaryDirectory(prefix="cnnlab-export-") as folder:
        archive.write_out(folder, verbose=False)
        converted: bytes = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return converted
