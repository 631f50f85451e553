"""How far a network's probabilities can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.calibration import Coverage, at_threshold, coverage_curve
from cnnlab.evaluation.confidence import (
    ConfidenceReport,
    chance_sentence,
    confidence_report,
    confidence_sentence,
    count_without_numbers,
    coverage_sentence,
    level_sentence,
    temperature_sentence,
)
from cnnlab.figures.calibration import plot_coverage, plot_reliability
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.address import asked, choose, follow, show_in
from cnnlab.ui.charts import show_chart
from cnnlab.ui.results import predictions_of, predictions_state, splits_of
from cnnlab.ui.unknown import show_unknown

THRESHOLD = "threshold"
_USUAL_THRESHOLD = 0.9


def show(run: Run) -> None:
    """Confidence against accuracy, and what a threshold would do."""
    unknown = _count_without_numbers(*predictions_state(run.id), run.id)
    if unknown:
        st.warning(
            f"For {unknown:,} of the pictures the network gave no probabilities but something that "
            "is no number, so its confidence cannot be judged. That comes of a training that went "
            "astray: train again with a lower learning rate.",
            icon=":material/warning:",
        )
        return
    report = _report(*predictions_state(run.id), run.id)
    if report is None:
        st.info("There are too few pictures with predictions to judge confidence by.")
        return
    st.markdown(f"### {escape_markdown(confidence_sentence(report))}")
    sentences = (level_sentence(report), temperature_sentence(report))
    st.markdown(escape_markdown(" ".join(sentence for sentence in sentences if sentence)))
    diagram, coverage = st.columns(2, gap="large")
    with diagram:
        after = report.after if report.mistakes else None
        show_chart(
            plot_reliability(report.before, after, dark=context.is_dark()),
            key=f"reliability-{run.id}",
        )
        st.caption(
            "Below the dashed line it is less often right than it says. Larger dots stand for "
            f"more pictures; bars are 95 % intervals. {escape_markdown(chance_sentence(report))}"
        )
    with coverage:
        frame.fragment(_coverage)(run)
    show_unknown(run)


def _coverage(run: Run) -> None:
    """A threshold that can be moved, and what it gives."""
    split = splits_of(run)[0]
    answers = _answers(*predictions_state(run.id), run.id, split)
    place = st.container()  # level with the diagram, so the slider stands below
    chosen = at_threshold(answers.confidence, answers.right, _choose_threshold())
    with place:
        show_chart(
            plot_coverage(answers.curve, chosen, dark=context.is_dark()),
            key=f"coverage-{run.id}",
        )
    st.markdown(
        f"**{escape_markdown(coverage_sentence(chosen))}** Judged by the {chosen.images:,} "
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


class _Answers(NamedTuple):
    """How sure each answer of a split is, whether it is right, and what each threshold gives."""

    confidence: NDArray[np.float32]
    right: NDArray[np.bool_]
    curve: tuple[Coverage, ...]


@st.cache_resource(max_entries=16, show_spinner=False)
def _count_without_numbers(file: Path, state: int, run_id: str) -> int:
    return count_without_numbers(predictions_of(run_id))


@st.cache_resource(max_entries=16, show_spinner=False)
def _report(file: Path, state: int, run_id: str) -> ConfidenceReport | None:
    return confidence_report(
        predictions_of(run_id, Split.VALIDATION), predictions_of(run_id, Split.TEST)
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _answers(file: Path, state: int, run_id: str, split: Split) -> _Answers:
    predictions = predictions_of(run_id, split)
    confidence, right = predictions.confidence, predictions.predicted == predictions.true
    return _Answers(confidence, right, coverage_curve(confidence, right))
