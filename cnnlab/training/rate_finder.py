"""Finding a learning rate: a short training whose rate rises until the loss runs away."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np

from cnnlab.config import RunConfig
from cnnlab.training.batches import Labelled, TrainingFeed
from cnnlab.training.callbacks import Logs
from cnnlab.training.compiling import compile_model

LOWEST_RATE = 1e-6
HIGHEST_RATE = 1.0
STEPS = 100
_SMOOTHING = 0.9
_RUNAWAY = 4.0  # times the lowest loss so far
_FALLEN = 0.95


@dataclass(frozen=True, slots=True)
class RateSearch:
    """The loss over the learning rate.

    Attributes:
        rates: Learning rate of each step.
        losses: Loss of each step's batch, smoothed; as many.
        suggestion: A rate that is safe to start with, or None where the loss never fell.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float | None

    def to_json(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)


def find_rate(
    model: keras.Model,
    config: RunConfig,
    images: Labelled,
    class_count: int,
    *,
    progress: Callable[[int, int], object],
) -> RateSearch:
    """Raise the rate from step to step and watch the loss (Smith 2015, "Cyclical Learning Rates").

    Args:
        model: A network that is thrown away afterwards.
        config: Its optimizer, batch size and augmentation are used, its schedule is not.
        images: Training pictures or features.
        class_count: Number of classes.
        progress: Told the steps done and in all; what it raises ends the work.
    """
    compile_model(model, config.training, class_count)
    feed = TrainingFeed(images, class_count, config.training, config.augmentation)
    climb = _Climb(progress)
    with suppress(_RanAway):
        model.fit(feed.dataset().repeat().take(STEPS), shuffle=False, callbacks=[climb], verbose=0)
    rates, losses = tuple(climb.rates), tuple(smooth(climb.losses))
    return RateSearch(rates, losses, suggest(rates, losses))


def rate_of(step: int) -> float:
    """The learning rate of a step, from 0; each is the same multiple of the one before."""
    return float(LOWEST_RATE * (HIGHEST_RATE / LOWEST_RATE) ** (step / (STEPS - 1)))


def smooth(losses: Sequence[float]) -> list[float]:
    """A running mean that forgets, corrected for its start."""
    smoothed, mean = [], 0.0
    for step, loss in enumerate(losses, start=1):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        smoothed.append(mean / (1 - _SMOOTHING**step))
    return smoothed


def suggest(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """A tenth of the rate at which the loss is lowest, before it rises again.

    Returns:
        None if the loss never falls by a twentieth.
    """
    if len(losses) == 0:
        return None
    lowest = int(np.argmin(losses))
    if losses[lowest] > _FALLEN * losses[0]:
        return None
    return float(rates[lowest] / 10)


class _RanAway(Exception):
    """The loss is so high that higher rates need not be tried."""


class _Climb(keras.callbacks.Callback):
    """Raises the rate before each step and notes the loss of its batch."""

    def __init__(self, progress: Callable[[int, int], object]) -> None:
        super().__init__()
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._progress = progress
        self._total = 0.0

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self.model.optimizer.learning_rate = rate_of(batch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        mean = float((logs or {})["loss"])  # over all batches so far
        if not math.isfinite(mean):
            raise _RanAway
        total = mean * (batch + 1)
        loss, self._total = total - self._total, total
        self.rates.append(rate_of(batch))
        self.losses.append(loss)
        self._progress(batch + 1, STEPS)
        smoothed = smooth(self.losses)
        if batch > STEPS // 10 and smoothed[-1] > _RUNAWAY * min(smoothed):
            raise _RanAway
