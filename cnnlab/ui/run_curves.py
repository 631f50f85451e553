"""The learning curves of a run, and how they are drawn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from cnnlab.datasets.balance import majority_baseline
from cnnlab.datasets.splits import Split
from cnnlab.errors import CnnlabError
from cnnlab.figures.curves import MOST_SMOOTHING, plot_accuracy, plot_loss
from cnnlab.figures.rate_curve import plot_learning_rate
from cnnlab.reports.spreadsheet import csv_text
from cnnlab.runs.runs import EpochRecord, Run
from cnnlab.ui import context
from cnnlab.ui.charts import choose_format, show_chart
from cnnlab.ui.results import evaluation_of

REDRAW_SECONDS = 3.0

_SMOOTHING, _LOG = "curve-smoothing", "curve-log-scale"
_DRAWN = "curves-drawn"


class _Drawn(NamedTuple):
    """How many epochs of a run have been drawn, and when."""

    run_id: str
    epochs: int
    at: float


def show(run: Run, epochs: Sequence[EpochRecord]) -> None:
    """Accuracy, loss and learning rate over the epochs, with what changes how they look.

    Args:
        run: May still go on.
        epochs: Its records, one at least.
    """
    ended = run.state.final
    planned = None if ended else run.config.training.total_epochs
    best = run.results.get("best_epoch") if ended else None  # else of the part before a resume
    dark = context.is_dark()
    smoothing, log_scale = _controls(run, epochs)
    left, middle, right = st.columns([5, 5, 4])
    with left:
        figure = plot_accuracy(
            epochs,
            best_epoch=best,
            baseline=_baseline(run),
            planned_epochs=planned,
            smoothing=smoothing,
            dark=dark,
        )
        show_chart(figure, key=f"accuracy-{run.id}-{ended}", name=f"{run.id}-accuracy")
    with middle:
        figure = plot_loss(
            epochs,
            best_epoch=best,
            planned_epochs=planned,
            smoothing=smoothing,
            log_scale=log_scale,
            dark=dark,
        )
        show_chart(figure, key=f"loss-{run.id}-{ended}", name=f"{run.id}-loss")
    with right:
        figure = plot_learning_rate(
            epochs, best_epoch=best, planned_epochs=planned, log_scale=log_scale, dark=dark
        )
        show_chart(figure, key=f"rate-{run.id}-{ended}", name=f"{run.id}-learning-rate")


def held(run: Run, epochs: Sequence[EpochRecord]) -> Sequence[EpochRecord]:
    """Those epochs of a run that goes on which its charts show now.

    Streamlit 1.67 puts a new chart in the place of one whose data have changed, which blinks. So
    quick epochs are shown several at a time.
    """
    drawn: _Drawn | None = st.session_state.get(_DRAWN)
    now = time.monotonic()
    if drawn is not None and drawn.run_id == run.id and drawn.epochs <= len(epochs):
        if now - drawn.at < REDRAW_SECONDS:
            return epochs[: drawn.epochs]
        if drawn.epochs == len(epochs):
            return epochs
    st.session_state[_DRAWN] = _Drawn(run.id, len(epochs), now)
    return epochs


def _controls(run: Run, epochs: Sequence[EpochRecord]) -> tuple[float, bool]:
    """Smoothing and scale, which hold for all runs of this session; the way out of the page."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        smoothing = st.slider(
            "Smoothing",
            min_value=0.0,
            max_value=MOST_SMOOTHING,
            value=st.session_state.get(f"{_SMOOTHING}-kept", 0.0),
            step=0.05,
            key=_SMOOTHING,
            on_change=_keep,
            args=(_SMOOTHING,),
            help="How much each point leans on those before it; the values stay faint behind",
            width=200,
        )
        log_scale = st.toggle(
            "Log scale",
            value=st.session_state.get(f"{_LOG}-kept", False),
            key=_LOG,
            on_change=_keep,
            args=(_LOG,),
            help="Of loss and learning rate",
        )
        choose_format(key="curves-format")
        st.download_button(
            "Epochs as CSV",
            lambda: csv_text(epochs),
            file_name=f"{run.id}-epochs.csv",
            mime="text/csv",
            icon=":material/table:",
            key=f"history-{run.id}",
            on_click="ignore",
        )
    return smoothing, log_scale


def _keep(key: str) -> None:
    """A widget's own value is forgotten when its page is left."""
    st.session_state[f"{key}-kept"] = st.session_state[key]


def _baseline(run: Run) -> float | None:
    """What always naming the largest class would reach on validation; None before the end."""
    if not (run.has_model and run.state.final):
        return None
    try:
        baseline = majority_baseline(evaluation_of(run, Split.VALIDATION).class_counts)
    except CnnlabError:
        return None
    return None if baseline is None else baseline.share
