"""How long a run will still take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Measures batches and validations; start-up and the first epoch do not count.

    During the first epoch there is nothing else to go by: its batches after the first are used.
    """

    def __init__(
        self, *, epochs: int, steps: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._epochs = epochs
        self._steps = steps
        self._clock = clock
        self._epoch = 0
        self._step = 0
        self._counted_steps = 0
        self._counted_seconds = 0.0
        self._validation_seconds = 0.0
        self._last: float | None = None

    def epoch_began(self, epoch: int) -> None:
        """Epoch `epoch`, from 0, begins."""
        self._epoch, self._step, self._last = epoch, 0, None
        if epoch == 1:
            self._counted_steps, self._counted_seconds = 0, 0.0

    def step_ended(self, step: int) -> None:
        """Batch `step`, from 0, is finished."""
        now = self._clock()
        if self._last is not None:
            self._counted_steps += 1
            self._counted_seconds += now - self._last
        self._step, self._last = step + 1, now

    def epoch_ended(self) -> None:
        """The epoch's validation is finished too."""
        if self._last is not None:
            self._validation_seconds = self._clock() - self._last

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last epoch's end, or None before anything was measured."""
        if not self._counted_steps:
            return None
        a_step = self._counted_seconds / self._counted_steps
        epochs_left = self._epochs - self._epoch - 1
        steps_left = self._steps - self._step + epochs_left * self._steps
        return steps_left * a_step + (epochs_left + 1) * self._validation_seconds
