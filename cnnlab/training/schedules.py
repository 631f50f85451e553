"""Learning rates over a run, as pure functions of the step."""

from __future__ import annotations

import math

from cnnlab.config import Schedule, TrainingConfig

WARM_UP_SHARE = 0.3
START_DIVISOR = 25.0
END_DIVISOR = 1000.0


def learning_rate_at(training: TrainingConfig, step: int, total_steps: int) -> float:
    """Learning rate for one step.

    One cycle (Smith 2018, "Super-Convergence"): from peak/25 linearly to the peak over the first
    30 % of the steps, then along half a cosine down to peak/1000.

    Args:
        training: Names the schedule and the peak rate.
        step: Number of the step, from 0.
        total_steps: Steps of the whole run.
    """
    peak = training.learning_rate
    if training.schedule is Schedule.CONSTANT:
        return peak
    warm_up = max(1.0, WARM_UP_SHARE * total_steps)
    if step < warm_up:
        low = peak / START_DIVISOR
        return low + (peak - low) * step / warm_up
    low = peak / END_DIVISOR
    done = min(1.0, (step - warm_up) / max(1.0, total_steps - 1 - warm_up))
    return low + (peak - low) * 0.5 * (1 + math.cos(math.pi * done))
