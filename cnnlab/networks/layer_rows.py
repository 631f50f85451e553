"""The arithmetic of each layer of a network: shape, parameters and cost, without TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnnlab.config import (
    Activation,
    ActivationName,
    Backbone,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    Layer,
    NetworkConfig,
    Padding,
    Pooling,
    PoolMode,
    Residual,
    Scaling,
)
from cnnlab.errors import NetworkError
from cnnlab.networks.backbones import BACKBONES, Preprocessing

INPUT_NAME = "pixels"
SCALING_NAME = "scaling"
BACKBONE_NAME = "backbone"
OUTPUT_NAME = "probabilities"

SMALLEST_BACKBONE_SIDE_PX = 32

Shape = tuple[int, ...]
Position = tuple[int, ...]  # (4,) is the fourth layer, (4, 2) the second inside a residual there

_SCALING_TEXTS = {Scaling.UNIT: "pixels from 0-255 to 0..1", Scaling.SIGNED: "pixels to -1..1"}
_PREPROCESSING_TEXTS = {
    Preprocessing.SIGNED: "pixels to -1..1",
    Preprocessing.STANDARDIZED: "pixels minus ImageNet's mean, through its standard deviation",
    Preprocessing.CENTRED_BGR: "pixels as blue, green, red, minus ImageNet's mean",
}
_POOL_TEXTS = {PoolMode.MAX: "maximum", PoolMode.AVERAGE: "average"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """One layer as a line of the layer table.

    Attributes:
        number: Place in the configuration from 1, such as "4", or "4.2" inside a residual; "0"
            is the pixel scaling in front, and the backbone behind it.
        name: Unique name, the same as that of the Keras layer.
        kind: The layer's kind in the configuration, or "scaling" or "backbone".
        summary: The layer in words, with the width already applied.
        output_shape: (height, width, channels) of a map or (values,) of a vector, one image.
        parameters: All values that belong to the layer.
        trainable_parameters: Those that the gradient changes.
        multiply_adds: Multiplications of convolutions and dense layers for one image.
        activation_values: Values that it keeps for one image while training.
    """

    number: str
    name: str
    kind: str
    summary: str
    output_shape: Shape
    parameters: int = 0
    trainable_parameters: int = 0
    multiply_adds: int = 0
    activation_values: int = 0


def layer_rows(
    network: NetworkConfig, input_shape: tuple[int, int, int], class_count: int
) -> Iterator[LayerRow]:
    """Each layer's row in the order of computation; the softmax is the last.

    Args:
        network: Layers from the pixels to the last hidden layer.
        input_shape: (height, width, channels) of the pictures.
        class_count: Number of classes, the units of the softmax at the end.

    Raises:
        NetworkError: Where a layer does not fit to those before it, in place of its row.
    """
    if min(input_shape) < 1:
        raise NetworkError(
            "height, width and channels of the pictures must be at least 1. "
            f"Received: input_shape={input_shape}. Choose a larger picture size."
        )
    if class_count < 2:
        raise NetworkError(
            f"a network tells at least 2 classes apart. Received: class_count={class_count}. "
            "Choose data with more classes."
        )
    shape: Shape = input_shape
    for row in _all_but_output(network, input_shape):
        shape = row.output_shape
        yield row
    yield _output_row(shape, class_count, number=str(len(network.stack) + 1))


def _all_but_output(
    network: NetworkConfig, input_shape: tuple[int, int, int]
) -> Iterator[LayerRow]:
    shape: Shape = input_shape
    for row in _front_rows(network, input_shape):
        shape = row.output_shape
        yield row
    yield from _walk(network.stack, shape, network.width, parents=())


def _front_rows(network: NetworkConfig, input_shape: tuple[int, int, int]) -> Iterator[LayerRow]:
    """The pixel scaling and the backbone, as far as there are any."""
    scaling, backbone = network.scaling, network.backbone
    if scaling is not Scaling.NONE:
        text = (
            _PREPROCESSING_TEXTS[BACKBONES[backbone.name].preprocessing]
            if scaling is Scaling.BACKBONE and backbone is not None
            else _SCALING_TEXTS[scaling]
        )
        yield LayerRow(
            number="0",
            name=SCALING_NAME,
            kind="scaling",
            summary=text,
            output_shape=input_shape,
        )
    if backbone is not None:
        yield _backbone_row(backbone, input_shape)


def _backbone_row(backbone: Backbone, input_shape: tuple[int, int, int]) -> LayerRow:
    """The backbone as one layer; its cost at other sizes than 224 goes by the area."""
    facts = BACKBONES[backbone.name]
    height, width, channels = input_shape
    shape = facts.map_shape(height, width)
    if channels != 3:
        raise NetworkError(
            f"{facts.title} takes colour pictures. Received: {channels} channels. Set data.colour "
            "to rgb."
        )
    if min(height, width) < SMALLEST_BACKBONE_SIDE_PX:
        raise NetworkError(
            f"{facts.title} takes pictures of at least {SMALLEST_BACKBONE_SIDE_PX} px. Received: "
            f"{height}x{width}. Choose a larger picture size."
        )
    area = height * width / (224 * 224)
    origin = "trained on ImageNet, frozen" if backbone.pretrained else "untrained, frozen"
    return LayerRow(
        number="0",
        name=BACKBONE_NAME,
        kind="backbone",
        summary=f"{facts.title}, {origin}",
        output_shape=shape,
        parameters=facts.cost.parameters,
        multiply_adds=round(facts.cost.multiply_adds * area),
        activation_values=round(facts.cost.activation_values * area),
    )


def widened(count: int, width: float) -> int:
    """Multiply filters or units by the network's width, halves rounded up, at least 1."""
    return max(1, math.floor(count * width + 0.5))


