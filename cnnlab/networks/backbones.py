"""What is known of the backbones without loading them: shapes, sizes, weights, preprocessing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from cnnlab.config import BackboneName

_STORE = "https://storage.googleapis.com/tensorflow/keras-applications"
_STRIDE = 32  # of every backbone here, from the pixels to its last map
_KNOWN_SIDES = (96, 128, 160, 192, 224)  # sizes that MobileNetV2 has weights of its own for


class Preprocessing(StrEnum):
    """What a backbone's training did to pixel values of 0-255."""

    SIGNED = "signed"  # to -1..1
    STANDARDIZED = "standardized"  # minus ImageNet's mean, through its standard deviation
    CENTRED_BGR = "centred_bgr"  # blue, green, red; minus ImageNet's mean


class Cost(NamedTuple):
    """What a backbone takes; the last two for one picture of 224 x 224.

    Attributes:
        parameters: All its values.
        trainable_parameters: Those that a gradient can change.
        multiply_adds: Multiplications of convolutions and dense layers.
        activation_values: Values of all layer outputs.
    """

    parameters: int
    trainable_parameters: int
    multiply_adds: int
    activation_values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneFacts:
    """One network of keras.applications without its classes.

    Attributes:
        title: Its usual name.
        keras_name: Its function in keras.applications.
        channels: Channels of its last map.
        cost: What it takes.
        preprocessing: What its input must have gone through.
        weights_pattern: File name of its ImageNet weights; "{side}" where they depend on the size.
        weights_folder: Where they lie below Keras' store.
        checksum: "md5:..." or "sha256:..." that Keras 3.15 publishes; None where it has none.
        rounds_up: Whether an incomplete window at the border counts.
    """

    title: str
    keras_name: str
    channels: int
    cost: Cost
    preprocessing: Preprocessing
    weights_pattern: str
    weights_folder: str
    checksum: str | None
    alpha: float = 1.0
    rounds_up: bool = True

    def map_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Shape of the last map for pictures of this size; a side of 0 does not fit."""
        rounded = math.ceil if self.rounds_up else math.floor
        return (rounded(height / _STRIDE), rounded(width / _STRIDE), self.channels)

    def weights_file(self, side: int) -> str:
        """Name of the weights' file for square pictures of this side."""
        known = side if side in _KNOWN_SIDES else _KNOWN_SIDES[-1]
        return self.weights_pattern.format(side=known)

    def weights_url(self, side: int) -> str:
        """Where Keras' authors publish that file."""
        return f"{_STORE}/{self.weights_folder}/{self.weights_file(side)}"


def _mobilenet_v2(alpha: float, title: str, cost: Cost) -> BackboneFacts:
    return BackboneFacts(
        title=title,
        keras_name="MobileNetV2",
        channels=1280,
        preprocessing=Preprocessing.SIGNED,
        weights_pattern="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_"
        f"{alpha}_{{side}}_no_top.h5",
        weights_folder="mobilenet_v2",
        checksum=None,
        alpha=alpha,
        cost=cost,
    )


def _mobilenet_v3(size: str, checksum: str, channels: int, cost: Cost) -> BackboneFacts:
    return BackboneFacts(
        title=f"MobileNetV3 {size}",
        keras_name=f"MobileNetV3{size.capitalize()}",
        channels=channels,
        preprocessing=Preprocessing.SIGNED,
        weights_pattern=f"weights_mobilenet_v3_{size}_224_1.0_float_no_top_v2.h5",
        weights_folder="mobilenet_v3",
        checksum=checksum,
        cost=cost,
    )


def _efficientnet_v2(number: int, checksum: str, channels: int, cost: Cost) -> BackboneFacts:
    return BackboneFacts(
        title=f"EfficientNetV2 B{number}",
        keras_name=f"EfficientNetV2B{number}",
        channels=channels,
        preprocessing=Preprocessing.STANDARDIZED,
        weights_pattern=f"efficientnetv2-b{number}_notop.h5",
        weights_folder="efficientnet_v2",
        checksum=checksum,
        cost=cost,
    )


BACKBONES: Mapping[BackboneName, BackboneFacts] = MappingProxyType(
    {
        BackboneName.MOBILENET_V2: _mobilenet_v2(
            1.0,
            "MobileNetV2",
            cost=Cost(2_257_984, 2_223_872, 299_494_272, 21_813_680),
        ),
        BackboneName.MOBILENET_V2_035: _mobilenet_v2(
            0.35,
            "MobileNetV2 × 0.35",
            cost=Cost(410_208, 396_128, 58_005_808, 9_474_464),
        ),
        BackboneName.MOBILENET_V3_SMALL: _mobilenet_v3(
            "small",
            "md5:d3e8ec802a04aa4fc771ee12a9a9b836",
            576,
            cost=Cost(939_120, 927_008, 54_896_576, 5_205_056),
        ),
        BackboneName.MOBILENET_V3_LARGE: _mobilenet_v3(
            "large",
            "md5:07fb09a5933dd0c8eaafa16978110389",
            960,
            cost=Cost(2_996_352, 2_971_952, 214_080_960, 15_273_376),
        ),
        BackboneName.EFFICIENTNET_V2_B0: _efficientnet_v2(
            0,
            "md5:893217f2bb855e2983157299931e43ff",
            1280,
            cost=Cost(5_919_312, 5_858_704, 716_806_176, 15_863_696),
        ),
        BackboneName.EFFICIENTNET_V2_B1: _efficientnet_v2(
            1,
            "md5:0e80663031ca32d657f9caa404b6ec37",
            1280,
            cost=Cost(6_931_124, 6_860_052, 1_014_579_232, 21_126_356),
        ),
        BackboneName.EFFICIENTNET_V2_B2: _efficientnet_v2(
            2,
            "md5:1dfe2e7a5d45b6632553a8961ea609eb",
            1408,
            cost=Cost(8_769_374, 8_687_086, 1_167_422_832, 22_846_158),
        ),
        BackboneName.EFFICIENTNET_V2_B3: _efficientnet_v2(
            3,
            "md5:f6abf7b5849ac99a89b50dd3fd532856",
            1536,
            cost=Cost(12_930_622, 12_821_406, 1_608_442_624, 28_598_790),
        ),
        BackboneName.RESNET50: BackboneFacts(
            title="ResNet50",
            keras_name="ResNet50",
            channels=2048,
            cost=Cost(23_587_712, 23_534_592, 3_855_925_248, 37_117_164),
            preprocessing=Preprocessing.CENTRED_BGR,
            weights_pattern="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
            weights_folder="resnet",
            checksum="md5:4d473c1dd8becc155b73f8504c6f6626",
        ),
        BackboneName.CONVNEXT_TINY: BackboneFacts(
            title="ConvNeXt Tiny",
            keras_name="ConvNeXtTiny",
            channels=768,
            cost=Cost(27_820_128, 27_820_128, 4_266_904_320, 28_637_952),
            preprocessing=Preprocessing.STANDARDIZED,
            weights_pattern="convnext_tiny_notop.h5",
            weights_folder="convnext",
            checksum="sha256:d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
            rounds_up=False,
        ),
    }
)
