"""How well facts about the files alone tell the classes apart."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.datasets.copies import copy_groups
from cnnlab.datasets.index import DatasetIndex

FACTS = ("width", "height", "bytes", "format", "mode", "orientation")
TOGETHER = "all of them"
CLEAR_GAIN = 0.1  # share of what the baseline leaves to gain
_STANDARD_ERRORS = 3.0
_FOLDS = 5
_MOST_PICTURES = 20_000
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcuts:
    """What guessing the class from file facts reaches.

    Attributes:
        fingerprint: Of the pictures and classes that were looked at.
        baseline: Share of the largest class.
        scores: Accuracy by fact, cross-validated; empty where there is too little to tell.
        count: Pictures that were looked at.
    """

    fingerprint: str
    baseline: float
    scores: Mapping[str, float] = field(default_factory=dict)
    count: int = 0

    @property
    def telling(self) -> dict[str, float]:
        """The facts that are clearly better than naming the largest class, best first."""
        found = {
            name: score
            for name, score in self.scores.items()
            if is_telling(score, self.baseline, self.count)
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def to_json(self) -> str:
        """A JSON document that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Shortcuts:
        """Read what `to_json` wrote, parsed.

        Raises:
            LookupError, TypeError, ValueError: If it is something else.
        """
        scores = {str(name): float(score) for name, score in document["scores"].items()}
        return cls(
            fingerprint=str(document["fingerprint"]),
            baseline=float(document["baseline"]),
            scores=scores,
            count=int(document["count"]),
        )


def is_telling(score: float, baseline: float, count: int) -> bool:
    """Whether a network would learn the shortcut, and the gain is not luck.

    Args:
        score: Accuracy with the fact.
        baseline: Share of the largest class.
        count: Pictures that were looked at.
    """
    gain = score - baseline
    luck = _STANDARD_ERRORS * sqrt(baseline * (1 - baseline) / max(count, 1))
    return gain >= max(CLEAR_GAIN * (1 - baseline), luck)


def find_shortcuts(index: DatasetIndex, pairs: pd.DataFrame | None = None) -> Shortcuts:
    """Cross-validate a small decision tree on each fact alone, and on all of them together.

    A tree of depth 5 with at least five pictures a leaf tells ranges and single values apart
    without learning files by heart. Facts that are the same everywhere are left out.

    Args:
        index: Its usable pictures are looked at, at most 20,000 of them, chosen at random.
        pairs: Near copies, which are kept in one fold, as exact ones are.

    Returns:
        Accuracy over five stratified folds for each fact.
    """
    pictures = index.usable
    counts = pictures["class"].value_counts()
    baseline = float(counts.iloc[0] / counts.sum()) if len(counts) else 0.0
    nothing = Shortcuts(fingerprint=index.fingerprint, baseline=baseline)
    enough = pictures[pictures["class"].isin(counts[counts >= _FOLDS].index)]
    if enough["class"].nunique() < 2:
        return nothing
    if len(enough) > _MOST_PICTURES:
        enough = enough.sample(_MOST_PICTURES, random_state=_SEED)
    columns = {name: _numbers(enough[name]) for name in FACTS if enough[name].nunique() > 1}
    if not columns:
        return nothing
    labels, groups = pd.factorize(enough["class"])[0], copy_groups(enough, pairs)
    facts = {name: column[:, None] for name, column in columns.items()}
    if len(columns) > 1:
        facts[TOGETHER] = np.stack(list(columns.values()), axis=1)
    scores = {name: _accuracy(values, labels, groups) for name, values in facts.items()}
    share = float(enough["class"].value_counts(normalize=True).iloc[0])
    return Shortcuts(
        fingerprint=index.fingerprint, baseline=share, scores=scores, count=len(enough)
    )


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64)
    return pd.factorize(column, sort=True)[0].astype(np.float64)


def _accuracy(
    facts: NDArray[np.float64], labels: NDArray[np.intp], groups: NDArray[np.int64]
) -> float:
    """Accuracy of small trees on pictures that they have not seen, nor copies of them.

    Args:
        facts: Shape (n_pictures, n_facts).
        labels, groups: Of the pictures; equal groups for copies.
    """
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.tree import DecisionTreeClassifier

    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
    tree = DecisionTreeClassifier(max_depth=5, min_samples_leaf=5, random_state=_SEED)
    right = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a class that has fewer groups than folds
        for seen, unseen in folds.split(facts, labels, groups):
            answers = tree.fit(facts[seen], labels[seen]).predict(facts[unseen])
            right += int((answers == labels[unseen]).sum())
    return right / len(labels)
