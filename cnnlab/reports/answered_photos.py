"""Photos beside what one or two networks said about them: which are right, and which to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets.photos import Photo
from cnnlab.evaluation.comparison import PairedComparison, compare_paired
from cnnlab.evaluation.predictions import Predictions
from cnnlab.inference.answers import Answers

Flags = NDArray[np.bool_]
Names = NDArray[np.object_]


class Kind(StrEnum):
    """Which photos to show; what the word means is said beside it on the page."""

    ALL = "all"
    WRONG = "wrong"
    UNKNOWN = "none"
    DIFFERENT = "different"
    CORRECTED = "corrected"
    REFUSED = "refused"


class Order(StrEnum):
    """In which order to show photos."""

    GIVEN = "given"
    NAME = "name"
    UNSURE = "unsure"
    SURE = "sure"
    STRANGE = "strange"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What photos to show, and how.

    Attributes:
        said: A class that a network answered.
        label: A class that a photo is labelled with or was corrected to.
        below: A probability that the answer stays below; None for any.
        text: What the name has in it, whatever its letters' case.
    """

    kind: Kind = Kind.ALL
    said: str | None = None
    label: str | None = None
    below: float | None = None
    text: str = ""
    order: Order = Order.GIVEN


class AnsweredPhotos:
    """Photos that one or two networks have answered. Computed once; never changed.

    Args:
        photos: In their order, each with a name of its own.
        answers: Of each network, of the first photos at least; those that not all networks have
            answered yet are left out.
        corrected: Classes that a user has said, by the photo's name.

    Attributes:
        truth: The class of each photo as far as it is known: what a user has said, else its
            folder; None else; shape (n_photos,).
        said: The class that each network answered; None where a photo cannot be read.
    """

    def __init__(
        self, photos: Sequence[Photo], answers: Sequence[Answers], corrected: Mapping[str, str]
    ) -> None:
        count = min(map(len, answers))
        self.photos = tuple(photos[:count])
        self.answers = tuple(answers)
        self.corrected = corrected
        self.truth = _names(corrected.get(photo.name, photo.label) for photo in self.photos)
        self.said = tuple(_said(each, count) for each in answers)
        self.confidence = tuple(each.confidence[:count] for each in answers)
        self.unknown = tuple(each.unknown[:count] for each in answers)

    def __len__(self) -> int:
        return len(self.photos)

    @property
    def refused(self) -> Flags:
        """Which photos cannot be read."""
        return _any([~each.answered[: len(self)] for each in self.answers])

    @property
    def different(self) -> Flags:
        """Which photos two networks answered differently; of one network, none."""
        first, last = self.said[0], self.said[-1]
        flags: Flags = (first != last).astype(bool) & ~self.refused
        return flags

    def judged(self, place: int) -> Flags:
        """Which photos a network can be judged by: it knows their true class, and read them."""
        names = set(self.answers[place].class_names)
        known = np.array([name in names for name in self.truth], dtype=bool)
        return known & ~self.refused

    def right(self, place: int) -> Flags:
        """Which photos a network recognised; those it cannot be judged by are not among them."""
        flags: Flags = self.judged(place) & (self.said[place] == self.truth).astype(bool)
        return flags

    def wrong(self, place: int) -> Flags:
        """Which photos a network took for another class."""
        return self.judged(place) & ~self.right(place)

    def rows(self, wanted: Wanted) -> NDArray[np.int64]:
        """Numbers of the photos to show, in their order."""
        chosen = self._of_kind(wanted.kind)
        if wanted.said is not None:
            chosen &= _any([said == wanted.said for said in self.said])
        if wanted.label is not None:
            chosen &= (self.truth == wanted.label).astype(bool)
        if wanted.below is not None:
            chosen &= _any([sure < wanted.below for sure in self.confidence])
        if wanted.text:
            text = wanted.text.casefold()
            chosen &= np.array([text in photo.name.casefold() for photo in self.photos], bool)
        return self._sorted(np.flatnonzero(chosen), wanted.order)

    def predictions(self, place: int) -> Predictions:
        """A network's answers for the photos of its folders, to be evaluated.

        Only photos that lie in a class folder count; where a user has said another class, that is
        the true one.
        """
        answers = self.answers[place]
        filed = np.array([photo.label is not None for photo in self.photos], dtype=bool)
        rows = np.flatnonzero(self.judged(place) & filed)
        numbers = {name: index for index, name in enumerate(answers.class_names)}
        return Predictions(
            class_names=answers.class_names,
            paths=tuple(self.photos[row].name for row in rows),
            splits=np.full(len(rows), "photos", dtype=np.str_),
            true=np.array([numbers[self.truth[row]] for row in rows], dtype=np.int64),
            probabilities=answers.probabilities[rows],
        )

    def foreign_labels(self, place: int) -> dict[str, int]:
        """Photos by the class of their folder, of classes that a network does not know."""
        known = self.judged(place)
        counts: dict[str, int] = {}
        for number in np.flatnonzero(~known & ~self.refused):
            if self.photos[number].label is not None:
                name = str(self.truth[number])
                counts[name] = counts.get(name, 0) + 1
        return counts

    def compared(self) -> PairedComparison | None:
        """Two networks on the labelled photos that both can be judged by; None without any."""
        filed = np.array([photo.label is not None for photo in self.photos], dtype=bool)
        both = self.judged(0) & self.judged(1) & filed
        if not both.any():
            return None
        return compare_paired(self.right(0)[both], self.right(1)[both])

    def _of_kind(self, kind: Kind) -> Flags:
        places = range(len(self.answers))
        if kind is Kind.WRONG:
            return _any([self.wrong(place) for place in places])
        if kind is Kind.UNKNOWN:
            return _any(self.unknown)
        if kind is Kind.DIFFERENT:
            return self.different
        if kind is Kind.REFUSED:
            return self.refused
        if kind is Kind.CORRECTED:
            return np.array([photo.name in self.corrected for photo in self.photos], dtype=bool)
        return np.ones(len(self), dtype=bool)

    def _sorted(self, rows: NDArray[np.int64], order: Order) -> NDArray[np.int64]:
        """Photos without a figure come last."""
        if order is Order.GIVEN:
            return rows
        if order is Order.NAME:
            names = [self.photos[row].name for row in rows]
            return rows[sorted(range(len(rows)), key=names.__getitem__)]
        figures = np.min(self.confidence, axis=0)[rows]
        if order is Order.STRANGE:
            figures = -self._strangeness(rows)
        elif order is Order.SURE:
            figures = -figures
        return rows[np.argsort(figures, kind="stable")]  # NaN last

    def _strangeness(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        verdicts = self.answers[0].verdicts
        found = [verdicts[row] for row in rows]
        return np.array([each.strangeness if each else np.nan for each in found], np.float64)


def _said(answers: Answers, count: int) -> Names:
    """The class of each answer, None where there is none."""
    names = _names([*answers.class_names, None])
    picked: Names = names[answers.predicted[:count]]  # -1 is the last
    return picked


def _names(names: Any) -> Names:
    listed = list(names)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _any(flags: Sequence[Any]) -> Flags:
    found: Flags = np.any(np.array([np.asarray(each, dtype=bool) for each in flags]), axis=0)
    return found
