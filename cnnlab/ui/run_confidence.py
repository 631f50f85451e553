"""How far a network's probabilities can be trusted."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.calibration import Coverage, at_threshold, coverage_curve
from cnnlab.evaluation.confidence import (
    ConfidenceReport,
    confidence_report,
    confidence_sentence,
    coverage_sentence,
    temperature_sentence,
)
from cnnlab.figures.calibration import plot_coverage, plot_reliability
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.address import asked, choose, follow, show_in
from cnnlab.ui.charts import show_chart
from cnnlab.ui.results import file_state, predictions_of, splits_of
from cnnlab.workspace import RunFiles

THRESHOLD = "threshold"
_USUAL_THRESHOLD = 0.9


def show(run: Run) -> None:
    """Confidence against accuracy, and what a threshold would do."""
    file = RunFiles(context.workspace().run_folder(run.id)).predictions
    report = _report(file, file_state(file), run.id)
    if report is None:
        st.info("There are too few pictures with predictions to judge confidence by.")
        return
    st.markdown(f"### {escape_markdown(confidence_sentence(report))}")
    st.markdown(escape_markdown(temperature_sentence(report)))
    diagram, coverage = st.columns(2, gap="large", vertical_alignment="bottom")
    with diagram:
        show_chart(
            plot_reliability(report.before, report.after, dark=context.is_dark()),
            key=f"reliability-{run.id}",
        )
        st.caption(
            "Below the dashed line it is less often right than it says. Larger dots stand for "
            "more pictures; bars are 95 % intervals."
        )
    with coverage:
        frame.fragment(_coverage)(run)


def _coverage(run: Run) -> None:
    """A threshold that can be moved, and what it gives."""
    split = splits_of(run)[0]
    threshold = _choose_threshold()
    predictions = predictions_of(run.id, split)
    confidence, right = predictions.confidence, predictions.predicted == predictions.true
    chosen = at_threshold(confidence, right, threshold)
    file = RunFiles(context.workspace().run_folder(run.id)).predictions
    points = _curve(file, file_state(file), run.id, split)
    show_chart(plot_coverage(points, chosen, dark=context.is_dark()), key=f"coverage-{run.id}")
    st.markdown(
        f"**{escape_markdown(coverage_sentence(chosen))}** Judged by the {len(predictions):,} "
        f"{split.value} pictures."
    )


def _choose_threshold() -> float:
    """The threshold, which lives in the address."""
    try:
        wanted = min(1.0, max(0.0, float(asked(THRESHOLD) or _USUAL_THRESHOLD)))
    except ValueError:
        wanted = _USUAL_THRESHOLD
    key = "confidence-threshold"
    show_in(key, round(100 * wanted))
    chosen = st.slider(
        "Answer only from this probability on, %",
        0,
        100,
        key=key,
        on_change=lambda: choose(THRESHOLD, f"{st.session_state[key] / 100:g}"),
    )
    follow(THRESHOLD, None if chosen == 100 * _USUAL_THRESHOLD else f"{chosen / 100:g}")
    return chosen / 100


@st.cache_resource(max_entries=16, show_spinner=False)
def _report(file: Path, state: int, run_id: str) -> ConfidenceReport | None:
    return confidence_report(
        predictions_of(run_id, Split.VALIDATION), predictions_of(run_id, Split.TEST)
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _curve(file: Path, state: int, run_id: str, split: Split) -> tuple[Coverage, ...]:
    predictions = predictions_of(run_id, split)
    return coverage_curve(predictions.confidence, predictions.predicted == predictions.true)
