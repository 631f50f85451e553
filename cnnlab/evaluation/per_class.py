"""How each class fares, with how far its figures may be off, and which one fares worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnlab.evaluation.intervals import Interval, f1_interval, wilson
from cnnlab.evaluation.metrics import ClassScores, Evaluation
from cnnlab.evaluation.wording import percent

FEW_PICTURES = 10


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of one class, each with its 95 % interval.

    Attributes:
        name: Of the class.
        scores: Precision, recall, F1 and what they are made of.
        precision, recall, f1: Their intervals.
        taken_for: The class that most of its pictures were mistaken for, or None.
    """

    name: str
    scores: ClassScores
    precision: Interval
    recall: Interval
    f1: Interval
    taken_for: str | None


def class_figures(evaluation: Evaluation) -> list[ClassFigures]:
    """Figures of every class, by class index."""
    confusion, names = evaluation.confusion, evaluation.class_names
    figures = []
    for index, (name, scores) in enumerate(zip(names, evaluation.per_class, strict=True)):
        right = int(confusion[index, index])
        row = confusion[index].copy()
        row[index] = 0
        figures.append(
            ClassFigures(
                name=name,
                scores=scores,
                precision=wilson(right, scores.predicted),
                recall=wilson(right, scores.support),
                f1=f1_interval(right, scores.predicted - right, scores.support - right),
                taken_for=names[int(row.argmax())] if row.any() else None,
            )
        )
    return figures


def weakest_sentence(evaluation: Evaluation) -> str:
    """Which class is recognised least, how badly, and what it is taken for, as plain text.

    One of a few pictures is named only where all classes are so small: a share of them says little.
    """
    if np.trace(evaluation.confusion) == evaluation.images:
        return f"Every one of the {evaluation.images:,} pictures was recognised."
    known = [each for each in class_figures(evaluation) if each.scores.support]
    large = [
        each for each in known if each.scores.support >= FEW_PICTURES and each.scores.recall < 1
    ]
    weakest, first = (
        min(among, key=lambda each: (each.scores.recall, -each.scores.support))
        for among in (large or known, known)
    )
    among = ""
    if first.scores.recall < weakest.scores.recall:
        among = f"Of the classes with {FEW_PICTURES} pictures or more, "
    low, high = weakest.recall
    sentence = (
        f"{among}“{weakest.name}” is recognised least: {percent(weakest.scores.recall)} of "
        f"{weakest.scores.support:,} ({percent(low)} to {percent(high)})"
    )
    if weakest.taken_for is None:
        return f"{sentence}."
    return f"{sentence}; it is mostly taken for “{weakest.taken_for}”."


def silent_sentences(evaluation: Evaluation) -> list[str]:
    """What the figures cannot say: classes without pictures, and those never predicted."""
    named = list(zip(evaluation.class_names, evaluation.per_class, strict=True))
    missing = [name for name, scores in named if not scores.support]
    never = [name for name, scores in named if scores.support and not scores.predicted]
    sentences = []
    if missing:
        sentences.append(
            f"No picture here belongs to {_listed(missing)}, so nothing can be said about it."
            if len(missing) == 1
            else f"No picture here belongs to {_listed(missing)}: nothing can be said about them."
        )
    if never:
        sentences.append(f"The network never answered {_listed(never)}.")
    return sentences


def _listed(names: list[str], most: int = 5) -> str:
    shown = [f"“{name}”" for name in names[:most]]
    if len(names) > most:
        rest = len(names) - most
        return f"{', '.join(shown)} and {rest:,} other{'' if rest == 1 else 's'}"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
