"""Wide features made narrow, so that thousands of pictures' features fit into a small file.

A random projection keeps the distances between pictures nearly as they are (Johnson and
Lindenstrauss 1984): with 256 values they are right to about 6 %, which is 1 / sqrt(256).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cnnlab.inference.products import product

WIDEST = 1_024  # features up to here are kept as they are
PROJECTED = 256
_SEED = 20_260
_BLOCK = 8_192
_FEW_ROWS = 16
_TOGETHER = 4  # of few rows, so that a row's last digits do not depend on how many there are
_BLOCKS_KEPT = 8  # of 8 MB each: a photo at a time, drawing them would take most of the time

Features = NDArray[np.float32]


def compact(features: Features) -> Features:
    """Features as they are kept: those with more than 1,024 values as 256 sums of them.

    The same width gives the same projection, always and everywhere, so that features that were
    kept can be compared with those of another picture.

    Args:
        features: float32, shape (n_images, n_features).

    Returns:
        float32, shape (n_images, n_features) or (n_images, 256).
    """
    width = features.shape[1]
    if width <= WIDEST:
        return features
    count = len(features)
    if not 0 < count <= _FEW_ROWS:
        return _projected(features)
    filled = np.zeros((-(-count // _TOGETHER) * _TOGETHER, width), dtype=np.float32)
    filled[:count] = features
    parts = [_projected(part) for part in np.split(filled, len(filled) // _TOGETHER)]
    return np.concatenate(parts)[:count]


def _projected(features: Features) -> Features:
    width = features.shape[1]
    narrow = np.zeros((len(features), PROJECTED), dtype=np.float32)
    for number, start in enumerate(range(0, width, _BLOCK)):
        block = features[:, start : start + _BLOCK]
        narrow += product(block, _weights(width, number, block.shape[1]))
    return narrow / np.float32(np.sqrt(PROJECTED))


@lru_cache(maxsize=_BLOCKS_KEPT)
def _weights(width: int, number: int, rows: int) -> NDArray[np.float32]:
    """A block of the projection, shape (rows, 256)."""
    draw = np.random.default_rng([_SEED, width, number])
    return draw.standard_normal((rows, PROJECTED), dtype=np.float32)