def layer_name(layer: Layer, position: Position) -> str:
    """Name of a layer in the table and in Keras, such as "conv_1" or "conv_4_2"."""
    return "_".join([layer.kind, *(str(part) for part in position)])


def _walk(
    layers: Sequence[Layer], shape: Shape, width: float, parents: Position
) -> Iterator[LayerRow]:
    for index, layer in enumerate(layers, start=1):
        position = (*parents, index)
        if isinstance(layer, Residual):
            after = shape
            for inside in _walk(layer.layers, shape, width, parents=position):
                after = inside.output_shape
                yield inside
            row = _addition_row(layer, shape, after, position)
        else:
            row = _row(layer, shape, width, position)
        yield row
        shape = row.output_shape


def _row(layer: Layer, shape: Shape, width: float, position: Position) -> LayerRow:
    match layer:
        case Convolution():
            return _convolution_row(layer, shape, width, position)
        case Pooling():
            return _pooling_row(layer, shape, position)
        case Dense():
            return _dense_row(layer, shape, width, position)
        case BatchNormalization():
            # The running mean and variance are the two values a channel that no gradient changes.
            text = f"batch normalisation, momentum {layer.momentum:g}"
            own = shape[-1]
            return _make_row(layer, position, text, shape, weights=2 * own, statistics=2 * own)
        case Activation():
            return _make_row(layer, position, f"activation {layer.function.value}", shape)
        case Dropout():
            return _make_row(layer, position, f"dropout {layer.rate:g}", shape)
        case Flatten():
            _require_map(shape, position, "flatten")
            return _make_row(layer, position, "flatten to a vector", (math.prod(shape),))
        case GlobalPooling():
            _require_map(shape, position, "global pooling")
            text = f"{_POOL_TEXTS[layer.mode]} of each channel"
            return _make_row(layer, position, text, shape[-1:])
        case _:
            raise _refuse(
                position,
                f"a layer must be of a known kind. "
                f"Received: {type(layer).__name__}. Take one of the kinds of cnnlab.config.",
            )


def _convolution_row(
    layer: Convolution, shape: Shape, width: float, position: Position
) -> LayerRow:
    height, breadth, channels = _require_map(shape, position, "convolution")
    rows = _window_steps(height, layer.kernel, layer.stride, layer.padding)
    columns = _window_steps(breadth, layer.kernel, layer.stride, layer.padding)
    if rows < 1 or columns < 1:
        raise _does_not_fit(f"convolution {layer.kernel}x{layer.kernel}", shape, position)
    filters = widened(layer.filters, width)
    text = f"{layer.kernel}x{layer.kernel} convolution, {_counted(filters, 'filter')}"
    if layer.stride > 1:
        text += f", stride {layer.stride}"
    text += _padding_text(layer.padding) + ("" if layer.bias else ", no bias")
    kernels = layer.kernel**2 * channels * filters
    return _make_row(
        layer,
        position,
        text + _activation_text(layer.activation),
        (rows, columns, filters),
        weights=kernels + (filters if layer.bias else 0),
        multiply_adds=rows * columns * kernels,
    )


