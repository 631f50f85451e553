"""The map of what speaks for a class, written as forward operations.

Gradient-weighted class activation (Selvaraju et al., 2017): with A the last map of a network and y
the value of a class in front of the softmax, it is relu(sum_k mean_ij(dy/dA_ijk) A_k). LiteRT knows
no gradients, so the gradient of the layers behind A is written out here. As only its mean over all
places counts, it takes no weights of a dense layer on a flattened map, only their means, and it
does not matter where a maximum was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnnlab.config import ActivationName
from cnnlab.networks.layer_rows import OUTPUT_NAME

_FLATTEN = keras.layers.Flatten
_POOLINGS = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
_SEE_SHAPES = (keras.layers.Conv2D, keras.Model)  # a nested model is a backbone
# Kept from in front of these activations. In front of the others the converter would compute the
# dense layer twice, with a second copy of its weights in memory.
_FROM_INPUT = (ActivationName.SILU, ActivationName.GELU)
_NEAR_ZERO = 1e-3  # there gelu(z) / z is taken from its series


@dataclass(frozen=True, slots=True)
class Head:
    """What stands between the last map of a network and its probabilities.

    Attributes:
        joined: The map that `join` takes, shape (batch, height, width, channels).
        join: The layer that makes a vector of it.
        on_map: Layers behind a flatten that change each value for itself, up to an activation; what
            they make of the map is taken for the last map.
        layers: Those behind, the softmax's is the last.
    """

    model: keras.Model
    joined: Any
    join: keras.layers.Layer
    on_map: tuple[keras.layers.Layer, ...]
    layers: tuple[keras.layers.Layer, ...]

    @property
    def map_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the map."""
        height, width, channels = self.joined.shape[1:]
        return int(height), int(width), int(channels)


class Walk(NamedTuple):
    """What is computed on the way from pixels to probabilities.

    Attributes:
        map: The last map, shape (batch, height, width, channels).
        hidden: What each activation behind it gives or, where the slope cannot be told from that,
            what enters it; shapes (batch, values).
        features: What enters the softmax's layer.
        probabilities: Shape (batch, n_classes).
    """

    map: tf.Tensor
    hidden: list[tf.Tensor]
    features: tf.Tensor
    probabilities: tf.Tensor


def find_head(model: keras.Model) -> Head | None:
    """The head of a network, if what speaks for a class can be computed for it.

    It can where the last map has more than one place, a convolution has made it, and what follows
    is one chain of dense layers, normalisations and known activations.
    """
    makers = {
        id(output): layer
        for layer in model.layers
        for node in layer._inbound_nodes
        for output in node.output_tensors
    }
    chain: list[keras.layers.Layer] = []
    layer = model.get_layer(OUTPUT_NAME)
    while layer is not None and _takes_vector(layer):
        chain.insert(0, layer)
        layer = makers.get(id(layer.input))
    if not isinstance(layer, (_FLATTEN, *_POOLINGS)):
        return None
    changing = [each for each in chain if not isinstance(each, (keras.layers.Dropout, _FLATTEN))]
    seeing = any(isinstance(each, _SEE_SHAPES) for each in model.layers)
    places = math.prod(layer.input.shape[1:3])
    if not seeing or places < 2 or not all(_is_known(each) for each in changing[:-1]):
        return None
    split = _end_of_map(changing) if isinstance(layer, _FLATTEN) else 0
    return Head(model, layer.input, layer, tuple(changing[:split]), tuple(changing[split:]))


def walk(head: Head, body: keras.Model, pixels: tf.Tensor) -> Walk:
    """Compute what a network says, and keep what `ClassMap` needs.

    Args:
        head: Of the network.
        body: The network from its pixels to `head.joined`.
        pixels: Values 0-255, shape (batch, height, width, channels).
    """
    last_map = body(pixels, training=False)
    values = _joined(head, last_map)
    for layer in head.on_map:
        values = layer(values, training=False)
    if head.on_map:
        last_map = tf.reshape(values, (-1, *head.map_shape))
    hidden: list[tf.Tensor] = []
    for layer in head.layers[:-1]:
        if _activation(layer) is ActivationName.LINEAR:
            values = layer(values, training=False)
            continue
        if _activation(layer) in _FROM_INPUT:
            if isinstance(layer, keras.layers.Dense):
                values = keras.ops.matmul(values, layer.kernel)
                values = values if layer.bias is None else keras.ops.add(values, layer.bias)
            hidden.append(values)
            values = layer.activation(values)
        else:
            values = layer(values, training=False)
            hidden.append(values)
    return Walk(last_map, hidden, values, head.layers[-1](values))


def _joined(head: Head, last_map: tf.Tensor) -> tf.Tensor:
    """The vector that is made of the last map.

    Keras' Flatten asks for the batch's size when it runs, and LiteRT then computes the dense layer
    behind it without its fast kernels, three times as slowly. A fixed length says the same.
    """
    if isinstance(head.join, _FLATTEN):
        return tf.reshape(last_map, (-1, math.prod(head.map_shape)))
    return head.join(last_map)


