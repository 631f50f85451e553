"""How far probabilities can be taken at their word, and how to mend them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.intervals import Interval, wilson
from cnnlab.evaluation.predictions import FloatArray, IntArray

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0

_SMALLEST = float(np.finfo(np.float32).tiny)
_ITERATIONS = 80
_GOLDEN = (math.sqrt(5) - 1) / 2

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
        bins: From the least confident to the most; all of equal width.
        images: Pictures in all.
        confidence: Mean probability of the winning class.
        accuracy: Share of right answers.
        expected_error: Mean distance of a bin's accuracy from its confidence, weighted by its
            pictures (expected calibration error, Guo et al. 2017).
        largest_error: The largest such distance of a bin with pictures.
    """

    bins: tuple[ReliabilityBin, ...]
    images: int
    confidence: float
    accuracy: float
    expected_error: float
    largest_error: float


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
    bins = tuple(
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
    filled = counts > 0
    gaps = np.abs(rights[filled] - sums[filled]) / counts[filled]
    return Calibration(
        bins=bins,
        images=len(true),
        confidence=float(confidence.mean()),
        accuracy=float(right.mean()),
        expected_error=float((gaps * counts[filled]).sum() / len(true)),
        largest_error=float(gaps.max()),
    )


def fit_temperature(true: IntArray, probabilities: FloatArray) -> float:
    """The temperature that makes the probabilities of some pictures most likely.

    One number T divides the logarithms of all probabilities, which changes no winner (temperature
    scaling, Guo et al. 2017). The log loss is convex in 1/T, so a golden-section search finds its
    minimum.

    Args:
        true: Class indices, shape (n_images,).
        probabilities: Shape (n_images, n_classes).

    Returns:
        Between 0.05 and 20; above 1 where the network is too sure of itself. 1 without pictures.
    """
    if not len(true):
        return 1.0
    logs = _logs(probabilities)
    rows = np.arange(len(true))

    def loss(inverse: float) -> float:
        scaled = logs * inverse
        return float((_log_sum(scaled) - scaled[rows, true]).mean())

    low, high = 1 / HOTTEST, 1 / COLDEST
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    loss_left, loss_right = loss(left), loss(right)
    for _ in range(_ITERATIONS):
        if loss_left <= loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - _GOLDEN * (high - low)
            loss_left = loss(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + _GOLDEN * (high - low)
            loss_right = loss(right)
        if high - low < 1e-7:
            break
    return 2 / (low + high)


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


def _logs(probabilities: FloatArray) -> Floats:
    return np.asarray(np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)))


def _log_sum(logs: Floats) -> Floats:
    """Logarithm of the sum of exponentials of each row, shape (n,)."""
    highest = logs.max(axis=1)
    return np.asarray(highest + np.log(np.exp(logs - highest[:, None]).sum(axis=1)))
