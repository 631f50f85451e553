"""From Keras to LiteRT, with named inputs and outputs."""

from __future__ import annotations

import tempfile

import keras
import tensorflow as tf

from cnnlab.inference.model import PIXELS


def convert_to_lite(model: keras.Model) -> bytes:
    """Convert a model whose outputs are a dictionary, in float32.

    The weights are traced as constants: a saved model that holds variables takes three times as
    long to convert.

    The input is named "pixels": float32 0-255, shape (n_images, size, size, channels). The outputs
    keep their names.
    """
    trainable = [variable.numpy() for variable in model.trainable_variables]
    fixed = [variable.numpy() for variable in model.non_trainable_variables]

    def predict(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        constants = [tf.constant(value) for value in trainable], [tf.constant(v) for v in fixed]
        outputs, _ = model.stateless_call(*constants, pixels, training=False)
        return dict(outputs)

    serve = tf.function(
        predict,
        input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=PIXELS)],
        autograph=False,
    )
    holder = tf.Module()
    holder.serve = serve
    with tempfile.TemporaryDirectory(prefix="cnnlab-export-") as folder:
        tf.saved_model.save(
            holder,
            folder,
            signatures=serve.get_concrete_function(),
            # Gradients are not exported, and those of silu could not be.
            options=tf.saved_model.SaveOptions(experimental_custom_gradients=False),
        )
        converted: bytes = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return converted
