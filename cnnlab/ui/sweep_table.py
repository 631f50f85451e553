"""The table of a sweep's trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from cnnlab.config.differences import field_text
from cnnlab.figures.sweep_words import objective_title
from cnnlab.reports.spreadsheet import csv_text
from cnnlab.runs.runs import EpochRecord
from cnnlab.tuning.fields import titles
from cnnlab.tuning.records import Sweep, Trial, TrialState, best_first
from cnnlab.tuning.results import value_so_far
from cnnlab.tuning.space import RECIPE
from cnnlab.ui.addressed import switch

_GREYED = (TrialState.PRUNED, TrialState.FAILED, TrialState.STOPPED)
_MOST_PX, _ROW_PX = 480, 35
_MUTED = "color: #859090"


def show_trials(
    sweep: Sweep, trials: Sequence[Trial], epochs: Mapping[str, Sequence[EpochRecord]]
) -> None:
    """Draw the trials, the best first; those without a result are grey.

    Args:
        sweep: The sweep.
        trials: Its trials.
        epochs: Of their runs, by the run's id.
    """
    by_result = switch("Best first", "ranked", default=True)
    rows = ranked(sweep, trials) if by_result else list(trials)
    frame = _frame(sweep, rows, epochs)
    grey = [trial.state in _GREYED for trial in rows]
    styled = frame.style.apply(
        lambda row: [_MUTED if grey[row.name] else ""] * len(row), axis=1
    ).format(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value), na_rep="")
    first = _title(objective_title(sweep.plan.objective))
    st.dataframe(
        styled,
        hide_index=True,
        key=f"trials-{sweep.id}",
        height=min(_MOST_PX, _ROW_PX * (len(rows) + 1) + 3),
        column_config={
            "Run": st.column_config.LinkColumn(display_text=r"run=([^&]+)", help="Opens the run"),
            first: st.column_config.Column(
                help="Of a trial that runs or was ended early: what it has reached"
            ),
            "Why": st.column_config.TextColumn(width="large"),
        },
        placeholder="",
        alt="Trials with their values and results",
    )


def ranked(sweep: Sweep, trials: Sequence[Trial]) -> list[Trial]:
    """Trials by the first objective, the best first; those without a result behind."""
    best = best_first(trials, sweep.plan.objective)
    done = {trial.number for trial in best}
    others = [trial for trial in trials if trial.number not in done]
    return best + sorted(others, key=lambda trial: (not trial.state.open, trial.number))


def trials_csv(sweep: Sweep, trials: Sequence[Trial]) -> str:
    """The trials with all digits, as CSV."""
    return csv_text(
        [
            {
                "trial": trial.number + 1,
                "run": trial.run_id,
                **{name: field_text(value) for name, value in trial.fields.items()},
                **{
                    objective.value: trial.results[place] if trial.results else None
                    for place, objective in enumerate(sweep.plan.objectives)
                },
                "state": trial.state.value,
                "why": trial.message,
            }
            for trial in trials
        ]
    )


def _frame(
    sweep: Sweep, rows: Sequence[Trial], epochs: Mapping[str, Sequence[EpochRecord]]
) -> pd.DataFrame:
    names = {RECIPE: "recipe", **titles(sweep.plan.base)}
    columns: dict[str, list[Any]] = {
        "Trial": [trial.number + 1 for trial in rows],
        "Run": ["" if trial.run_id is None else f"run?run={trial.run_id}" for trial in rows],
        "State": [trial.state.value for trial in rows],
    }
    reached = [
        value_so_far(sweep.plan.objective, trial, epochs.get(trial.run_id or "", ()))
        for trial in rows
    ]
    columns[_title(objective_title(sweep.plan.objective))] = reached
    for place, objective in enumerate(sweep.plan.objectives[1:], start=1):
        columns[_title(objective_title(objective))] = [
            trial.results[place] if trial.results else None for trial in rows
        ]
    for name in sweep.plan.space:
        columns[_title(names.get(name, name))] = [trial.fields.get(name) for trial in rows]
    columns["Epochs"] = [len(epochs.get(trial.run_id or "", ())) for trial in rows]
    if any(trial.message for trial in rows):
        columns["Why"] = [trial.message or "" for trial in rows]
    return pd.DataFrame(columns)


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]
