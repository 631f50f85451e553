"""The kinds of layers that a network is put together from."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from cnnlab.config.section import Section


class ActivationName(StrEnum):
    """Activation functions, by their Keras names."""

    LINEAR = "linear"
    RELU = "relu"
    ELU = "elu"
    GELU = "gelu"
    SILU = "silu"
    TANH = "tanh"


class PoolMode(StrEnum):
    """What pooling keeps of a window."""

    MAX = "max"
    AVERAGE = "average"


class Padding(StrEnum):
    """Whether a window may reach over the border ("same") or not ("valid")."""

    VALID = "valid"
    SAME = "same"


class Convolution(Section):
    """A two-dimensional convolution with an activation."""

    kind: Literal["conv"] = "conv"
    filters: int = Field(ge=1, le=4096)
    kernel: int = Field(default=3, ge=1, le=31)
    stride: int = Field(default=1, ge=1, le=31)
    padding: Padding = Padding.VALID
    activation: ActivationName = ActivationName.RELU
    bias: bool = True


class Pooling(Section):
    """Maximum or average over windows that do not overlap."""

    kind: Literal["pool"] = "pool"
    size: int = Field(default=2, ge=2, le=31)
    padding: Padding = Padding.VALID
    mode: PoolMode = PoolMode.MAX


class BatchNormalization(Section):
    """Normalisation over the batch, with running statistics for prediction."""

    kind: Literal["batch_norm"] = "batch_norm"
    momentum: float = Field(default=0.99, ge=0, lt=1)


class Activation(Section):
    """An activation function as a layer of its own."""

    kind: Literal["activation"] = "activation"
    function: ActivationName = ActivationName.RELU


class Dropout(Section):
    """Sets this share of the values to zero while training."""

    kind: Literal["dropout"] = "dropout"
    rate: float = Field(ge=0, lt=1)


class Flatten(Section):
    """Height x width x channels become one vector."""

    kind: Literal["flatten"] = "flatten"


class GlobalPooling(Section):
    """One value a channel: the mean or the maximum over the whole map."""

    kind: Literal["global_pool"] = "global_pool"
    mode: PoolMode = PoolMode.AVERAGE


class Dense(Section):
    """A fully connected layer with an activation."""

    kind: Literal["dense"] = "dense"
    units: int = Field(ge=1, le=65536)
    activation: ActivationName = ActivationName.RELU


class Residual(Section):
    """Layers whose output is added to their input; both must have the same shape."""

    kind: Literal["residual"] = "residual"
    layers: tuple[Layer, ...] = Field(min_length=1)


Layer = Annotated[
    Convolution
    | Pooling
    | BatchNormalization
    | Activation
    | Dropout
    | Flatten
    | GlobalPooling
    | Dense
    | Residual,
    Field(discriminator="kind"),
]
Residual.model_rebuild()
