"""ROC and precision-recall of one class of a run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.ranking import RankingCurves, ranking_curves
from cnnlab.figures.ranking import plot_precision_recall, plot_roc
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.charts import show_chart
from cnnlab.ui.results import file_state, predictions_of
from cnnlab.workspace import RunFiles


def ranking_panel(run: Run, split: Split) -> None:
    """Let the user choose a class, and show how well its probability finds its pictures."""
    frame.fragment(_panel)(run, split)


def _panel(run: Run, split: Split) -> None:
    names = predictions_of(run.id).class_names
    chosen: str = st.selectbox("Class", names, key=f"ranking-{run.id}", width=320)
    file = RunFiles(context.workspace().run_folder(run.id)).predictions
    curves = _curves(file, file_state(file), run.id, split, names.index(chosen))
    if curves is None:
        st.info(
            f"There are no {split.value} pictures of {escape_markdown(chosen)}, or none of other "
            "classes, so there is nothing to tell apart."
        )
        return
    left, right = st.columns(2)
    dark = context.is_dark()
    with left:
        show_chart(plot_roc(curves, chosen, dark=dark), key=f"roc-{run.id}")
    with right:
        show_chart(plot_precision_recall(curves, chosen, dark=dark), key=f"pr-{run.id}")


@st.cache_resource(max_entries=32, show_spinner=False)
def _curves(
    file: Path, state: int, run_id: str, split: Split, class_index: int
) -> RankingCurves | None:
    predictions = predictions_of(run_id, split)
    return ranking_curves(
        predictions.true == class_index, predictions.probabilities[:, class_index]
    )
