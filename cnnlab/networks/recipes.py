"""Named starting configurations: each recipe is a network with the settings that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnnlab.config import (
    Activation,
    ActivationName,
    AugmentationConfig,
    BatchNormalization,
    Convolution,
    DataConfig,
    Dense,
    Dropout,
    EarlyStopping,
    Flatten,
    GlobalPooling,
    Layer,
    Monitor,
    NetworkConfig,
    Optimizer,
    Padding,
    Pooling,
    PoolMode,
    Residual,
    RunConfig,
    Scaling,
    Schedule,
    SplitConfig,
    TrainingConfig,
)
from cnnlab.errors import ConfigError
from cnnlab.networks.description import NetworkDescription, describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A named starting configuration.

    Attributes:
        name: What `--recipe` and the pages call it.
        summary: What it is and when to take it, one sentence.
        class_count: Classes of the study it comes from; the data decide in a run.
        config: The complete configuration.
    """

    name: str
    summary: str
    class_count: int
    config: RunConfig

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the pictures that it takes."""
        data = self.config.data
        return (data.size, data.size, data.colour.channels)

    def describe(self) -> NetworkDescription:
        """Describe the layers for the study's number of classes."""
        return describe(self.config.network, self.input_shape, self.class_count)


def recipe(name: str) -> Recipe:
    """Look a recipe up by its name.

    Raises:
        ConfigError: If there is no such recipe; the message lists those there are.
    """
    if name not in RECIPES:
        raise ConfigError(
            f"recipe must be a known name. Received: {name!r}. Choose one of: {', '.join(RECIPES)}."
        )
    return RECIPES[name]


def recipe_rows() -> list[dict[str, Any]]:
    """All recipes as JSON-ready rows: name, input shape, classes, parameters, summary."""
    rows: list[dict[str, Any]] = []
    for entry in RECIPES.values():
        description = entry.describe()
        rows.append(
            {
                "name": entry.name,
                "input_shape": list(entry.input_shape),
                "classes": entry.class_count,
                "parameters": {
                    "total": description.total_parameters,
                    "trainable": description.trainable_parameters,
                },
                "summary": entry.summary,
            }
        )
    return rows


def _quick() -> Recipe:
    return Recipe(
        name="quick",
        summary="Small residual network for small pictures (28-160 px), made to learn fast on a "
        "processor without a graphics card: the one to start with.",
        class_count=6,
        config=RunConfig(
            recipe="quick",
            data=DataConfig(size=64),
            network=NetworkConfig(
                layers=(
                    *_normalised(32, pooled=True),
                    *_normalised(64, pooled=True),
                    _residual(64),
                    *_normalised(128, pooled=True),
                    _residual(128),
                    GlobalPooling(mode=PoolMode.MAX),
                    Dropout(rate=0.2),
                )
            ),
            augmentation=AugmentationConfig(flip_horizontal=True, shift=0.1),
            training=TrainingConfig(
                epochs=16,
                batch_size=32,
                optimizer=Optimizer.ADAMW,
                learning_rate=5e-3,
                weight_decay=0.05,
                label_smoothing=0.1,
                schedule=Schedule.ONE_CYCLE,
                # Less noisy than accuracy where validation pictures are few.
                monitor=Monitor.VALIDATION_LOSS,
                # Accuracy jumps up and down while the rate is high and settles as it falls, at
                # the planned end: stopping earlier would leave out the best part.
                early_stopping=None,
            ),
        ),
    )


def _normalised(filters: int, *, pooled: bool = False) -> tuple[Layer, ...]:
    """A convolution without bias, batch normalisation and ReLU, on half the side if pooled."""
    convolution = Convolution(
        filters=filters, padding=Padding.SAME, activation=ActivationName.LINEAR, bias=False
    )
    # Pooling first leaves a quarter of the values to normalise, a fifth less time an image.
    # The default momentum of 0.99 is too slow for runs of a few hundred steps.
    normalised: tuple[Layer, ...] = (BatchNormalization(momentum=0.9), Activation())
    return (convolution, Pooling(), *normalised) if pooled else (convolution, *normalised)


def _residual(filters: int) -> Residual:
    return Residual(layers=(*_normalised(filters), *_normalised(filters)))


def _cifar_blocks() -> Recipe:
    return Recipe(
        name="cifar-blocks",
        summary="Three blocks of two convolutions with batch normalisation and strong dropout, "
        "for 32 px pictures such as CIFAR-10.",
        class_count=3,
        config=RunConfig(
            recipe="cifar-blocks",
            data=DataConfig(size=32),
            split=SplitConfig(validation=0.2, test=0.0),
            network=NetworkConfig(
                layers=(*_cifar_block(32), *_cifar_block(64), *_cifar_block(128), Flatten())
            ),
            training=TrainingConfig(
                epochs=10,
                batch_size=128,
                monitor=Monitor.VALIDATION_ACCURACY,
                # The network sits at chance for its first three epochs.
                early_stopping=EarlyStopping(patience=3, start_epoch=4),
            ),
        ),
    )


def _cifar_block(filters: int) -> tuple[Layer, ...]:
    return (
        Convolution(filters=filters, padding=Padding.SAME),
        BatchNormalization(momentum=0.99),
        Convolution(filters=filters),
        Pooling(),
        Dropout(rate=0.5),
    )


def _catsdogs_basic() -> Recipe:
    return Recipe(
        name="catsdogs-basic",
        summary="Three plain convolutions on raw pixel values of 0-255, for two classes at "
        "160 px; a first attempt that leaves room for better ones.",
        class_count=2,
        config=RunConfig(
            recipe="catsdogs-basic",
            data=DataConfig(size=160),
            split=SplitConfig(validation=0.2, test=0.0),
            network=NetworkConfig(
                scaling=Scaling.NONE,
                layers=(
                    Convolution(filters=32),
                    Pooling(),
                    Dropout(rate=0.2),
                    Convolution(filters=32),
                    Pooling(),
                    Dropout(rate=0.2),
                    Convolution(filters=64),
                    Pooling(),
                    Flatten(),
                    Dense(units=64),
                ),
            ),
            # The study trains all its epochs; the first ones stay close to chance.
            training=TrainingConfig(epochs=20, batch_size=32, early_stopping=None),
        ),
    )


def _conv_32_32() -> Recipe:
    return Recipe(
        name="conv-32-32",
        summary="Two convolutions and one wide dense layer for two classes at 224 px; shows "
        "where most parameters of a simple network sit.",
        class_count=2,
        config=RunConfig(
            recipe="conv-32-32",
            data=DataConfig(size=224),
            split=SplitConfig(seed=42),
            network=NetworkConfig(
                layers=(
                    Convolution(filters=32),
                    Pooling(padding=Padding.SAME),
                    Convolution(filters=32),
                    Pooling(padding=Padding.SAME),
                    Flatten(),
                    Dense(units=128),
                )
            ),
            training=TrainingConfig(epochs=10, batch_size=64, seed=42),
        ),
    )


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {entry.name: entry for entry in (_quick(), _cifar_blocks(), _catsdogs_basic(), _conv_32_32())}
)
