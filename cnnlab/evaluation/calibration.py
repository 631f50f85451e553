"""How far probabilities can be taken at their word, and how to mend them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.intervals import LEVEL, Interval, wilson

if TYPE_CHECKING:
    from cnnlab.evaluation.predictions import FloatArray, IntArray

BINS = 15
FEWEST_OF_A_LEVEL = 10  # pictures of a bin that is held against its confidence by itself
COLDEST, HOTTEST = 0.05, 20.0

_SMALLEST = float(np.finfo(np.float32).tiny)
_PIECE_NUMBERS = 1 << 17  # probabilities at a time: what a processor keeps at hand

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pictures that were answered with about the same confidence.

    Attributes:
        low, high: Ends of the bin; `low` belongs to the bin below.
        count: Pictures in it.
        right: Those of them that were recognised.
        confidence: Mean probability of the winning class; the middle of an empty bin.
    """

    low: float
    high: float
    count: int
    right: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share of right answers; 0 in an empty bin."""
        return self.right / self.count if self.count else 0.0

    @property
    def interval(self) -> Interval:
        """Of the accuracy, 95 %."""
        return wilson(self.right, self.count)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well confidence and accuracy agree.

    Attributes:
        bins: From the least confident to the most; all of equal width, at least one of them with
            pictures.
    """

    bins: tuple[ReliabilityBin, ...]

    @property
    def images(self) -> int:
        """Pictures in all."""
        return sum(each.count for each in self.bins)

    @property
    def right(self) -> int:
        """Pictures that were recognised."""
        return sum(each.right for each in self.bins)

    @property
    def confidence(self) -> float:
        """Mean probability of the winning class."""
        return math.fsum(each.count * each.confidence for each in self.bins) / self.images

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.right / self.images

    @property
    def expected_error(self) -> float:
        """Mean distance of a bin's accuracy from its confidence, weighted by its pictures.

        The expected calibration error of Guo et al. 2017.
        """
        gaps = (abs(each.right - each.count * each.confidence) for each in self.bins)
        return math.fsum(gaps) / self.images

    @property
    def interval(self) -> Interval:
        """Of the accuracy, 95 %."""
        return wilson(self.right, self.images)

    @property
    def chance_error(self) -> float:
        """The expected error that so many pictures show of a network without any.

        The right answers of a bin scatter about its confidence c with variance n c (1 - c); the
        mean distance of a normal variable from its mean is the square root of 2/pi times that.
        """
        variances = (each.count * each.confidence * (1 - each.confidence) for each in self.bins)
        return sum(math.sqrt(2 / math.pi * max(0.0, each)) for each in variances) / self.images

    @property
    def worst_level(self) -> ReliabilityBin | None:
        """The bin that is off by most pictures, beyond chance; None where there is none.

        With several bins, one of them is off by chance more often: their intervals are wider so
        that all of them together hold in 95 % of the cases (Bonferroni). Bins of a few pictures
        say too little.
        """
        filled = [each for each in self.bins if each.count >= FEWEST_OF_A_LEVEL]
        if not filled:
            return None
        level = 1 - (1 - LEVEL) / len(filled)
        off = [
            each
            for each in filled
            if not _holds(wilson(each.right, each.count, level), each.confidence)
        ]
        return max(
            off, key=lambda each: abs(each.right - each.count * each.confidence), default=None
        )


@dataclass(frozen=True, slots=True)
class Coverage:
    """What comes of answering only where the network is confident.

    Attributes:
        threshold: Least probability of the winning class that is answered.
        images: Pictures in all.
        answered: Pictures that are answered.
        right: Those of them that are recognised.
    """

    threshold: float
    images: int
    answered: int
    right: int

    @property
    def share(self) -> float:
        """Share of the pictures that is answered."""
        return self.answered / self.images if self.images else 0.0

    @property
    def accuracy(self) -> float | None:
        """Share of right ones among the answers; None where nothing is answered."""
        return self.right / self.answered if self.answered else None

    @property
    def interval(self) -> Interval:
        """Of that accuracy, 95 %."""
        return wilson(self.right, self.answered)


