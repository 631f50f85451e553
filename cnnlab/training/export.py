"""The finished network as files: for Keras, and for LiteRT with its outputs named."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnlab.errors import RunError
from cnnlab.inference.model import LiteModel, ModelFacts, PixelArray
from cnnlab.inference.signatures import (
    CLASS_INDEX,
    EXPLAIN,
    FEATURES,
    HEAT,
    HIDDEN,
    MAP,
    PREDICT,
    PROBABILITIES,
)
from cnnlab.networks.layer_rows import BACKBONE_NAME
from cnnlab.training.class_map import ClassMap, Head, find_head, walk
from cnnlab.training.lite import convert_functions, convert_to_lite, pixels_spec
from cnnlab.workspace import RunFiles, aside, explain_os_error, write_atomically

LARGEST_DIFFERENCE = 1e-4  # of a probability, for sums of up to so many terms:
_TERMS = 10_000
_NEVER_MORE = 1e-3
_OF_BACKBONE = f"{BACKBONE_NAME}/"


def save_weights(model: keras.Model, path: Path) -> None:
    """Write a model's weights, layer by layer, in place of the earlier ones.

    Plain arrays rather than HDF5, which on a full disk keeps hold of what it could not finish.

    Raises:
        WorkspaceError: If the disk is full; the earlier weights stay.
    """
    arrays = {name: variable.numpy() for name, variable in _weights(model).items()}
    write_atomically(path, lambda file: np.savez(file, **arrays))


def load_weights(model: keras.Model, path: Path) -> None:
    """Set a model's weights from a file that `save_weights` wrote.

    The file may be without a backbone, which then keeps the weights that it has.

    Raises:
        RunError: If the file's weights are not exactly those of the model.
    """
    variables = _weights(model)
    with np.load(path) as arrays:
        found = set(arrays.files)
        missing = {name for name in variables.keys() - found if not name.startswith(_OF_BACKBONE)}
        if found - variables.keys() or missing:
            raise RunError(
                "wrong-weights",
                f"The weights in {path.name} belong to another network. Train again.",
            )
        for name in found:
            variables[name].assign(arrays[name])


def _weights(model: keras.Model) -> dict[str, Any]:
    """A model's weights by layer and place in it: inside a backbone, names may be numbered."""
    return {
        f"{layer.name}/{place}/{variable.name}": variable
        for layer in model.layers
        for place, variable in enumerate(layer.weights)
    }


def load_trained(files: RunFiles) -> keras.Model:
    """The network that a run has kept, as Keras knows it.

    Raises:
        RunError: If the run has none ("no-model"), or its file is damaged ("damaged-model").
    """
    if not files.keras_model.exists():
        raise RunError(
            "no-model",
            f"The run {files.folder.name!r} has no model.keras. Wait until it has ended, or choose "
            "a completed run.",
        )
    try:
        return keras.models.load_model(files.keras_model, compile=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            "damaged-model",
            f"The network of run {files.folder.name!r} cannot be loaded: {files.keras_model.name} "
            "is damaged. Train it again, or put the file back from a copy.",
        ) from error


def export_model(model: keras.Model, facts: ModelFacts, files: RunFiles) -> None:
    """Write model.keras, model.tflite and model.json; the last makes the others count."""
    try:
        with aside(files.keras_model) as temporary:
            model.save(temporary)
    except OSError as error:
        raise explain_os_error(error, files.keras_model, "write") from error
    lite = to_lite(model)
    write_atomically(files.lite_model, lambda file: file.write(lite))
    text = facts.to_json().encode()
    write_atomically(files.model_facts, lambda file: file.write(text))


def to_lite(model: keras.Model) -> bytes:
    """Convert a model to LiteRT in float32, with probabilities and penultimate features.

    The input is named "pixels": float32 0-255, shape (n_images, size, size, channels).

    Where the network's head allows it, there are two more outputs, "map" and, if there are
    activations behind that map, "hidden". The signature "serving_explain" takes them and
    "class_index", int32, shape (n_images,), and gives "heat", shape (n_images, rows, columns):
    what speaks for the class, place by place.
    """
    head = find_head(model)
    if head is None:
        features = model.get_layer(PROBABILITIES).input
        outputs = {PROBABILITIES: model.outputs[0], FEATURES: features}
        return convert_to_lite(keras.Model(model.inputs, outputs))
    functions = {PREDICT: _predict(head), EXPLAIN: _explain(head)}
    return convert_functions(functions, model.variables)


def _predict(head: Head) -> Any:
    """From pixels to everything that a network says."""
    body = keras.Model(head.model.input, head.joined)

    def predict(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        walked = walk(head, body, pixels)
        outputs = {PROBABILITIES: walked.probabilities, FEATURES: walked.features}
        outputs[MAP] = walked.map
        if walked.hidden:
            outputs[HIDDEN] = tf.concat(walked.hidden, axis=1)
        return outputs

    return tf.function(predict, input_signature=[pixels_spec(head.model)], autograph=False)


def _explain(head: Head) -> Any:
    """From what `_predict` keeps, and a class, to what speaks for it."""
    class_map = ClassMap(head)
    sizes = class_map.hidden_sizes

    def explain(
        last_map: tf.Tensor, class_index: tf.Tensor, hidden: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        parts = [] if hidden is None else tf.split(hidden, sizes, axis=1)
        return {HEAT: class_map(last_map, parts, class_index)}

    signature = [
        tf.TensorSpec((None, *head.map_shape), tf.float32, name=MAP),
        tf.TensorSpec((None,), tf.int32, name=CLASS_INDEX),
    ]
    if sizes:
        signature.append(tf.TensorSpec((None, sum(sizes)), tf.float32, name=HIDDEN))
    return tf.function(explain, input_signature=signature, autograph=False)


def check_export(model: keras.Model, lite: LiteModel, pixels: PixelArray) -> float:
    """Compare both networks on real pictures; returns the largest difference of a probability.

    Args:
        model: The network as it was trained.
        lite: The exported file, loaded afresh.
        pixels: uint8, shape (n_images, size, size, channels).

    Raises:
        RunError: If they differ by more than `tolerance` allows.
    """
    expected = model.predict(pixels.astype(np.float32), verbose=0)
    difference = float(np.abs(expected - lite.predict(pixels).probabilities).max(initial=0.0))
    allowed = tolerance(model)
    if not difference <= allowed:
        raise RunError(
            "export-differs",
            "The exported network must agree with the trained one to "
            f"{allowed:.2g}. Received: a difference of {difference:g} over {len(pixels)} "
            "validation pictures. The trained network is kept as model.keras.",
        )
    return difference


def tolerance(model: keras.Model) -> float:
    """By how much two ways of computing a network in float32 may differ, in a probability.

    The rounding error of a sum grows with the square root of its terms (Higham and Mary, "A new
    approach to probabilistic rounding error analysis", 2019), and TensorFlow and LiteRT add in
    different orders. What counts is the layer with most inputs to a unit.
    """
    kernels = [each.shape for each in model.weights if each.name == "kernel"]
    terms = max((math.prod(shape[:-1]) for shape in kernels), default=1)
    return min(_NEVER_MORE, LARGEST_DIFFERENCE * math.sqrt(max(1.0, terms / _TERMS)))
