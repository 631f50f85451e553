"""Learning rates over a run, as pure functions of the step: for the training and for its plan."""

from __future__ import annotations

import math

from cnnlab.config import Schedule, TrainingConfig

START_DIVISOR = 25.0
END_DIVISOR = 1000.0


def learning_rate_at(training: TrainingConfig, step: int, total_steps: int) -> float:
    """Learning rate for one step; for reduce_on_plateau the rate before any reduction.

    Cosine (Loshchilov and Hutter 2016, "SGDR", without restarts): linearly from peak/25 to the
    peak, then along half a cosine down to zero, reached one step after the last.
    One cycle (Smith 2018, "Super-Convergence"): linearly from peak/25 to the peak, then along half
    a cosine down to peak/1000. For both, `warm_up` is the share of the rising steps.

    Args:
        training: Names the schedule and the peak rate.
        step: Number of the step, from 0.
        total_steps: Steps of the whole run, without fine-tuning.
    """
    peak = training.learning_rate
    if training.schedule in (Schedule.CONSTANT, Schedule.REDUCE_ON_PLATEAU):
        return peak
    is_cosine = training.schedule is Schedule.COSINE
    warm_up = training.warm_up * total_steps
    if step < warm_up:
        low = peak / START_DIVISOR
        return low + (peak - low) * step / warm_up
    low = 0.0 if is_cosine else peak / END_DIVISOR
    end = total_steps if is_cosine else total_steps - 1
    done = min(1.0, (step - warm_up) / max(1.0, end - warm_up))
    return low + (peak - low) * 0.5 * (1 + math.cos(math.pi * done))


def planned_rates(training: TrainingConfig, steps: int) -> list[tuple[float, float]]:
    """The learning rate over a run before it starts, as (epochs done, rate).

    Args:
        training: Its fine-tuning, if any, follows at its own constant rate.
        steps: Batches an epoch.
    """
    total = steps * training.epochs
    shown = sorted({round(number * (total - 1) / 199) for number in range(200)})
    points = [(step / steps, learning_rate_at(training, step, total)) for step in shown]
    if training.fine_tuning is not None:
        rate = training.fine_tuning.learning_rate
        points += [(float(training.epochs), rate), (float(training.total_epochs), rate)]
    return points


class Plateau:
    """Lowers the learning rate when the monitored figure no longer gets better.

    Attributes:
        factor: What the starting rate is multiplied with now.
        best: Best value so far, or None.
        waited: Epochs since then.
    """

    def __init__(self, training: TrainingConfig) -> None:
        self._training = training
        self.factor = 1.0
        self.best: float | None = None
        self.waited = 0

    def epoch_ended(self, value: float) -> bool:
        """Note the epoch's value of the monitor; True when the rate falls."""
        if not math.isfinite(value):
            return False
        higher = self._training.monitor.higher_is_better
        if self.best is None or (value > self.best if higher else value < self.best):
            self.best, self.waited = value, 0
            return False
        self.waited += 1
        if self.waited < self._training.plateau_patience:
            return False
        self.waited = 0
        self.factor *= self._training.plateau_factor
        return True
