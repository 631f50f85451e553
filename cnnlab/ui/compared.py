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
from cnnlab.ui.results import predictions_of, predictions_state

FileState = tuple[Path, int]


class Paired(NamedTuple):
    """Two runs on the pictures that they have in common.

    Attributes:
        pairing: What both said.
        split: Which pictures these are.
        verdict: Who is better, and what one should know about these pictures.
    """

    pairing: Pairing
    split: Split
    verdict: PairVerdict


def paired(first: Run, second: Run) -> Paired:
    """Two runs on the pictures that they have in common.

    Raises:
        RunError: If one has no network or no predictions, or they cannot be compared.
    """
    require_comparable(first, second)
    return _paired(predictions_state(first.id), predictions_state(second.id), first, second)


def verdict_of(first: Run, second: Run) -> PairVerdict:
    """Who of two runs is better, or why that cannot be said."""
    try:
        return paired(first, second).verdict
    except CnnlabError as error:
        return no_verdict(first, second, error)


def recipes_of(first: Run, second: Run, everything: Sequence[Run]) -> RecipeVerdict | None:
    """Which of two runs' recipes is better; None where there is nothing to say of recipes."""
    try:
        together = paired(first, second)
    except CnnlabError:
        return None

    def accuracy(run: Run, split: Split, paths: Collection[str]) -> float:
        return _accuracy(
            predictions_state(run.id),
            predictions_state(first.id),
            predictions_state(second.id),
            split,
            run,
            paths,
        )

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
    return Paired(pairing, split, judge_pair(_first, _second, pairing, split, notes))


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
