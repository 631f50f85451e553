"""Figures that say how good predictions are: pure functions of classes and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import FloatArray, IntArray, Predictions

_SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How one class fares; a quotient whose divisor is zero counts as 0.

    Attributes:
        precision: Share of right ones among the images predicted as this class.
        recall: Share of right ones among the images of this class.
        f1: Harmonic mean of the two.
        support: Images of this class.
        predicted: Images predicted as this class.
    """

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Images of one class taken for another; the classes are given by index.

    Attributes:
        true: The class that the images belong to.
        predicted: The class they were taken for.
        count: How many images.
        share: Their share of all images of the true class.
    """

    true: int
    predicted: int
    count: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """All figures of one set of predictions.

    Attributes:
        confusion: Counts, shape (n_classes, n_classes); rows are true classes.
        per_class: Scores by class index.
    """

    class_names: tuple[str, ...]
    images: int
    accuracy: float
    macro_f1: float
    balanced_accuracy: float
    log_loss: float
    confusion: NDArray[np.int64]
    per_class: tuple[ClassScores, ...]

    @property
    def class_counts(self) -> dict[str, int]:
        """Images of each class among those evaluated."""
        return {
            name: scores.support
            for name, scores in zip(self.class_names, self.per_class, strict=True)
        }

    def to_json(self) -> dict[str, Any]:
        """The figures as plain numbers, lists and mappings."""
        return {
            "images": self.images,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "balanced_accuracy": self.balanced_accuracy,
            "classes": list(self.class_names),
            "confusion": self.confusion.tolist(),
            "per_class": {
                name: {
                    "precision": scores.precision,
                    "recall": scores.recall,
                    "f1": scores.f1,
                    "support": scores.support,
                }
                for name, scores in zip(self.class_names, self.per_class, strict=True)
            },
        }


def evaluate(predictions: Predictions) -> Evaluation:
    """Compute all figures of a set of predictions.

    Raises:
        RunError: If there is no image to judge by ("no-predictions").
    """
    if not len(predictions):
        raise RunError(
            "no-predictions",
            "An evaluation needs at least one image with a known class. Received: 0 images. "
            "Choose another split or folder.",
        )
    class_count = len(predictions.class_names)
    confusion = confusion_counts(predictions.true, predictions.predicted, class_count)
    return Evaluation(
        class_names=predictions.class_names,
        images=len(predictions),
        accuracy=accuracy(confusion),
        macro_f1=macro_f1(confusion),
        balanced_accuracy=balanced_accuracy(confusion),
        log_loss=log_loss(predictions.true, predictions.probabilities),
        confusion=confusion,
        per_class=per_class_scores(confusion),
    )


def confusion_counts(true: IntArray, predicted: IntArray, class_count: int) -> NDArray[np.int64]:
    """Count images by true and predicted class.

    Args:
        true: Index of each image's true class, shape (n_images,).
        predicted: Index of its predicted class, shape (n_images,).
        class_count: Number of classes; fixes the size even if one never occurs.

    Returns:
        Counts, shape (class_count, class_count); rows are true classes.

    Raises:
        ValueError: If the two arrays differ in length, or hold an index out of range.
    """
    if true.shape != predicted.shape or true.ndim != 1:
        raise ValueError(
            "true and predicted must be two lists of equal length. "
            f"Received: shapes {true.shape} and {predicted.shape}"
        )
    for name, indices in (("true", true), ("predicted", predicted)):
        if indices.size and not 0 <= indices.min() <= indices.max() < class_count:
            raise ValueError(
                f"{name} classes must lie between 0 and {class_count - 1}. "
                f"Received: {indices.min()} to {indices.max()}"
            )
    cells = true.astype(np.int64) * class_count + predicted.astype(np.int64)
    counts = np.bincount(cells, minlength=class_count * class_count)
    return counts.reshape(class_count, class_count).astype(np.int64)


def accuracy(confusion: IntArray) -> float:
    """Share of images predicted right; 0 if there are none."""
    return float(_divide(np.trace(confusion), confusion.sum()))


def balanced_accuracy(confusion: IntArray) -> float:
    """Mean recall over the classes that have images; 0 if none has."""
    support = confusion.sum(axis=1)
    recall = _divide(np.diag(confusion), support)
    return float(recall[support > 0].mean()) if support.any() else 0.0


def macro_f1(confusion: IntArray) -> float:
    """Mean F1 over the classes that have images or were predicted; 0 if there are none.

    A class that is neither among the true nor among the predicted ones is left out, so that the
    figure says nothing about it.
    """
    occurs = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
    f1 = np.array([scores.f1 for scores in per_class_scores(confusion)])
    return float(f1[occurs].mean()) if occurs.any() else 0.0


def per_class_scores(confusion: IntArray) -> tuple[ClassScores, ...]:
    """Precision, recall, F1 and support of each class, by class index.

    A class that was never predicted has precision 0, one without images recall 0; F1 is 0 if both
    its parts are.
    """
    right = np.diag(confusion)
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _divide(right, predicted), _divide(right, support)
    f1 = _divide(2 * right, predicted + support)
    return tuple(
        ClassScores(
            precision=float(precision[index]),
            recall=float(recall[index]),
            f1=float(f1[index]),
            support=int(support[index]),
            predicted=int(predicted[index]),
        )
        for index in range(len(confusion))
    )


def log_loss(true: IntArray, probabilities: FloatArray) -> float:
    """Mean negative logarithm of the true class's probability (nats); smaller is better.

    Args:
        true: Class indices, shape (n_images,).
        probabilities: Shape (n_images, n_classes). Values below float32's precision are raised to
            it, so that one certain mistake does not make the figure infinite.

    Raises:
        ValueError: If there are no images.
    """
    if not true.size:
        raise ValueError("log loss needs at least one image. Received: 0 images")
    of_true = probabilities[np.arange(true.size), true].astype(np.float64)
    return float(-np.log(np.clip(of_true, _SMALLEST_PROBABILITY, 1.0)).mean())


def most_confused_pairs(confusion: IntArray, limit: int = 10) -> list[ConfusedPair]:
    """Pairs of classes with the most mistakes: by count, then by share, then by index.

    Args:
        confusion: Counts, shape (n_classes, n_classes); rows are true classes.
        limit: Longest list to return; pairs without any mistake are never in it.
    """
    support = confusion.sum(axis=1)
    rows, columns = np.nonzero(confusion - np.diag(np.diag(confusion)))
    counts = confusion[rows, columns]
    shares = counts / support[rows]
    return [
        ConfusedPair(
            true=int(rows[place]),
            predicted=int(columns[place]),
            count=int(counts[place]),
            share=float(shares[place]),
        )
        for place in np.lexsort((columns, rows, -shares, -counts))[:limit]
    ]


def _divide(dividend: Any, divisor: Any) -> NDArray[np.float64]:
    """Quotient, 0 where the divisor is 0."""
    top, bottom = np.asarray(dividend, np.float64), np.asarray(divisor, np.float64)
    return np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom != 0)
