"""Build the Keras model of a network configuration; only the worker imports this module."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from cnnlab.config import (
    Activation,
    Backbone,
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
    Precision,
    Residual,
    Scaling,
)
from cnnlab.errors import NetworkError
from cnnlab.networks.backbones import BACKBONES, Preprocessing
from cnnlab.networks.description import describe
from cnnlab.networks.layer_rows import (
    BACKBONE_NAME,
    INPUT_NAME,
    OUTPUT_NAME,
    SCALING_NAME,
    Position,
    layer_name,
    widened,
)

_IMAGENET_MEAN = (0.485, 0.456, 0.406)  # of red, green and blue, as shares of 255
_IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)


def build(
    network: NetworkConfig,
    input_shape: tuple[int, int, int],
    class_count: int,
    seed: int = 0,
    *,
    precision: Precision = Precision.FLOAT32,
    backbone_weights: Path | None = None,
) -> keras.Model:
    """Build a network whose starting weights and dropout masks depend on the seed alone.

    Args:
        network: Layers from the pixels to the last hidden layer.
        input_shape: (height, width, channels) of the pictures.
        class_count: Number of classes.
        seed: Same seed and same configuration give the same weights, in any process.
        precision: Numbers that the layers compute in; the softmax and all weights are float32.
        backbone_weights: File of a backbone's trained weights; None leaves it at random ones.

    Returns:
        A functional model from "pixels", float32 of 0-255, shape (batch, height, width,
        channels), to "probabilities", shape (batch, class_count). Its layers are named as the
        rows of `describe`. A backbone is frozen.

    Raises:
        NetworkError: If the layers do not fit together; the message names the layer.
    """
    describe(network, input_shape, class_count)
    with _policy(precision):
        pixels = keras.Input(shape=input_shape, dtype="float32", name=INPUT_NAME)
        values = _scale(pixels, network)
        if network.backbone is not None:
            backbone = load_backbone(network.backbone, input_shape, seed, backbone_weights)
            values = backbone(values, training=False)
        outputs = _head(values, network, class_count, seed)
        return keras.Model(pixels, outputs, name="network")


def build_head(
    network: NetworkConfig,
    map_shape: tuple[int, int, int],
    class_count: int,
    seed: int = 0,
    *,
    precision: Precision = Precision.FLOAT32,
) -> keras.Model:
    """Build what follows the backbone, on its features as input.

    Its weights have the paths that they have in the whole network.

    Args:
        network: A network with a backbone.
        map_shape: Shape of the backbone's last map for one picture.
        class_count, seed, precision: As for `build`.
    """
    with _policy(precision):
        features = keras.Input(shape=map_shape, dtype="float32", name=BACKBONE_NAME)
        return keras.Model(features, _head(features, network, class_count, seed), name="head")


def build_features(
    network: NetworkConfig,
    input_shape: tuple[int, int, int],
    seed: int = 0,
    *,
    pooling: PoolMode | None = None,
    weights: Path | None = None,
) -> keras.Model:
    """Build the scaling and the backbone alone, in float32.

    Args:
        network: A network with a backbone.
        input_shape: (height, width, 3) of the pictures.
        seed: Decides random weights.
        pooling: Keep one value a channel, on a map of 1 x 1; None keeps the whole map.
        weights: File of trained weights, or None.

    Raises:
        NetworkError: If the network has no backbone.
    """
    if network.backbone is None:
        raise NetworkError("features come from a backbone. Received: none. Set network.backbone.")
    pixels = keras.Input(shape=input_shape, dtype="float32", name=INPUT_NAME)
    backbone = load_backbone(network.backbone, input_shape, seed, weights)
    values = backbone(_scale(pixels, network), training=False)
    match pooling:
        case PoolMode.AVERAGE:
            values = keras.layers.GlobalAveragePooling2D(keepdims=True)(values)
        case PoolMode.MAX:
            values = keras.layers.GlobalMaxPooling2D(keepdims=True)(values)
    return keras.Model(pixels, values, name="features")


def load_backbone(
    backbone: Backbone, input_shape: tuple[int, int, int], seed: int, weights: Path | None
) -> keras.Model:
    """One network of keras.applications without its classes, frozen, from scaled pixels to a map.

    Args:
        backbone: Which one.
        input_shape: (height, width, 3) of the pictures.
        seed: Decides random weights.
        weights: File of trained ones, or None.
    """
    facts = BACKBONES[backbone.name]
    options: dict[str, Any] = {}
    if facts.keras_name == "MobileNetV2":
        options["alpha"] = facts.alpha
    if facts.keras_name.startswith(("MobileNetV3", "EfficientNetV2", "ConvNeXt")):
        options["include_preprocessing"] = False
    if weights is None:
        keras.utils.set_random_seed(_seed(BACKBONE_NAME, seed))
    model = getattr(keras.applications, facts.keras_name)(
        input_shape=input_shape,
        include_top=False,
        weights=None if weights is None else str(weights),
        **options,
    )
    model.name = BACKBONE_NAME
    model.trainable = False
    return model


def preprocess(pixels: keras.KerasTensor, preprocessing: Preprocessing) -> keras.KerasTensor:
    """Pixels of 0-255 as the input that a backbone was trained on."""
    match preprocessing:
        case Preprocessing.SIGNED:
            scale, offset = [1 / 127.5] * 3, [-1.0] * 3
        case Preprocessing.STANDARDIZED:
            scale = [1 / (255 * deviation) for deviation in _IMAGENET_DEVIATION]
            offset = [
                -mean / deviation
                for mean, deviation in zip(_IMAGENET_MEAN, _IMAGENET_DEVIATION, strict=True)
            ]
        case Preprocessing.CENTRED_BGR:
            pixels = keras.ops.flip(pixels, axis=-1)
            scale, offset = [1.0] * 3, [-mean for mean in _CAFFE_MEAN_BGR]
    return keras.layers.Rescaling(scale, offset=offset, name=SCALING_NAME)(pixels)


@contextmanager
def _policy(precision: Precision) -> Iterator[None]:
    """Layers that are made in the block compute in this precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision.value)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _head(
    values: keras.KerasTensor, network: NetworkConfig, class_count: int, seed: int
) -> keras.KerasTensor:
    """The configured layers and the softmax over the classes."""
    values = _stack(values, network.stack, width=network.width, seed=seed, parents=())
    return keras.layers.Dense(
        class_count,
        activation="softmax",
        kernel_initializer=_initializer(OUTPUT_NAME, seed),
        dtype="float32",
        name=OUTPUT_NAME,
    )(values)


def penultimate(model: keras.Model) -> keras.KerasTensor:
    """Return the tensor that enters the final dense layer, shape (batch, features)."""
    return model.get_layer(OUTPUT_NAME).input


def _scale(pixels: keras.KerasTensor, network: NetworkConfig) -> keras.KerasTensor:
    match network.scaling:
        case Scaling.UNIT:
            return keras.layers.Rescaling(1 / 255, name=SCALING_NAME)(pixels)
        case Scaling.SIGNED:
            return keras.layers.Rescaling(1 / 127.5, offset=-1, name=SCALING_NAME)(pixels)
        case Scaling.BACKBONE if network.backbone is not None:
            return preprocess(pixels, BACKBONES[network.backbone.name].preprocessing)
        case _:
            return pixels


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
