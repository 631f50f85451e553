"""One class against the rest: how well its probability ranks its own pictures first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.predictions import FloatArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RankingCurves:
    """The receiver operating characteristic and the precision-recall curve of one class.

    Attributes:
        thresholds: Probabilities from which on a picture counts as found, falling; the first is
            above all, so that nothing is found. Shape (n,).
        false_positive_rate: Share of the other classes' pictures that is found, shape (n,).
        recall: Share of the class's pictures that is found, shape (n,).
        precision: Share of the class's pictures among those found, 1 where none is; shape (n,).
        area: Below the curve of recall over false positive rate; 0.5 is chance.
        average_precision: Mean precision over the steps of recall.
        positives, negatives: Pictures of the class, and of the others.
    """

    thresholds: Floats
    false_positive_rate: Floats
    recall: Floats
    precision: Floats
    area: float
    average_precision: float
    positives: int
    negatives: int


def ranking_curves(positive: NDArray[np.bool_], scores: FloatArray) -> RankingCurves | None:
    """Both curves of a class; None without pictures of it or of others, or where a score is NaN.

    Args:
        positive: Whether each picture is of the class, shape (n_images,).
        scores: Its probability for the class, shape (n_images,).

    Raises:
        ValueError: If the two differ in length.
    """
    if positive.shape != scores.shape or positive.ndim != 1:
        raise ValueError(
            "positive and scores must be two lists of equal length. "
            f"Received: shapes {positive.shape} and {scores.shape}"
        )
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives or not np.isfinite(scores).all():
        return None
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    sorted_scores = scores[order].astype(np.float64)
    found = np.cumsum(positive[order]).astype(np.float64)
    # Pictures of equal probability are found together.
    ends = np.flatnonzero(np.append(np.diff(sorted_scores) != 0, True))
    true_positives = np.concatenate([[0.0], found[ends]])
    taken = np.concatenate([[0.0], ends + 1.0])
    recall = true_positives / positives
    false_positive_rate = (taken - true_positives) / negatives
    precision = np.divide(true_positives, taken, out=np.ones_like(true_positives), where=taken > 0)
    return RankingCurves(
        thresholds=np.concatenate([[np.inf], sorted_scores[ends]]),
        false_positive_rate=false_positive_rate,
        recall=recall,
        precision=precision,
        area=float(np.trapezoid(recall, false_positive_rate)),
        average_precision=float((np.diff(recall) * precision[1:]).sum()),
        positives=positives,
        negatives=negatives,
    )


def thinned(curves: RankingCurves, most: int = 400) -> NDArray[np.int64]:
    """Places of the curves' points that a chart needs, ends included, ascending."""
    count = len(curves.thresholds)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    across = np.linspace(0, count - 1, most).round()
    # Where recall or precision changes fast, few places in a row are many on the screen.
    travelled = np.cumsum(
        np.abs(np.diff(curves.recall, prepend=0.0))
        + np.abs(np.diff(curves.false_positive_rate, prepend=0.0))
    )
    along = np.searchsorted(travelled, np.linspace(0, travelled[-1], most)).clip(0, count - 1)
    return np.unique(np.concatenate([across, along]).astype(np.int64))