class ClassMap:
    """What speaks for a class, place by place, as an operation on what `walk` keeps.

    Args:
        head: Of the network, whose weights are final.

    Attributes:
        hidden_sizes: How many values each activation behind the map has.
    """

    def __init__(self, head: Head) -> None:
        self._head = head
        self._flattened = isinstance(head.join, _FLATTEN)
        self._first = next(each for each in head.layers if isinstance(each, keras.layers.Dense))
        self._means = _means(head, self._first) if self._flattened else None
        self._scales = {
            layer.name: _scale(layer).astype(np.float32)
            for layer in head.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        }
        self.hidden_sizes = [
            int(layer.output.shape[-1])
            for layer in head.layers[:-1]
            if _activation(layer) is not ActivationName.LINEAR
        ]

    def __call__(
        self, last_map: tf.Tensor, hidden: Sequence[tf.Tensor], class_index: tf.Tensor
    ) -> tf.Tensor:
        """Compute it.

        Args:
            last_map, hidden: What `walk` kept.
            class_index: int32, shape (batch,).

        Returns:
            float32, 0 or more, shape (batch, height, width).
        """
        weights = self._weights(list(hidden), class_index)[:, None, None, :]
        return tf.nn.relu(tf.reduce_sum(last_map * weights, axis=-1))

    def _weights(self, hidden: list[tf.Tensor], class_index: tf.Tensor) -> tf.Tensor:
        """Mean gradient of the class's value over all places, shape (batch, channels)."""
        last = self._head.layers[-1]
        gradient = tf.one_hot(class_index, last.units)
        for layer in reversed(self._head.layers):
            if layer is not last and _activation(layer) is not ActivationName.LINEAR:
                gradient *= _slope(_activation(layer), hidden.pop())
            if layer.name in self._scales:
                gradient *= self._scales[layer.name]
            elif layer is self._first and self._means is not None:
                return tf.matmul(gradient, self._means, transpose_b=True)
            elif isinstance(layer, keras.layers.Dense):
                gradient = tf.matmul(gradient, layer.kernel.value, transpose_b=True)
        height, width, _ = self._head.map_shape
        return gradient / (height * width)  # all places together have that of the pooled value


def _takes_vector(layer: keras.layers.Layer) -> bool:
    """Whether a layer takes one vector, and stands in one place of the network only."""
    if len(layer._inbound_nodes) != 1:
        return False
    shape = getattr(layer.input, "shape", ())  # several inputs are a list
    return len(shape) == 2


def _is_known(layer: keras.layers.Layer) -> bool:
    if isinstance(layer, keras.layers.BatchNormalization):
        return True
    known = isinstance(layer, (keras.layers.Dense, keras.layers.Activation))
    return known and _activation(layer) is not None


def _activation(layer: keras.layers.Layer) -> ActivationName | None:
    """The activation of a layer; None for one that is not known."""
    if isinstance(layer, keras.layers.BatchNormalization):
        return ActivationName.LINEAR
    try:
        return ActivationName(str(keras.activations.serialize(layer.activation)))
    except ValueError:
        return None


def _end_of_map(layers: Sequence[keras.layers.Layer]) -> int:
    """How many layers in front of the first dense one change each value, up to an activation."""
    end = 0
    for number, layer in enumerate(layers, start=1):
        if isinstance(layer, keras.layers.Dense):
            break
        if isinstance(layer, keras.layers.Activation):
            end = number
    return end


def _scale(layer: keras.layers.BatchNormalization) -> NDArray[np.float64]:
    """What a normalisation multiplies each value with."""
    variance = np.asarray(layer.moving_variance, dtype=np.float64)
    scale: NDArray[np.float64] = 1 / np.sqrt(variance + layer.epsilon)
    return scale if layer.gamma is None else scale * np.asarray(layer.gamma, dtype=np.float64)


def _means(head: Head, first: keras.layers.Dense) -> NDArray[np.float32]:
    """Mean over all places of the weights that a dense layer has for a flattened map.

    The normalisations in front of it are part of them.

    Returns:
        Shape (channels, units).
    """
    height, width, channels = head.map_shape
    weights = np.asarray(first.kernel).reshape(height * width, channels, -1)
    scale = np.ones(height * width * channels)
    for layer in head.layers[: head.layers.index(first)]:
        if isinstance(layer, keras.layers.BatchNormalization):
            scale *= _scale(layer)
    total = np.zeros(weights.shape[1:])
    for place, share in zip(weights, scale.reshape(height * width, channels), strict=True):
        total += share[:, None] * place
    return (total / (height * width)).astype(np.float32)


def _slope(activation: ActivationName | None, hidden: tf.Tensor) -> tf.Tensor:
    """The derivative of an activation, from what `walk` keeps of it."""
    match activation:
        case ActivationName.RELU:
            return tf.cast(hidden > 0, tf.float32)
        case ActivationName.ELU:
            return 1 + tf.minimum(hidden, 0.0)
        case ActivationName.TANH:
            return 1 - tf.square(hidden)
        case ActivationName.SILU:
            opened = tf.sigmoid(hidden)
            return opened * (1 + hidden * (1 - opened))
        case ActivationName.GELU:
            density = tf.exp(-0.5 * tf.square(hidden)) / math.sqrt(2 * math.pi)
            near = tf.abs(hidden) < _NEAR_ZERO
            divisor = tf.where(near, tf.ones_like(hidden), hidden)
            series = 0.5 + hidden / math.sqrt(2 * math.pi)
            below = tf.where(near, series, tf.nn.gelu(hidden, approximate=False) / divisor)
            return below + hidden * density
        case _:
            return tf.ones_like(hidden)
