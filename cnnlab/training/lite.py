"""From Keras to LiteRT, with named inputs and outputs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from cnnlab.inference.signatures import PIXELS, PREDICT


def convert_to_lite(model: keras.Model) -> bytes:
    """Convert a model whose outputs are a dictionary, in float32.

    The input is named "pixels": float32 0-255, shape (n_images, size, size, channels). The outputs
    keep their names.
    """

    def predict(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(model(pixels, training=False))

    signature = [pixels_spec(model)]
    function = tf.function(predict, input_signature=signature, autograph=False)
    return convert_functions({PREDICT: function}, model.variables)


def pixels_spec(model: keras.Model) -> tf.TensorSpec:
    """What a model takes, under its name in the file."""
    return tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=PIXELS)


def convert_functions(functions: Mapping[str, Any], variables: Sequence[keras.Variable]) -> bytes:
    """Convert functions with named inputs and outputs into one file, in float32.

    Their weights go as plain variables, and the functions share them. Saved with all its layers, a
    deep model takes twice as long to convert; with its weights as constants, one of 200 MB takes
    seven times as long and four times the memory.

    Args:
        functions: `tf.function`s with an input signature, by the name that they have in the file.
            Programs that know no names run the first one by the alphabet.
        variables: Everything that they read.
    """
    with tempfile.TemporaryDirectory(prefix="cnnlab-export-") as folder:
        save_functions(functions, variables, Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(functions))
        converted: bytes = converter.convert()
    return converted


def save_functions(
    functions: Mapping[str, Any], variables: Sequence[keras.Variable], folder: Path
) -> None:
    """Write functions as a SavedModel, each as a signature; the arguments are as above."""
    holder = tf.Module()
    holder.weights = [variable.value for variable in variables]
    signatures = {}
    for name, function in functions.items():
        setattr(holder, name, function)
        signatures[name] = function.get_concrete_function()
    tf.saved_model.save(
        holder,
        str(folder),
        signatures=signatures,
        # Gradients are not exported, and those of silu could not be.
        options=tf.saved_model.SaveOptions(experimental_custom_gradients=False),
    )
