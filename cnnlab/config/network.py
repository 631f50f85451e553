"""The network of a run."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from cnnlab.config.layers import Convolution, Dense, Flatten, Layer, Pooling
from cnnlab.config.section import Section


class Scaling(StrEnum):
    """What the first layer of a network does to pixel values of 0-255."""

    NONE = "none"
    UNIT = "unit"  # 0..1
    SIGNED = "signed"  # -1..1
    BACKBONE = "backbone"  # as the backbone was trained; only with one


class BackboneName(StrEnum):
    """Networks of keras.applications that were trained on ImageNet."""

    MOBILENET_V2 = "mobilenet_v2"
    MOBILENET_V2_035 = "mobilenet_v2_035"  # 0.35 times the filters
    MOBILENET_V3_SMALL = "mobilenet_v3_small"
    MOBILENET_V3_LARGE = "mobilenet_v3_large"
    EFFICIENTNET_V2_B0 = "efficientnet_v2_b0"
    EFFICIENTNET_V2_B1 = "efficientnet_v2_b1"
    EFFICIENTNET_V2_B2 = "efficientnet_v2_b2"
    EFFICIENTNET_V2_B3 = "efficientnet_v2_b3"
    RESNET50 = "resnet50"
    CONVNEXT_TINY = "convnext_tiny"


class Features(StrEnum):
    """When a frozen backbone looks at the training pictures."""

    CACHED = "cached"  # once; its features are kept and shared by runs
    LIVE = "live"  # in every epoch anew, behind the augmentation


class Backbone(Section):
    """A trained network in front of the layers, without its own classes."""

    name: BackboneName = BackboneName.MOBILENET_V2
    pretrained: bool = Field(default=True, description="ImageNet weights; else random ones")
    features: Features = Features.CACHED
    views: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Augmented views of each training picture in the cached features; 0: only the "
        "unchanged picture",
    )


class NetworkConfig(Section):
    """Layers from the pixels to the last hidden layer; the softmax over the classes follows.

    The three fields of the conv-grid family, given together, stand for their layers:
    `conv_layers` times a convolution of `layer_size` filters and a pooling, flatten, and
    `dense_layers` times a dense layer of `layer_size` units.
    """

    scaling: Scaling = Scaling.UNIT
    width: float = Field(
        default=1.0, gt=0, le=16, description="Multiplies all filters and units, at least one stays"
    )
    backbone: Backbone | None = None
    conv_layers: int | None = Field(default=None, ge=0, le=12)
    layer_size: int | None = Field(default=None, ge=1, le=4096)
    dense_layers: int | None = Field(default=None, ge=0, le=12)
    layers: tuple[Layer, ...] = ()

    @property
    def is_grid(self) -> bool:
        """True for a member of the conv-grid family."""
        return self.layer_size is not None

    @property
    def stack(self) -> tuple[Layer, ...]:
        """The layers, those of the conv-grid family written out."""
        if self.conv_layers is None or self.layer_size is None or self.dense_layers is None:
            return self.layers
        block: tuple[Layer, ...] = (Convolution(filters=self.layer_size), Pooling())
        head: tuple[Layer, ...] = (Dense(units=self.layer_size),)
        return (*block * self.conv_layers, Flatten(), *head * self.dense_layers)

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> NetworkConfig:
        grid = (self.conv_layers, self.layer_size, self.dense_layers)
        given = sum(value is not None for value in grid)
        if given not in (0, len(grid)):
            raise ValueError(
                "conv_layers, layer_size and dense_layers belong together: give all three or none"
            )
        if given and self.layers:
            raise ValueError(
                "layers cannot be combined with conv_layers, layer_size and dense_layers: set "
                "those to none"
            )
        if self.scaling is Scaling.BACKBONE and self.backbone is None:
            raise ValueError("the scaling 'backbone' needs a backbone: choose none, unit or signed")
        return self
