"""The table of recipes: each is a network with the settings that suit it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from cnnlab.config import (
    Activation,
    ActivationName,
    AugmentationConfig,
    Backbone,
    BackboneName,
    BatchNormalization,
    Convolution,
    DataConfig,
    Dropout,
    GlobalPooling,
    Layer,
    Monitor,
    NetworkConfig,
    Optimizer,
    Padding,
    Pooling,
    Residual,
    RunConfig,
    Scaling,
    Schedule,
    TrainingConfig,
    change_config,
)
from cnnlab.errors import ConfigError
from cnnlab.networks.recipe import Recipe
from cnnlab.networks.studies import GRID, studies

UNKNOWN = "unknown-recipe"
_GRID_NAME = re.compile(rf"{GRID}\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)")


def recipe(name: str) -> Recipe:
    """Look a recipe up by its name, such as "quick" or "conv-grid(3,64,0)".

    Raises:
        ConfigError: If there is no such recipe; the message lists those there are.
    """
    family = _GRID_NAME.fullmatch(name.strip())
    if family:
        conv_layers, layer_size, dense_layers = (int(number) for number in family.groups())
        changes = {"conv_layers": conv_layers, "layer_size": layer_size}
        changes["dense_layers"] = dense_layers
        named = {f"network.{field}": value for field, value in changes.items()}
        base = RECIPES[GRID]
        return replace(base, config=change_config(base.config, named))
    if name not in RECIPES:
        raise ConfigError(
            f"recipe must be a known name. Received: {name!r}. Choose one of: "
            f"{', '.join(RECIPES)}; or {GRID}(conv_layers,layer_size,dense_layers).",
            reason=UNKNOWN,
        )
    return RECIPES[name]


def recipe_rows() -> list[dict[str, Any]]:
    """All recipes as JSON-ready rows: name, input shape, classes, parameters, summary."""
    return [entry.to_row() for entry in RECIPES.values()]


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
                scaling=Scaling.SIGNED,
                layers=(
                    *_normalised(32, pooled=True),
                    *_normalised(64, pooled=True),
                    *_normalised(128, pooled=True),
                    Residual(layers=_normalised(128)),
                    GlobalPooling(),
                ),
            ),
            augmentation=AugmentationConfig(flip_horizontal=True, shift=0.1),
            training=TrainingConfig(
                epochs=18,
                batch_size=64,
                optimizer=Optimizer.ADAMW,
                learning_rate=1e-2,
                weight_decay=0.05,
                label_smoothing=0.1,
                schedule=Schedule.ONE_CYCLE,
                warm_up=0.15,
                # Makes the early epochs good already, and the late ones better.
                weight_average=0.99,
                # Accuracy settles as the rate falls, at the planned end: stopping earlier would
                # leave out the best part.
                early_stopping=None,
            ),
        ),
    )


def _transfer() -> Recipe:
    return Recipe(
        name="transfer",
        summary="A network trained on ImageNet looks at the pictures once, and only a small layer "
        "on its features is trained: the best figures from few pictures in a short time.",
        class_count=6,
        config=RunConfig(
            recipe="transfer",
            data=DataConfig(size=160),
            network=NetworkConfig(
                scaling=Scaling.BACKBONE,
                backbone=Backbone(name=BackboneName.MOBILENET_V2),
                layers=(GlobalPooling(), Dropout(rate=0.2)),
            ),
            augmentation=AugmentationConfig(flip_horizontal=True),
            training=TrainingConfig(
                epochs=20,
                batch_size=32,
                learning_rate=1e-3,
                schedule=Schedule.COSINE,
                monitor=Monitor.VALIDATION_LOSS,
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


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {entry.name: entry for entry in (_quick(), _transfer(), *studies())}
)
