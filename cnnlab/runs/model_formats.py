"""What a finished network can be written as for other programs, and what that takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec

from cnnlab.errors import RunError


class ModelFormat(StrEnum):
    """What a network can be written as."""

    KERAS = "keras"
    LITERT = "litert"
    LITERT_INT8 = "litert-int8"
    SAVED_MODEL = "savedmodel"
    ONNX = "onnx"

    @property
    def label(self) -> str:
        """As pages call it."""
        return _FORMATS[self].label

    @property
    def purpose(self) -> str:
        """What somebody wants it for."""
        return _FORMATS[self].purpose

    @property
    def model_name(self) -> str:
        """Name of the model's file, or of its folder, in the export."""
        return _FORMATS[self].model_name

    @property
    def packages(self) -> tuple[str, ...]:
        """What has to be installed to use it."""
        return ("numpy", "pillow", *_FORMATS[self].packages)

    @property
    def rounds(self) -> bool:
        """Whether its numbers are rounded, so that its answers are not quite the run's own."""
        return self is ModelFormat.LITERT_INT8


@dataclass(frozen=True, slots=True)
class _Format:
    label: str
    purpose: str
    model_name: str
    packages: tuple[str, ...]


_FORMATS = {
    ModelFormat.KERAS: _Format(
        "Keras", "To train it further, or change it, in Python", "model.keras", ("tensorflow",)
    ),
    ModelFormat.LITERT: _Format(
        "LiteRT", "For telephones and small computers", "model.tflite", ("ai-edge-litert",)
    ),
    ModelFormat.LITERT_INT8: _Format(
        "LiteRT in 8 bits",
        "A quarter of the size, for chips that count in whole numbers",
        "model.tflite",
        ("ai-edge-litert",),
    ),
    ModelFormat.SAVED_MODEL: _Format(
        "SavedModel", "For servers with TensorFlow", "saved_model", ("tensorflow",)
    ),
    ModelFormat.ONNX: _Format(
        "ONNX", "For many other programs and languages", "model.onnx", ("onnxruntime",)
    ),
}
_ONNX_PACKAGES = ("onnx", "onnxruntime", "tf2onnx")  # the extra "export"


def missing_packages(model_format: ModelFormat) -> list[str]:
    """What must be installed here before a network can be written in a format."""
    wanted = _ONNX_PACKAGES if model_format is ModelFormat.ONNX else ()
    return [name for name in wanted if find_spec(name) is None]


def require_packages(model_format: ModelFormat) -> None:
    """Refuse a format whose packages are not installed.

    Raises:
        RunError: With the command that installs them ("missing-packages").
    """
    missing = missing_packages(model_format)
    if missing:
        raise RunError(
            "missing-packages",
            f"{model_format.label} needs packages that are not installed. "
            f"Install them: python -m pip install {' '.join(missing)}",
        )
