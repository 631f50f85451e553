"""Products of small matrices, computed on the calling thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEW_ROWS = 16
_ONE_THREAD = 262_144  # multiplications up to which OpenBLAS keeps to the calling thread
_FEWEST_COLUMNS = 16


def product(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """The matrix product; of a few rows in pieces.

    OpenBLAS shares larger products among threads of its own, which then wait busily for more work:
    with threads of ours at work on other photos, that took half of the processors' time.

    Args:
        left: Shape (rows, depth).
        right: Shape (depth, columns).

    Returns:
        Shape (rows, columns).
    """
    rows, depth = left.shape
    if rows > _FEW_ROWS or not rows or not depth:
        return left @ right
    found = np.zeros((rows, right.shape[1]), dtype=np.float32)
    deep = max(1, _ONE_THREAD // (rows * _FEWEST_COLUMNS))
    for first in range(0, depth, deep):
        part = left[:, first : first + deep]
        wide = max(_FEWEST_COLUMNS, _ONE_THREAD // part.size)
        for start in range(0, right.shape[1], wide):
            columns = slice(start, start + wide)
            found[:, columns] += part @ right[first : first + deep, columns]
    return found
