"""Confidence intervals of shares: how far a figure may be off by the luck of the draw."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95


class Interval(NamedTuple):
    """Ends of a confidence interval."""

    low: float
    high: float


def wilson(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a share (Wilson 1927).

    Args:
        successes: How many of the trials succeeded.
        trials: How many there were; 0 leaves everything open.
        level: How often the interval holds the true share.

    Raises:
        ValueError: If the numbers cannot be, or the level is not between 0 and 1.
    """
    if not 0 <= successes <= trials:
        raise ValueError(
            f"successes must lie between 0 and trials. Received: {successes} of {trials}"
        )
    if trials == 0:
        return Interval(0.0, 1.0)
    z = _z(level)
    share, z_squared = successes / trials, z * z
    centre = (share + z_squared / (2 * trials)) / (1 + z_squared / trials)
    spread = share * (1 - share) / trials + z_squared / (4 * trials * trials)
    reach = z * spread**0.5 / (1 + z_squared / trials)
    low = 0.0 if successes == 0 else max(0.0, centre - reach)
    high = 1.0 if successes == trials else min(1.0, centre + reach)
    return Interval(low, high)


def f1_interval(true_positives: int, false_positives: int, false_negatives: int) -> Interval:
    """The 95 % interval of F1.

    F1 = 2 F* / (1 + F*), where F* = TP / (TP + FP + FN) is a share (Hand, Christen and Kirielle
    2021, "F*: an interpretable transformation of the F-measure"); its Wilson interval goes through
    the same, increasing function.

    Args:
        true_positives: Pictures of the class that were recognised.
        false_positives: Pictures of others that were taken for it.
        false_negatives: Pictures of the class that were taken for others.
    """
    concerned = true_positives + false_positives + false_negatives
    low, high = wilson(true_positives, concerned)
    return Interval(2 * low / (1 + low), 2 * high / (1 + high))


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1. Received: level={level}")
    return NormalDist().inv_cdf(0.5 + level / 2)
