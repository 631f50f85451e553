"""Convolution and pooling on a small grid of numbers, with every window that they look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.errors import NetworkError

Numbers = NDArray[np.float64]


class Pooling(StrEnum):
    """What a pooling takes of each window."""

    MAX = "max"
    AVERAGE = "average"


KERNELS: MappingProxyType[str, tuple[tuple[float, ...], ...]] = MappingProxyType(
    {
        "upright edge": ((1, 0, -1), (1, 0, -1), (1, 0, -1)),
        "level edge": ((1, 1, 1), (0, 0, 0), (-1, -1, -1)),
        "any edge": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
        "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
        "unchanged": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    }
)

GRIDS: MappingProxyType[str, tuple[tuple[float, ...], ...]] = MappingProxyType(
    {
        "upright edge": ((9, 9, 9, 0, 0),) * 5,
        "cross": (
            (0, 0, 9, 0, 0),
            (0, 0, 9, 0, 0),
            (9, 9, 9, 9, 9),
            (0, 0, 9, 0, 0),
            (0, 0, 9, 0, 0),
        ),
        "slope": tuple(tuple(float(row + column) for column in range(5)) for row in range(5)),
        "dot": (
            (0, 0, 0, 0, 0),
            (0, 0, 0, 0, 0),
            (0, 0, 9, 0, 0),
            (0, 0, 0, 0, 0),
            (0, 0, 0, 0, 0),
        ),
    }
)
"""Grids of 5 x 5 to begin with."""


@dataclass(frozen=True, slots=True, eq=False)
class Sliding:
    """A window that slides over numbers, and what it gives at each place.

    Attributes:
        padded: The numbers with the zeros around them, shape (rows, columns).
        pad: Zeros (above, left).
        size: Rows and columns of the window.
        stride: Cells from one place of the window to the next.
        output: One number a place, shape (output rows, output columns).
    """

    padded: Numbers
    pad: tuple[int, int]
    size: int
    stride: int
    output: Numbers

    @property
    def places(self) -> int:
        """Of the window."""
        return int(self.output.size)

    def corner(self, place: int) -> tuple[int, int]:
        """Row and column in `padded` of the window's upper left cell; places count from 0."""
        row, column = divmod(place, self.output.shape[1])
        return row * self.stride, column * self.stride

    def window(self, place: int) -> Numbers:
        """What the window sees at a place, shape (size, size)."""
        row, column = self.corner(place)
        return self.padded[row : row + self.size, column : column + self.size]


def convolve(
    numbers: Numbers, kernel: Numbers, *, stride: int = 1, same: bool = False, relu: bool = False
) -> Sliding:
    """Slide a kernel over numbers: at each place the sum of the products, as in `Conv2D`.

    As all libraries for networks do, the kernel is not turned round before.

    Args:
        numbers: Shape (rows, columns).
        kernel: Square, shape (size, size).
        stride: Cells from place to place.
        same: Put zeros around, so that with stride 1 the output is as large as the input.
        relu: Replace what is negative by zero.

    Raises:
        NetworkError: If the kernel is larger than the numbers with what is put around them.
    """
    sliding = _slide(numbers, len(kernel), stride, 0.0 if same else None)
    for place in range(sliding.places):
        value = float((sliding.window(place) * kernel).sum())
        sliding.output.flat[place] = max(value, 0.0) if relu else value
    return sliding


def pool(numbers: Numbers, size: int, *, stride: int, kind: Pooling) -> Sliding:
    """Take the largest number of each window, or its mean, as `MaxPooling2D` and the other do.

    Args:
        numbers: Shape (rows, columns).
        size: Rows and columns of the window.
        stride: Cells from place to place.
        kind: What is taken.

    Raises:
        NetworkError: If the window is larger than the numbers.
    """
    sliding = _slide(numbers, size, stride, None)
    take = np.max if kind is Pooling.MAX else np.mean
    for place in range(sliding.places):
        sliding.output.flat[place] = take(sliding.window(place))
    return sliding


def _slide(numbers: Numbers, size: int, stride: int, around: float | None) -> Sliding:
    """A window over numbers, with its output still to be filled in."""
    if stride < 1:
        raise NetworkError(f"The stride should be 1 or more. Received: {stride}")
    pads: list[tuple[int, int]] = [(0, 0), (0, 0)]
    if around is not None:
        pads = [_same_padding(length, size, stride) for length in numbers.shape]
    padded = np.pad(numbers.astype(float), pads, constant_values=around or 0.0)
    if min(padded.shape) < size:
        raise NetworkError(
            f"A window of {size} x {size} does not fit into {_shape(numbers)} numbers. Take a "
            "smaller one, or begin with more numbers."
        )
    rows, columns = ((length - size) // stride + 1 for length in padded.shape)
    return Sliding(padded, (pads[0][0], pads[1][0]), size, stride, np.zeros((rows, columns)))


def _same_padding(length: int, size: int, stride: int) -> tuple[int, int]:
    """Zeros before and behind, as TensorFlow puts them for padding "same"."""
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


def _shape(numbers: NDArray[Any]) -> str:
    return " x ".join(map(str, numbers.shape))
