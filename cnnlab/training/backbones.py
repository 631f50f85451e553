"""Networks trained on ImageNet, exported for LiteRT."""

from __future__ import annotations

from pathlib import Path

import keras

from cnnlab.errors import RunError
from cnnlab.inference.features import BACKBONE_SIDE_PX, find_weights
from cnnlab.inference.model import FEATURES
from cnnlab.training.lite import convert_to_lite
from cnnlab.workspace import write_atomically


def export_backbone(file: Path) -> None:
    """Write MobileNetV2 without its classes, with its own scaling of 0-255 inside.

    Raises:
        RunError: If its weights are not on this machine ("no-weights"); nothing is downloaded.
        WorkspaceError: If the disk is full or the file cannot be written.
    """
    weights = find_weights()
    if weights is None:
        raise RunError(
            "no-weights",
            "MobileNetV2's ImageNet weights must be in Keras' cache ($KERAS_HOME/models or "
            "~/.keras/models). Received: none there.",
        )
    shape = (BACKBONE_SIDE_PX, BACKBONE_SIDE_PX, 3)
    pixels = keras.Input(shape)
    backbone = keras.applications.MobileNetV2(
        input_shape=shape, include_top=False, weights=str(weights), pooling="avg"
    )
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    lite = convert_to_lite(keras.Model(pixels, {FEATURES: backbone(scaled)}))
    write_atomically(file, lambda out: out.write(lite))