def _pooling_row(layer: Pooling, shape: Shape, position: Position) -> LayerRow:
    height, breadth, channels = _require_map(shape, position, "pooling")
    rows = _window_steps(height, layer.size, layer.size, layer.padding)
    columns = _window_steps(breadth, layer.size, layer.size, layer.padding)
    if rows < 1 or columns < 1:
        raise _does_not_fit(f"pooling {layer.size}x{layer.size}", shape, position)
    text = f"{layer.size}x{layer.size} {_POOL_TEXTS[layer.mode]} pooling"
    return _make_row(
        layer, position, text + _padding_text(layer.padding), (rows, columns, channels)
    )


def _dense_row(layer: Dense, shape: Shape, width: float, position: Position) -> LayerRow:
    if len(shape) != 1:
        raise _refuse(
            position,
            f"a dense layer takes a vector. Received: a map of "
            f"{_size(shape)}. Put flatten or global pooling in front of it.",
        )
    units = widened(layer.units, width)
    text = f"dense, {_counted(units, 'unit')}" + _activation_text(layer.activation)
    factors = shape[0] * units
    return _make_row(
        layer, position, text, (units,), weights=factors + units, multiply_adds=factors
    )


def _addition_row(layer: Residual, before: Shape, after: Shape, position: Position) -> LayerRow:
    if before != after:
        raise _refuse(
            position,
            f"a residual adds its layers' output to their input, so both "
            f"must have the same shape. Received: input {_size(before)}, output {_size(after)}. "
            "Give its convolutions 'same' padding and stride 1, and its last one as many filters "
            "as its input has channels.",
        )
    return _make_row(layer, position, "addition of the residual's input", before)


def _output_row(shape: Shape, class_count: int, number: str) -> LayerRow:
    if len(shape) != 1:
        raise NetworkError(
            f"the layers must end with a vector. Received: a map of {_size(shape)} at the end. "
            "Add flatten or global pooling as the last or the last but one layer."
        )
    weights = shape[0] * class_count
    return LayerRow(
        number=number,
        name=OUTPUT_NAME,
        kind="dense",
        summary=f"dense, {class_count} classes, softmax",
        output_shape=(class_count,),
        parameters=weights + class_count,
        trainable_parameters=weights + class_count,
        multiply_adds=weights,
    )


def _window_steps(length: int, window: int, stride: int, padding: Padding) -> int:
    """Positions of a window along one side; below 1 if it does not fit."""
    if padding is Padding.SAME:
        return math.ceil(length / stride)
    return (length - window) // stride + 1


def _require_map(shape: Shape, position: Position, what: str) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise _refuse(
            position,
            f"{what} takes a map of height x width x channels. Received: a "
            f"vector of {_size(shape)} values. Put it in front of the flatten or global pooling, "
            "or remove it.",
        )
    height, width, channels = shape
    return height, width, channels


def _does_not_fit(what: str, shape: Shape, position: Position) -> NetworkError:
    return _refuse(
        position,
        f"{what} does not fit into {shape[0]}x{shape[1]}. Choose a smaller "
        "window or 'same' padding, remove a pooling or stride before it, or take larger pictures.",
    )


def _make_row(
    layer: Layer,
    position: Position,
    text: str,
    output_shape: Shape,
    *,
    weights: int = 0,
    statistics: int = 0,
    multiply_adds: int = 0,
) -> LayerRow:
    *residuals, number = _numbers(position)
    return LayerRow(
        number=number,
        name=layer_name(layer, position),
        kind=layer.kind,
        summary="".join(f"residual {residual} / " for residual in residuals) + text,
        output_shape=output_shape,
        parameters=weights + statistics,
        trainable_parameters=weights,
        multiply_adds=multiply_adds,
    )


def _numbers(position: Position) -> list[str]:
    """Number of each enclosing residual and of the layer itself: (4, 2) -> "4", "4.2"."""
    parts = [str(part) for part in position]
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _refuse(position: Position, problem: str) -> NetworkError:
    return NetworkError(f"layer {_numbers(position)[-1]}: {problem}", layer=position[0])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _padding_text(padding: Padding) -> str:
    return ", same padding" if padding is Padding.SAME else ""


def _activation_text(activation: ActivationName) -> str:
    return "" if activation is ActivationName.LINEAR else f", {activation.value}"


def _size(shape: Shape) -> str:
    return "x".join(str(side) for side in shape)
