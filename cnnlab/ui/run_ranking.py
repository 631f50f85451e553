"""ROC and precision-recall of one class of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.predictions import Predictions
from cnnlab.evaluation.ranking import RankingCurves, ranking_curves
from cnnlab.figures.ranking import plot_precision_recall, plot_roc
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.addressed import choose_one
from cnnlab.ui.charts import show_chart
from cnnlab.ui.results import predictions_of, predictions_state

if TYPE_CHECKING:
    import plotly.graph_objects as go

CLASS = "class"


def ranking_panel(run: Run, split: Split) -> None:
    """Let the user choose a class, and show how well its probability finds its pictures."""
    frame.fragment(_panel)(run, split)


def _panel(run: Run, split: Split) -> None:
    predictions = predictions_of(run.id, split)
    with st.container(width=320):
        chosen = choose_one("Class", CLASS, {name: name for name in predictions.class_names})
    index = predictions.class_names.index(chosen)
    state = predictions_state(run.id)
    curves = _curves(*state, run.id, split, index)
    if curves is None:
        st.info(_missing(predictions, index, split))
        return
    roc, precision_recall = _charts(*state, split, chosen, context.is_dark(), curves)
    left, right = st.columns(2)
    with left:
        show_chart(roc, key=f"roc-{run.id}")
    with right:
        show_chart(precision_recall, key=f"pr-{run.id}")


def _missing(predictions: Predictions, index: int, split: Split) -> str:
    """Why there are no curves of a class."""
    name = escape_markdown(predictions.class_names[index])
    of_class = int((predictions.true == index).sum())
    if not of_class:
        return f"There are no {split.value} pictures of “{name}”, so there is nothing to find."
    if of_class == len(predictions):
        return f"All {split.value} pictures are of “{name}”, so there is nothing to tell it from."
    return (
        "For some pictures the network gave something that is no number, so they cannot be ranked. "
        "That comes of a training that went astray: train again with a lower learning rate."
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _curves(
    file: Path, state: int, run_id: str, split: Split, class_index: int
) -> RankingCurves | None:
    predictions = predictions_of(run_id, split)
    return ranking_curves(
        predictions.true == class_index, predictions.probabilities[:, class_index]
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _charts(
    file: Path, state: int, split: Split, chosen: str, dark: bool, _curves: RankingCurves
) -> tuple[go.Figure, go.Figure]:
    return (
        plot_roc(_curves, chosen, dark=dark),
        plot_precision_recall(_curves, chosen, dark=dark),
    )
