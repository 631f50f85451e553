"""From Keras to LiteRT, with named inputs and outputs."""

from __future__ import annotations

import tempfile

import keras
import tensorflow as tf

from cnnlab.inference.model import PIXELS


def convert_to_lite(model: keras.Model) -> bytes:
    """Convert a model whose outputs are a dictionary, in float32.

    Its weights go as plain variables. Saved with all its layers, a deep model takes twice as long
    to convert; with its weights as constants, one of 200 MB takes seven times as long and four
    times the memory.

    The input is named "pixels": float32 0-255, shape (n_images, size, size, channels). The outputs
    keep their names.
    """

    def predict(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(model(pixels, training=False))

    holder = tf.Module()
    holder.weights = [variable.value for variable in model.variables]
    holder.predict = tf.function(
        predict,
        input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=PIXELS)],
        autograph=False,
    )
    with tempfile.TemporaryDirectory(prefix="cnnlab-export-") as folder:
        tf.saved_model.save(
            holder,
            folder,
            signatures=holder.predict.get_concrete_function(),
            # Gradients are not exported, and those of silu could not be.
            options=tf.saved_model.SaveOptions(experimental_custom_gradients=False),
        )
        converted: bytes = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return converted
