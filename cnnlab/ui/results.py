"""What came out of runs, for the pages: read once and kept in memory between reruns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from cnnlab.datasets.balance import is_uneven
from cnnlab.datasets.splits import Split
from cnnlab.evaluation.metrics import Evaluation, evaluate
from cnnlab.evaluation.predictions import Predictions, read_predictions
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.workspace import RunFiles

SCORES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
}
"""Titles of the shares that say how good a network is, by their names in its metrics."""


def predictions_of(run_id: str, split: Split | None = None) -> Predictions:
    """A run's stored predictions, of one split or all of them.

    Raises:
        RunError: If they are missing or damaged.
    """
    file, changed_ns = predictions_state(run_id)
    if split is None:
        return _read_predictions(file, changed_ns)
    return _predictions_of_split(file, changed_ns, split)


def evaluation_of(run: Run, split: Split) -> Evaluation:
    """All figures of a run's network on one split.

    Raises:
        RunError: If the predictions are missing or damaged, or there are none of this split.
    """
    return _evaluation(*predictions_state(run.id), split)


def scores_in_front(counts: Mapping[str, int]) -> list[str]:
    """Names of `SCORES` in the order to read them; accuracy comes last where classes are uneven.

    Args:
        counts: Pictures of each class.
    """
    names = list(SCORES)
    return names[1:] + names[:1] if is_uneven(counts) else names


def splits_of(run: Run) -> list[Split]:
    """The splits that a run has predictions of; the one that decides is first.

    Raises:
        RunError: If the predictions are missing or damaged.
    """
    found = set(predictions_of(run.id).splits.tolist())
    return [split for split in (Split.TEST, Split.VALIDATION) if split.value in found]


def predictions_state(run_id: str) -> tuple[Path, int]:
    """The file of a run's predictions and its state: what is kept in memory hangs on them."""
    file = RunFiles(context.workspace().run_folder(run_id)).predictions
    return file, file_state(file)


def file_state(file: Path) -> int:
    """A number that changes whenever a file does; 0 where there is none. Keys caches."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _read_predictions(file: Path, changed_ns: int) -> Predictions:
    return read_predictions(file)


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions_of_split(file: Path, changed_ns: int, split: Split) -> Predictions:
    return _read_predictions(file, changed_ns).select(split.value)


@st.cache_resource(max_entries=32, show_spinner=False)
def _evaluation(file: Path, changed_ns: int, split: Split) -> Evaluation:
    return evaluate(_predictions_of_split(file, changed_ns, split))
