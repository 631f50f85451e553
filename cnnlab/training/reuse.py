"""One process for several trainings of a sweep, as long as it has not taken too much memory."""

from __future__ import annotations

import gc

import keras
import psutil

MOST_BYTES = 3 * 2**30
LEAST_AVAILABLE_BYTES = 2**30


def make_room() -> bool:
    """Forget the training before; False where this process has taken too much memory for another.

    TensorFlow leaks across trainings, so a process is not used for ever.
    """
    keras.backend.clear_session()
    gc.collect()
    taken = psutil.Process().memory_info().rss
    return taken < MOST_BYTES and psutil.virtual_memory().available > LEAST_AVAILABLE_BYTES
