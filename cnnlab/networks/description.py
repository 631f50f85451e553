"""A whole network as a table: its layers and what they come to, without TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cnnlab.config import NetworkConfig
from cnnlab.errors import NetworkError
from cnnlab.networks.layer_rows import LayerRow, layer_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDescription:
    """A network as a table, in the order of computation; the softmax is the last row."""

    input_shape: tuple[int, int, int]
    rows: tuple[LayerRow, ...]

    @property
    def total_parameters(self) -> int:
        """All values of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable_parameters(self) -> int:
        """Values that training changes by gradient."""
        return sum(row.trainable_parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Multiplications of convolutions and dense layers for one image."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Memory that one image's layer outputs take as float32, while training."""
        return 4 * sum(row.activation_values or math.prod(row.output_shape) for row in self.rows)


def describe(
    network: NetworkConfig, input_shape: tuple[int, int, int], class_count: int
) -> NetworkDescription:
    """Compute every layer's output shape, parameters and cost.

    Args:
        network: Layers from the pixels to the last hidden layer.
        input_shape: (height, width, channels) of the pictures.
        class_count: Number of classes, the units of the softmax at the end.

    Raises:
        NetworkError: If the layers do not fit together; the message names the layer.
    """
    description, refusal = describe_until_refused(network, input_shape, class_count)
    if refusal is not None:
        raise refusal
    return description


def describe_until_refused(
    network: NetworkConfig, input_shape: tuple[int, int, int], class_count: int
) -> tuple[NetworkDescription, NetworkError | None]:
    """Describe a network as far as its layers fit together.

    Args:
        network, input_shape, class_count: As for `describe`.

    Returns:
        The rows in front of the first layer that does not fit, and why that one does not; all
        rows and None where all of them do.
    """
    rows: list[LayerRow] = []
    refusal = None
    try:
        for row in layer_rows(network, input_shape, class_count):
            rows.append(row)  # one by one: those before a refusal count
    except NetworkError as error:
        refusal = error
    return NetworkDescription(input_shape=input_shape, rows=tuple(rows)), refusal
