"""Is one network really better than another?

Two networks are compared on the same pictures by the exact test of McNemar (1947): of the pictures
that only one of them recognises, either is equally likely to be the one, if they are equally good.
The interval of the difference holds both Tango's score interval (Tango 1998, for paired shares) and
the exact interval of that test, so that it leaves out no difference exactly where the test does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.intervals import Interval

SIGNIFICANCE = 0.05

_Z_SQUARED = 3.841458820694124  # the 95 % quantile of chi-squared with one degree of freedom
_HALVINGS = 60
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Two networks on the same pictures.

    Attributes:
        images: How many pictures both were asked about.
        only_first, only_second: Pictures that only one of them recognised.
        difference: Accuracy of the second less that of the first, as a share.
        interval: Of the difference, 95 %.
        p_value: How often equally good networks differ at least this much.
    """

    images: int
    only_first: int
    only_second: int
    difference: float
    interval: Interval
    p_value: float

    @property
    def different(self) -> bool:
        """Whether one is better than the other beyond noise."""
        return self.p_value < SIGNIFICANCE


def compare_paired(
    first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]
) -> PairedComparison:
    """Compare two networks by which pictures each recognised.

    Args:
        first_right, second_right: Whether each picture was recognised, shape (n_images,), both in
            the same order.

    Raises:
        ValueError: If the two differ in length, or there is no picture.
    """
    if first_right.shape != second_right.shape or first_right.ndim != 1 or not first_right.size:
        raise ValueError(
            "both networks must be asked about the same pictures, at least one. "
            f"Received: shapes {first_right.shape} and {second_right.shape}"
        )
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    return compare_counts(len(first_right), only_first, only_second)


def compare_counts(images: int, only_first: int, only_second: int) -> PairedComparison:
    """The same from counts; see `PairedComparison` for the arguments."""
    return PairedComparison(
        images=images,
        only_first=only_first,
        only_second=only_second,
        difference=(only_second - only_first) / images,
        interval=_difference_interval(images, only_first, only_second),
        p_value=mcnemar_p(only_first, only_second),
    )


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Two-sided p value of the exact McNemar test: a binomial test with probability 1/2."""
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    if discordant == 0:
        return 1.0
    logs = np.array([_log_choose(discordant, count) for count in range(fewer + 1)])
    tail = float(np.exp(logs - discordant * math.log(2)).sum())
    return min(1.0, 2 * tail)


def paired_sentence(comparison: PairedComparison, first: str, second: str) -> str:
    """What a comparison of two networks says, as plain text."""
    return difference_sentence(
        comparison.difference,
        comparison.interval,
        first,
        second,
        different=comparison.different,
        where=f" on the same {comparison.images:,} pictures",
    )


def _difference_interval(images: int, only_first: int, only_second: int) -> Interval:
    """The smallest interval that holds both Tango's and the exact conditional one."""
    tango = tango_interval(images, only_first, only_second)
    discordant = only_first + only_second
    if discordant == 0:
        return tango
    share = discordant / images
    exact = _clopper_pearson(only_second, discordant)
    return Interval(
        min(tango.low, share * (2 * exact.low - 1)), max(tango.high, share * (2 * exact.high - 1))
    )


def tango_interval(images: int, only_first: int, only_second: int) -> Interval:
    """Score interval of the difference of two paired shares (Tango 1998), 95 %."""
    difference = (only_second - only_first) / images

    def outside(delta: float) -> bool:
        return _tango_statistic(images, only_first, only_second, delta) > _Z_SQUARED

    return Interval(_edge(difference, -1.0, outside), _edge(difference, 1.0, outside))


def _tango_statistic(images: int, only_first: int, only_second: int, delta: float) -> float:
    """Squared score statistic of the hypothesis that the difference is `delta`.

    With q the probability that only the first one recognises a picture, at its maximum of
    likelihood: 2 n q^2 + b q + c = 0.
    """
    b = 2 * images * delta - only_first - only_second - (only_second - only_first) * delta
    c = -only_first * delta * (1 - delta)
    q = (math.sqrt(max(b * b - 8 * images * c, 0.0)) - b) / (4 * images)
    variance = images * (2 * q + delta * (1 - delta))
    gap = only_second - only_first - images * delta
    if variance <= 1e-12:
        return 0.0 if abs(gap) < 1e-9 else math.inf
    return gap * gap / variance


def _edge(inside: float, limit: float, outside: Callable[[float], bool]) -> float:
    """Where values begin to be outside, between one that is inside and a limit."""
    if not outside(limit):
        return limit
    near, far = inside, limit
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if outside(middle) else (middle, far)
    return near


def _clopper_pearson(successes: int, trials: int) -> Interval:
    """Exact 95 % interval of a share (Clopper and Pearson 1934)."""
    from scipy import stats  # 0.5 s: only when used

    half = SIGNIFICANCE / 2
    low = stats.beta.ppf(half, successes, trials - successes + 1) if successes else 0.0
    high = 1.0
    if successes < trials:
        high = stats.beta.ppf(1 - half, successes + 1, trials - successes)
    return Interval(float(low), float(high))


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)


def difference_sentence(
    difference: float, interval: Interval, first: str, second: str, *, different: bool, where: str
) -> str:
    """What a difference says, as plain text.

    The better one is the subject; within noise, no one is.

    Args:
        difference, interval: Of the second less the first, as shares.
        first, second: What the two are called.
        different: Whether it is more than noise.
        where: What it was measured on, such as " on the same 100 pictures".
    """
    low, high = interval
    if not different:
        return (
            f"{first} and {second}: within noise ({second} minus {first}: {points(low)} to "
            f"{points(high)} points){where}."
        )
    if difference < 0:
        first, second, difference, low, high = second, first, -difference, -high, -low
    digits = digits_above_zero(low)
    return (
        f"{second} is better than {first} by {points(difference, digits)} points "
        f"({points(low, digits)} to {points(high, digits)}){where}."
    )


def points(share: float, digits: int = 1) -> str:
    """A share in percentage points with a true minus, such as "−0.6"; never "−0.0"."""
    text = f"{100 * share:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def digits_above_zero(share: float) -> int:
    """Digits of percentage points that do not round what is above zero down to it."""
    digits = 1
    while digits < _MOST_DIGITS and share > 0 and float(f"{100 * share:.{digits}f}") == 0:
        digits += 1
    return digits
