"""Two runs' predictions joined, for the pages: read once and kept in memory between reruns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.pairing import Pairing, accuracy_on
from cnnlab.reports.comparing import (
    PairVerdict,
    judge_pair,
    no_verdict,
    pair_runs,
    require_comparable,
    trained_on_before,
)
from cnnlab.reports.recipes_compared import RecipeVerdict, judge_recipes
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.results import file_state, predictions_of
from cnnlab.workspace import RunFiles

FileState = tuple[Path, int]


class Paired(NamedTuple):
    """Two runs on the pictures that they have in common.

    Attributes:
        pairing: What both said.
        split: Which pictures these are.
        notes: What one should know about them.
        verdict: Who is better.
    """

    pairing: Pairing
    split: Split
    notes: tuple[str, ...]
    verdict: PairVerdict


def paired(first: Run, second: Run) -> Paired:
    """Two runs on the pictures that they have in common.

    Raises:
        RunError: If one has no network or no predictions, or they cannot be compared.
    """
    require_comparable(first, second)
    return _paired(_state(first), _state(second), first, second)


def verdict_of(first: Run, second: Run) -> PairVerdict:
    """Who of two runs is better, or why that cannot be said."""
    try:
        return paired(first, second).verdict
    except CnnlabError as error:
        return no_verdict(first, second, error)


def _state(run: Run) -> FileState:
    """The file of a run's predictions and its state: what is kept in memory hangs on them."""
    file = RunFiles(context.workspace().run_folder(run.id)).predictions
    return file, file_state(file)


def recipes_of(first: Run, second: Run, everything: Sequence[Run]) -> RecipeVerdict | None:
    """Which of two runs' recipes is better; None where there is nothing to say of recipes."""
    try:
        together = paired(first, second)
    except CnnlabError:
        return None

    def accuracy(run: Run, split: Split, paths: Collection[str]) -> float:
        return _accuracy(_state(run), _state(first), _state(second), split, run, paths)

    return judge_recipes(
        first,
        second,
        everything,
        pairing=together.pairing,
        split=together.split,
        accuracy=accuracy,
    )


@st.cache_resource(max_entries=24, show_spinner=False)
def _paired(first_state: FileState, second_state: FileState, _first: Run, _second: Run) -> Paired:
    seen = trained_on_before(context.store(), context.workspace(), (_first, _second))
    predictions = [predictions_of(run.id) for run in (_first, _second)]
    pairing, split, notes = pair_runs((_first, _second), predictions, trained_on=seen)
    verdict = judge_pair(_first, _second, pairing, split, notes)
    return Paired(pairing, split, notes, verdict)


@st.cache_resource(max_entries=500, show_spinner=False)
def _accuracy(
    state: FileState,
    first_state: FileState,
    second_state: FileState,
    split: Split,
    _run: Run,
    _paths: Collection[str],
) -> float:
    """Accuracy of a run on pictures that two runs have in common, whose files decide them."""
    return accuracy_on(predictions_of(_run.id, split), _paths)
