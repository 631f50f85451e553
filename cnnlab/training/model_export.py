"""A finished network written for other programs, by TensorFlow."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnlab.errors import RunError
from cnnlab.inference.model import PixelArray
from cnnlab.inference.signatures import PIXELS, PREDICT, PROBABILITIES
from cnnlab.progress import Progress
from cnnlab.runs.model_formats import ModelFormat, require_packages
from cnnlab.training.export import load_trained
from cnnlab.training.lite import pixels_spec, save_functions
from cnnlab.workspace import RunFiles

_OPSET = 17  # of ONNX: the newest that runtimes of 2022 know, too


def write_model(
    model_format: ModelFormat,
    files: RunFiles,
    folder: Path,
    calibration: PixelArray | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a run's finished network in a format.

    Args:
        model_format: Which.
        files: Of the run.
        folder: Where to; it gets the format's `model_name`.
        calibration: For the format that rounds: training pictures, uint8, shape
            (n_images, size, size, channels).
        progress: Told the pictures done and in all; what it raises ends the work.

    Raises:
        RunError: If the network is not there or damaged, or packages are missing.
        OSError: If the folder cannot be written to.
    """
    target = folder / model_format.model_name
    match model_format:
        case ModelFormat.KERAS:
            shutil.copyfile(files.keras_model, target)
        case ModelFormat.LITERT:
            shutil.copyfile(files.lite_model, target)
        case ModelFormat.LITERT_INT8:
            if calibration is None or not len(calibration):
                raise RunError(
                    "no-pictures-to-calibrate",
                    "A network in 8 bits needs some of the pictures that it was trained on, to "
                    "see how large its values become. None of them is left. Put them back.",
                )
            target.write_bytes(_rounded(load_trained(files), calibration, progress))
        case ModelFormat.SAVED_MODEL:
            model = load_trained(files)
            save_functions({PREDICT: _predict(model)}, model.variables, target)
        case ModelFormat.ONNX:
            target.write_bytes(_onnx(load_trained(files)))


def _predict(model: keras.Model) -> Any:
    """From "pixels" to "probabilities"."""

    def predict(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        return {PROBABILITIES: model(pixels, training=False)}

    return tf.function(predict, input_signature=[pixels_spec(model)], autograph=False)


def _rounded(model: keras.Model, calibration: PixelArray, progress: Progress | None) -> bytes:
    """Weights and values between the layers in 8 bits; the ranges are those of real pictures.

    What goes in stays float32 values of 0-255, which 8 bits hold exactly.
    """

    def pictures() -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        for number, picture in enumerate(calibration, start=1):
            yield {PIXELS: picture[None].astype(np.float32)}
            if progress is not None:
                progress(number, len(calibration))

    with tempfile.TemporaryDirectory(prefix="cnnlab-export-") as folder:
        save_functions({PREDICT: _predict(model)}, model.variables, Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = pictures
        with warnings.catch_warnings():
            # The converter itself uses an interpreter that TensorFlow will drop.
            warnings.simplefilter("ignore", UserWarning)
            converted: bytes = converter.convert()
    return converted


def _onnx(model: keras.Model) -> bytes:
    require_packages(ModelFormat.ONNX)
    from tf2onnx import convert

    with _functions_in_place():
        proto, _ = convert.from_function(
            _predict(model),
            [pixels_spec(model)],
            opset=_OPSET,
            custom_op_handlers={"Erfc": (_erfc, [])},
        )
    written: bytes = proto.SerializeToString()
    return written


@contextmanager
def _functions_in_place() -> Iterator[None]:
    """Have functions that a network calls become part of it.

    Keras hands grouped convolutions to a compiler, as functions that ONNX cannot look into.
    """
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def _erfc(graph: Any, node: Any, name: str, _: Any) -> None:
    """Let an operation that ONNX lacks, and GELU needs, be 1 - Erf."""
    (values,) = node.input
    kinds, shapes = [graph.get_dtype(values)], [graph.get_shape(values)]
    erf = graph.make_node("Erf", [values], dtypes=kinds, shapes=shapes).output[0]
    one = graph.make_const(f"{name}/one", np.ones((), dtype=np.float32)).output[0]
    node.type = "Sub"
    graph.replace_inputs(node, [one, erf])
