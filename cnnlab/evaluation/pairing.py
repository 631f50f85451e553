"""The pictures that two networks can be compared on."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.errors import RunError
from cnnlab.evaluation.metrics import confusion_counts
from cnnlab.evaluation.predictions import FloatArray, IntArray, Predictions


class Pairing(NamedTuple):
    """Pictures that both networks have answered for, in the order of the first one.

    Class indices are those of the first network, for both.

    Attributes:
        class_names: By class index.
        paths: Of the pictures.
        true: Their class, shape (n_images,).
        first, second: What the networks said, shape (n_images,).
        first_sure, second_sure: How sure they were of it, 0-1, shape (n_images,).
        relabelled: Common pictures that are left out: their classes differ.
        trained_on: Common pictures that are left out: one of the networks was trained on them.
    """

    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    true: IntArray
    first: IntArray
    second: IntArray
    first_sure: FloatArray
    second_sure: FloatArray
    relabelled: int
    trained_on: int

    @property
    def first_right(self) -> NDArray[np.bool_]:
        """Where the first network is right."""
        right: NDArray[np.bool_] = self.first == self.true
        return right

    @property
    def second_right(self) -> NDArray[np.bool_]:
        """Where the second network is right."""
        right: NDArray[np.bool_] = self.second == self.true
        return right

    def confusions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Both confusion matrices on these pictures."""
        count = len(self.class_names)
        return (
            confusion_counts(self.true, self.first, count),
            confusion_counts(self.true, self.second, count),
        )

    def disagreements(self, *, first_right: bool) -> NDArray[np.intp]:
        """Pictures that only one network has right, the other's surest mistake first.

        Args:
            first_right: The first one is right; else the second one.
        """
        right, wrong = self.first_right, self.second_right
        sure = self.second_sure
        if not first_right:
            right, wrong, sure = wrong, right, self.first_sure
        (places,) = np.nonzero(right & ~wrong)
        return places[np.argsort(-sure[places], kind="stable")]


def pair_up(
    first: Predictions, second: Predictions, *, trained_on: Collection[str] = ()
) -> Pairing:
    """Join two networks' predictions for the same split by the pictures' paths.

    Args:
        first, second: Of one split each, in which the pictures were held out.
        trained_on: Paths that one of the networks was trained on nevertheless; left out.

    Raises:
        RunError: If the networks know different classes ("different-classes"), or there is no
            picture to compare them on ("no-common-pictures").
    """
    names = first.class_names
    if set(names) != set(second.class_names):
        raise RunError(
            "different-classes",
            "Two networks can be compared when they know the same classes. "
            f"{_class_difference(names, second.class_names)}",
        )
    rows, others = _common_rows(first, second)
    to_first = np.array([names.index(name) for name in second.class_names])
    second_true, second_said = to_first[second.true], to_first[second.predicted]
    same_class = first.true[rows] == second_true[others]
    fresh = ~pd.Index(np.array(first.paths, dtype=object)[rows]).isin(list(trained_on))
    kept = same_class & fresh
    if not kept.any():
        raise RunError("no-common-pictures", _nothing_in_common(rows, same_class))
    rows, others = rows[kept], others[kept]
    return Pairing(
        class_names=names,
        paths=tuple(first.paths[row] for row in rows),
        true=first.true[rows],
        first=first.predicted[rows],
        second=second_said[others],
        first_sure=first.confidence[rows],
        second_sure=second.confidence[others],
        relabelled=int((~same_class).sum()),
        trained_on=int((same_class & ~fresh).sum()),
    )


def accuracy_on(predictions: Predictions, paths: Collection[str]) -> float:
    """Share of right answers for some pictures.

    Raises:
        RunError: If the predictions have none of them ("no-common-pictures").
    """
    chosen = pd.Index(predictions.paths, dtype=object).isin(list(paths))
    if not chosen.any():
        raise RunError("no-common-pictures", "None of the pictures was judged by this network.")
    return float((predictions.predicted == predictions.true)[chosen].mean())


def _common_rows(
    first: Predictions, second: Predictions
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the same pictures in both; where a path occurs twice, its first place counts."""
    ours = pd.Series(np.arange(len(first.paths)), index=pd.Index(first.paths, dtype=object))
    theirs = pd.Series(np.arange(len(second.paths)), index=pd.Index(second.paths, dtype=object))
    ours = ours[~ours.index.duplicated()]
    theirs = theirs[~theirs.index.duplicated()]
    found = theirs.index.get_indexer(ours.index)
    common = found >= 0
    return ours.to_numpy()[common], theirs.to_numpy()[found[common]]


def _class_difference(first: tuple[str, ...], second: tuple[str, ...]) -> str:
    parts = []
    for which, mine, other in (("first", first, second), ("second", second, first)):
        only = [repr(name) for name in mine if name not in set(other)]
        if only:
            more = f" and {len(only) - 3} more" if len(only) > 3 else ""
            parts.append(f"Only the {which} one knows {', '.join(only[:3])}{more}.")
    return " ".join(parts)


def _nothing_in_common(rows: NDArray[np.intp], same_class: NDArray[np.bool_]) -> str:
    sentence = "Two networks can be compared on pictures that were held out from both. "
    if not len(rows):
        return sentence + "These two were judged on different pictures; there is none in common."
    if not same_class.any():
        return sentence + "The classes of the common ones were changed between the two runs."
    return sentence + "One of these two was trained on every picture that is left."
