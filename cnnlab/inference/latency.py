"""How long a network takes for one picture."""

from __future__ import annotations

import time

import numpy as np

from cnnlab.inference.model import LiteModel

REPEATS = 20
MOST_SECONDS = 1.0


def latency_ms(model: LiteModel) -> float:
    """Milliseconds for one prepared picture, the median of up to 20 after a first one.

    Pixels are of no account; decoding and preparing are not part of it.
    """
    data = model.facts.data
    shape = (1, *data.picture_shape)
    picture = np.zeros(shape, dtype=np.uint8)
    model.predict(picture)
    seconds: list[float] = []
    while len(seconds) < REPEATS and sum(seconds) < MOST_SECONDS:
        began_at = time.perf_counter()
        model.predict(picture)
        seconds.append(time.perf_counter() - began_at)
    return float(np.median(seconds)) * 1000
