"""How well facts about the files alone tell the classes apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.datasets.index import DatasetIndex

FACTS = ("width", "height", "bytes", "format", "mode", "orientation")
TOGETHER = "all of them"
CLEAR_GAIN = 0.1  # share of what the baseline leaves to gain
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
    """

    fingerprint: str
    baseline: float
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def telling(self) -> dict[str, float]:
        """The facts that are clearly better than naming the largest class, best first."""
        found = {
            name: score for name, score in self.scores.items() if is_telling(score, self.baseline)
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
        )


def is_telling(score: float, baseline: float) -> bool:
    """Whether an accuracy is so far above the baseline that a network would learn the shortcut."""
    return score - baseline >= CLEAR_GAIN * (1 - baseline)


def find_shortcuts(index: DatasetIndex) -> Shortcuts:
    """Cross-validate a small decision tree on each fact alone, and on all of them together.

    A tree of depth 5 with at least five pictures a leaf tells ranges and single values apart
    without learning files by heart. Facts that are the same everywhere are left out.

    Args:
        index: Its usable pictures are looked at, at most 20,000 of them, chosen at random.

    Returns:
        Mean accuracy over five stratified folds for each fact.
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
    labels = pd.factorize(enough["class"])[0]
    scores = {name: _accuracy(column[:, None], labels) for name, column in columns.items()}
    if len(columns) > 1:
        scores[TOGETHER] = _accuracy(np.stack(list(columns.values()), axis=1), labels)
    share = float(enough["class"].value_counts(normalize=True).iloc[0])
    return Shortcuts(fingerprint=index.fingerprint, baseline=share, scores=scores)


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64)
    return pd.factorize(column, sort=True)[0].astype(np.float64)


def _accuracy(facts: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """Mean accuracy of a small tree; facts have the shape (n_pictures, n_facts)."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    tree = DecisionTreeClassifier(max_depth=5, min_samples_leaf=5, random_state=_SEED)
    return float(cross_val_score(tree, facts, labels, cv=folds).mean())
