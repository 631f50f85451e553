"""The charts of a sweep."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from cnnlab.figures.sweep_coordinates import PHONE_FIELDS, plot_sweep_coordinates
from cnnlab.figures.sweep_front import plot_sweep_front
from cnnlab.figures.sweep_history import plot_sweep_history
from cnnlab.figures.sweep_importance import plot_sweep_importance
from cnnlab.figures.sweep_slices import plot_sweep_slices
from cnnlab.figures.sweep_timeline import plot_sweep_timeline
from cnnlab.runs.runs import EpochRecord
from cnnlab.tuning.importance import FEWEST, importance
from cnnlab.tuning.records import Sweep, SweepState, Trial, TrialState, with_results
from cnnlab.tuning.results import value_so_far
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.views import choose_view

_VIEWS = {
    "history": "Best so far",
    "coordinates": "Coordinates",
    "importance": "What matters",
    "slices": "By value",
    "timeline": "Timeline",
}
_FRONT = "front"


def show(
    sweep: Sweep, trials: Sequence[Trial], epochs: Mapping[str, Sequence[EpochRecord]]
) -> None:
    """Draw the chart that is chosen; `epochs` are those of the trials' runs, by the run's id."""
    views = dict(_VIEWS)
    if len(sweep.plan.objectives) > 1:
        views = {_FRONT: "Trade-off", **views}
    chosen = choose_view(views, key="sweep-chart", name="chart", label="Chart")
    if chosen != "timeline" and not with_results(trials):
        st.caption(
            "There is no result to draw."
            if sweep.state is SweepState.COMPLETED
            else "A chart follows with the first result."
        )
        return
    dark = context.is_dark()
    figure: go.Figure
    match chosen:
        case "front":
            figure = plot_sweep_front(sweep.plan, trials, dark=dark)
        case "history":
            figure = plot_sweep_history(
                sweep.plan.objective, trials, _reached(sweep, trials, epochs), dark=dark
            )
        case "coordinates":
            most = PHONE_FIELDS if context.on_phone() else None
            figure = plot_sweep_coordinates(sweep.plan, trials, most_fields=most, dark=dark)
        case "importance":
            shares = importance(sweep.plan, trials)
            if not shares:
                st.caption(f"This needs {FEWEST} results that differ.")
                return
            figure = plot_sweep_importance(shares, dark=dark)
        case "slices":
            columns = 1 if context.on_phone() else 3
            figure = plot_sweep_slices(sweep.plan, trials, columns=columns, dark=dark)
        case _:
            figure = plot_sweep_timeline(trials, time.time(), dark=dark)
    show_chart(figure, key=f"sweep-{chosen}-{sweep.id}")


def _reached(
    sweep: Sweep, trials: Sequence[Trial], epochs: Mapping[str, Sequence[EpochRecord]]
) -> dict[int, float]:
    """What trials that were ended early had reached, by their number."""
    pruned = [trial for trial in trials if trial.state is TrialState.PRUNED and trial.run_id]
    found = {
        trial.number: value_so_far(sweep.plan.objective, trial, epochs[trial.run_id or ""])
        for trial in pruned
    }
    return {number: value for number, value in found.items() if value is not None}
