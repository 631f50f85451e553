"""The order of an epoch and its random draws: what training sees, and what a preview shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def epoch_order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order in which an epoch takes the training pictures.

    Args:
        seed: Of the training.
        epoch: Counted from 0.
        count: Training pictures.

    Returns:
        A permutation of 0..count-1; the same arguments always give the same.
    """
    return np.random.default_rng([seed, epoch]).permutation(count)


def batch_generator(seed: int, epoch: int, number: int) -> np.random.Generator:
    """Where the random draws of one batch's augmentation come from.

    Args:
        seed: Of the training.
        epoch: Counted from 0.
        number: Of the batch within the epoch, counted from 0.
    """
    return np.random.default_rng([seed, epoch, number])
