"""Random changes to training pictures, the same code for training and for previews."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnlab.config import AugmentationConfig

Batch = NDArray[np.uint8]  # (n, height, width, channels)

FLIP_PROBABILITY = 0.5


def augment(batch: Batch, config: AugmentationConfig, rng: np.random.Generator) -> Batch:
    """Change every picture of a batch at random, each by a draw of its own.

    The operations follow one another in this order: horizontal flip, vertical flip, shift. One
    that is off draws nothing from `rng`. The same batch, configuration and state of `rng` give
    the same result.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8; never written to.
        config: Which operations are on, and how strong.
        rng: Where the draws come from; seeding it is the caller's business.

    Returns:
        Pictures of the same shape and type; `batch` itself if every operation is off.
    """
    if config.flip_horizontal:
        batch = flip(batch, axis=2, rng=rng)
    if config.flip_vertical:
        batch = flip(batch, axis=1, rng=rng)
    if config.shift > 0:
        batch = shift(batch, share=config.shift, rng=rng)
    return batch


def flip(batch: Batch, *, axis: int, rng: np.random.Generator) -> Batch:
    """Mirror each picture with a probability of one half.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8.
        axis: 1 turns a picture upside down, 2 swaps left and right.
        rng: One draw a picture.
    """
    chosen = rng.random(len(batch)) < FLIP_PROBABILITY  # (n,)
    flipped = batch.copy()
    flipped[chosen] = np.flip(batch, axis)[chosen]
    return flipped


def shift(batch: Batch, *, share: float, rng: np.random.Generator) -> Batch:
    """Move each picture by whole pixels along both axes; the gap is filled by reflection.

    Args:
        batch: Pictures, shape (n, height, width, channels), uint8.
        share: Largest move as a share of the side, at most 0.5. Every whole number of pixels
            from minus to plus round(share * side) is equally likely.
        rng: Two draws a picture.
    """
    count, height, width, channels = batch.shape
    rows, columns = round(share * height), round(share * width)
    if count == 0 or (rows == 0 and columns == 0):
        return batch
    top = rng.integers(0, 2 * rows, size=count, endpoint=True)  # rows: not moved
    left = rng.integers(0, 2 * columns, size=count, endpoint=True)
    padded = np.pad(batch, ((0, 0), (rows, rows), (columns, columns), (0, 0)), mode="reflect")
    windows = sliding_window_view(padded, (height, width, channels), axis=(1, 2, 3))
    # (n, 2 * rows + 1, 2 * columns + 1, 1, height, width, channels): every possible move
    moved: Batch = windows[np.arange(count), top, left, 0]
    return moved