def calibrate(true: IntArray, probabilities: FloatArray, bin_count: int = BINS) -> Calibration:
    """Hold the winning class's probability against how often it is right.

    Args:
        true: Class indices, shape (n_images,).
        probabilities: Shape (n_images, n_classes); rows sum to 1.
        bin_count: Bins of equal width between 0 and 1.

    Raises:
        ValueError: If there is no picture.
    """
    if not len(true):
        raise ValueError("calibration needs at least one picture. Received: 0 pictures")
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == true
    # (low, high]: a confidence of exactly 1 belongs to the last bin.
    places = np.clip(np.ceil(confidence * bin_count).astype(np.int64) - 1, 0, bin_count - 1)
    counts = np.bincount(places, minlength=bin_count)
    rights = np.bincount(places, weights=right, minlength=bin_count).astype(np.int64)
    sums = np.bincount(places, weights=confidence, minlength=bin_count)
    return Calibration(
        tuple(
            ReliabilityBin(
                low=place / bin_count,
                high=(place + 1) / bin_count,
                count=int(counts[place]),
                right=int(rights[place]),
                confidence=float(sums[place] / counts[place])
                if counts[place]
                else (place + 0.5) / bin_count,
            )
            for place in range(bin_count)
        )
    )


def fit_temperature(true: IntArray, probabilities: FloatArray) -> float:
    """The temperature that makes the probabilities of some pictures most likely.

    One number T divides the logarithms of all probabilities, which changes no winner (temperature
    scaling, Guo et al. 2017). The log loss is convex in 1/T: its slope is zero once at most.

    Args:
        true: Class indices, shape (n_images,).
        probabilities: Shape (n_images, n_classes).

    Returns:
        Between 0.05 and 20; above 1 where the network is too sure of itself. 1 without pictures.
    """
    if not len(true):
        return 1.0
    from scipy.optimize import brentq  # 0.3 s: only when used

    logs = np.log(np.maximum(probabilities, np.float32(_SMALLEST)))

    def slope(log_inverse: float) -> float:
        return _loss_slope(logs, true, math.exp(log_inverse))

    hottest, coldest = -math.log(HOTTEST), -math.log(COLDEST)
    if slope(hottest) >= 0:
        return HOTTEST
    if slope(coldest) <= 0:
        return COLDEST
    return math.exp(-brentq(slope, hottest, coldest, xtol=1e-6))


def apply_temperature(probabilities: FloatArray, temperature: float) -> Floats:
    """Probabilities at another temperature; every winner stays.

    Args:
        probabilities: Shape (n_images, n_classes).
        temperature: Above 1 makes them less sure, below 1 surer.

    Raises:
        ValueError: If the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0. Received: temperature={temperature}")
    scaled = _logs(probabilities) / temperature
    return np.asarray(np.exp(scaled - _log_sum(scaled)[:, None]))


def coverage_curve(
    confidence: FloatArray, right: NDArray[np.bool_], points: int = 200
) -> tuple[Coverage, ...]:
    """What comes of each threshold, from answering everything to the surest answers only.

    Args:
        confidence: Probability of the winning class, shape (n_images,).
        right: Whether it is the right one, shape (n_images,).
        points: Most thresholds to return, at quantiles of the confidence.
    """
    if not len(confidence):
        return ()
    ordered = np.sort(confidence.astype(np.float64))
    places = np.unique(np.linspace(0, len(ordered) - 1, points).round().astype(np.int64))
    thresholds = np.unique(np.concatenate([[0.0], ordered[places]]))
    by_confidence = np.argsort(confidence, kind="stable")
    right_above = np.concatenate([[0], np.cumsum(right[by_confidence][::-1])])
    answered = len(ordered) - np.searchsorted(ordered, thresholds, side="left")
    return tuple(
        Coverage(float(threshold), len(ordered), int(count), int(right_above[count]))
        for threshold, count in zip(thresholds, answered, strict=True)
    )


def at_threshold(confidence: FloatArray, right: NDArray[np.bool_], threshold: float) -> Coverage:
    """What comes of answering only where the winning class has at least this probability."""
    sure = confidence >= threshold
    return Coverage(threshold, len(confidence), int(sure.sum()), int(right[sure].sum()))


def _holds(interval: Interval, value: float) -> bool:
    return interval.low <= value <= interval.high


def _loss_slope(logs: FloatArray, true: IntArray, inverse: float) -> float:
    """How the mean log loss changes with 1/T: the logarithms that are expected less those met."""
    total, step = 0.0, max(1, _PIECE_NUMBERS // logs.shape[1])
    for start in range(0, len(true), step):
        piece = logs[start : start + step].astype(np.float64)  # (n, n_classes)
        weights = np.exp((piece - piece.max(axis=1, keepdims=True)) * inverse)
        expected = (weights * piece).sum(axis=1) / weights.sum(axis=1)
        met = piece[np.arange(len(piece)), true[start : start + step]]
        total += float((expected - met).sum())
    return total / len(true)


def _logs(probabilities: FloatArray) -> Floats:
    return np.asarray(np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)))


def _log_sum(logs: Floats) -> Floats:
    """Logarithm of the sum of exponentials of each row, shape (n,)."""
    highest = logs.max(axis=1)
    return np.asarray(highest + np.log(np.exp(logs - highest[:, None]).sum(axis=1)))
