"""Which pictures a network sees as most alike, by the angle between their features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cnnlab.evaluation.predictions import FloatArray


_BLOCK_VALUES = 1_000_000  # of features in float32 at a time: four megabytes

FARTHEST = 2.0  # of any two directions; also stands where features are no numbers


def nearest(
    features: FloatArray, query: FloatArray, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows that point most nearly in the direction of a query.

    Args:
        features: One row a picture, shape (n, d), of any floating type; it may be a file that is
            mapped into memory, and is read a few megabytes at a time.
        query: Of one picture, shape (d,).
        count: How many rows at most.

    Returns:
        Row numbers, the nearest first, the first one of equals first; and their cosine distances,
        from 0 for the same direction to 2 for the opposite one. Features that are all zero have
        no direction and are at distance 1 from everything.

    Raises:
        ValueError: If the query is not as long as a row.
    """
    if features.ndim != 2 or query.shape != features.shape[1:]:
        raise ValueError(
            "a query must be as long as a row of the features. "
            f"Received: shapes {query.shape} and {features.shape}"
        )
    direction = unit_rows(np.asarray(query)[None])[0]
    distances = np.empty(len(features), dtype=np.float32)
    step = max(1, _BLOCK_VALUES // max(1, features.shape[1]))
    for start in range(0, len(features), step):
        block = unit_rows(np.asarray(features[start : start + step]))  # (rows, d)
        distances[start : start + step] = 1 - block @ direction
    np.nan_to_num(distances, copy=False, nan=FARTHEST)
    np.clip(distances, 0, FARTHEST, out=distances)
    order = np.argsort(distances, kind="stable")[: max(0, count)].astype(np.int64)
    return order, distances[order]


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Rows of length 1 in float32; those of length 0 stay as they are.

    Args:
        rows: Shape (n, d), of any floating type.
    """
    values = rows.astype(np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        largest = np.abs(values).max(axis=1, keepdims=True, initial=0)
        values /= np.where(largest > 0, largest, 1)  # squares of large values would overflow
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        values /= np.where(lengths > 0, lengths, 1)
    return values
