"""Build the Keras model of a network configuration; only the worker imports this module."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import keras

from cnnlab.config import (
    Activation,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    Layer,
    NetworkConfig,
    Pooling,
    PoolMode,
    Residual,
    Scaling,
)
from cnnlab.errors import NetworkError
from cnnlab.networks.description import (
    INPUT_NAME,
    OUTPUT_NAME,
    SCALING_NAME,
    Position,
    describe,
    layer_name,
    widened,
)


def build(
    network: NetworkConfig,
    input_shape: tuple[int, int, int],
    class_count: int,
    seed: int = 0,
) -> keras.Model:
    """Build a network whose starting weights and dropout masks depend on the seed alone.

    Args:
        network: Layers from the pixels to the last hidden layer.
        input_shape: (height, width, channels) of the pictures.
        class_count: Number of classes.
        seed: Same seed and same configuration give the same weights, in any process.

    Returns:
        A functional model from "pixels", float32 of 0-255, shape (batch, height, width,
        channels), to "probabilities", shape (batch, class_count). Its layers are named as the
        rows of `describe`.

    Raises:
        NetworkError: If the layers do not fit together; the message names the layer.
    """
    describe(network, input_shape, class_count)
    pixels = keras.Input(shape=input_shape, dtype="float32", name=INPUT_NAME)
    values = _scale(pixels, network.scaling)
    values = _stack(values, network.layers, width=network.width, seed=seed, parents=())
    outputs = keras.layers.Dense(
        class_count,
        activation="softmax",
        kernel_initializer=_initializer(OUTPUT_NAME, seed),
        name=OUTPUT_NAME,
    )(values)
    return keras.Model(pixels, outputs, name="network")


def penultimate(model: keras.Model) -> keras.KerasTensor:
    """Return the tensor that enters the final dense layer, shape (batch, features)."""
    return model.get_layer(OUTPUT_NAME).input


def _scale(pixels: keras.KerasTensor, scaling: Scaling) -> keras.KerasTensor:
    match scaling:
        case Scaling.NONE:
            return pixels
        case Scaling.UNIT:
            return keras.layers.Rescaling(1 / 255, name=SCALING_NAME)(pixels)
        case Scaling.SIGNED:
            return keras.layers.Rescaling(1 / 127.5, offset=-1, name=SCALING_NAME)(pixels)


def _stack(
    values: keras.KerasTensor,
    layers: Sequence[Layer],
    *,
    width: float,
    seed: int,
    parents: Position,
) -> keras.KerasTensor:
    for index, layer in enumerate(layers, start=1):
        position = (*parents, index)
        if isinstance(layer, Residual):
            added = _stack(values, layer.layers, width=width, seed=seed, parents=position)
            values = keras.layers.Add(name=layer_name(layer, position))([values, added])
        else:
            values = _layer(layer, layer_name(layer, position), width, seed)(values)
    return values


def _layer(layer: Layer, name: str, width: float, seed: int) -> Any:
    match layer:
        case Convolution():
            return keras.layers.Conv2D(
                widened(layer.filters, width),
                layer.kernel,
                strides=layer.stride,
                padding=layer.padding.value,
                activation=layer.activation.value,
                use_bias=layer.bias,
                kernel_initializer=_initializer(name, seed),
                name=name,
            )
        case Pooling(mode=PoolMode.MAX):
            return keras.layers.MaxPooling2D(layer.size, padding=layer.padding.value, name=name)
        case Pooling():
            return keras.layers.AveragePooling2D(layer.size, padding=layer.padding.value, name=name)
        case Dense():
            return keras.layers.Dense(
                widened(layer.units, width),
                activation=layer.activation.value,
                kernel_initializer=_initializer(name, seed),
                name=name,
            )
        case BatchNormalization():
            return keras.layers.BatchNormalization(momentum=layer.momentum, name=name)
        case Activation():
            return keras.layers.Activation(layer.function.value, name=name)
        case Dropout():
            return keras.layers.Dropout(layer.rate, seed=_seed(name, seed), name=name)
        case Flatten():
            return keras.layers.Flatten(name=name)
        case GlobalPooling(mode=PoolMode.MAX):
            return keras.layers.GlobalMaxPooling2D(name=name)
        case GlobalPooling():
            return keras.layers.GlobalAveragePooling2D(name=name)
        case _:
            raise NetworkError(f"a layer must be of a known kind. Received: {layer.kind}.")


def _initializer(name: str, seed: int) -> keras.initializers.Initializer:
    return keras.initializers.GlorotUniform(seed=_seed(name, seed))


def _seed(name: str, seed: int) -> int:
    """Mix the layer's name into the seed, so that layers of one shape do not start equal."""
    return zlib.crc32(f"{seed}/{name}".encode()) & 0x7FFF_FFFF
