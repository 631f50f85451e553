"""The first view of a run: its figures, how it learnt, and what it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.agreement import gap_sentence, training_accuracy
from cnnlab.figures.text import duration, escape_markdown, percent
from cnnlab.runs.runs import EpochRecord, Run, epoch_records
from cnnlab.ui import context, run_actions, run_curves, run_facts, run_readings
from cnnlab.ui.results import SCORES, evaluation_of, scores_in_front


def show(run: Run) -> None:
    """Figures, what can be done next, curves and baselines, as far as there are any."""
    epochs = epoch_records(context.store(), run.id)
    if run.has_model:
        _figures(run, epochs)
    run_actions.go_on(run)
    st.subheader("How it learnt")
    if not epochs:
        st.caption("No epoch was finished, so there are no curves.")
    run_readings.show(run, epochs)
    if epochs:
        run_curves.show(run, epochs)
    if run.has_model:
        run_facts.ladder(run)


def curves(run: Run) -> None:
    """How the run has learnt so far, while it goes on."""
    epochs = epoch_records(context.store(), run.id)
    if not epochs:
        st.caption("The curves begin with the end of the first epoch.")
        return
    run_curves.show(run, run_curves.held(run, epochs))
    run_readings.hint(run, epochs)


def _figures(run: Run, epochs: list[EpochRecord]) -> None:
    """The figures of the exported network, those that matter most first."""
    metrics, results = run.metrics, run.results
    split = Split.TEST if "test_accuracy" in metrics else Split.VALIDATION
    trained = training_accuracy(results, epochs)
    with st.container(horizontal=True):
        for name in _names_in_front(run, split)[:2]:
            _metric(f"{split.capitalize()} {SCORES[name]}", metrics.get(f"{split}_{name}"))
        if split is Split.TEST:
            _metric("Validation accuracy", metrics.get("validation_accuracy"))
        _metric(
            "Validation, in training",
            trained,
            hint="Validation accuracy as the training saw it, in the epoch that is kept. The other "
            "figures are those of the exported network, read back from its file.",
        )
        if results.get("epochs"):
            best = f"{results.get('best_epoch') or '–'} of {results['epochs']}"
            st.metric("Best epoch", best, border=True, width="content")
        if results.get("seconds") is not None:
            st.metric("Took", duration(results["seconds"]), border=True, width="content")
        parameters = _parameters(results)
        if parameters is not None:
            st.metric("Parameters", f"{parameters:,}", border=True, width="content")
    gap = gap_sentence(trained, metrics.get("validation_accuracy"))
    if gap is not None:
        st.warning(escape_markdown(gap), icon=":material/difference:")


def _names_in_front(run: Run, split: Split) -> list[str]:
    """Which figures of a split to read first."""
    counts: Mapping[str, int] = {}
    try:
        counts = evaluation_of(run, split).class_counts
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
    return scores_in_front(counts)


def _metric(label: str, share: float | None, *, hint: str | None = None) -> None:
    """A share, where it is known: runs of older versions lack some."""
    if share is not None:
        st.metric(label, percent(share), border=True, width="content", help=hint)


def _parameters(results: Mapping[str, Any]) -> int | None:
    parameters = results.get("parameters")
    return parameters.get("total") if isinstance(parameters, Mapping) else None
