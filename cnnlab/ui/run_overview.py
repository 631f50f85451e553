"""The first view of a run: its figures, how it learnt, and what it is held against."""

from __future__ import annotations

import streamlit as st

from cnnlab.datasets.balance import is_uneven, majority_baseline
from cnnlab.datasets.splits import Split
from cnnlab.errors import CnnlabError
from cnnlab.figures.curves import plot_accuracy, plot_loss
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.runs.runs import Run, epoch_records
from cnnlab.ui import context, run_actions, run_facts
from cnnlab.ui.charts import show_chart
from cnnlab.ui.live import duration
from cnnlab.ui.results import evaluation_of


def show(run: Run) -> None:
    """Figures, what can be done next, curves and baselines, as far as there are any."""
    if run.has_model:
        _figures(run)
    run_actions.go_on(run)
    curves(run)
    if run.has_model:
        run_facts.ladder(run)


def curves(run: Run) -> None:
    """How the run has learnt so far, also while it goes on."""
    epochs = epoch_records(context.store(), run.id)
    if not epochs:
        if run.state.final:
            st.caption("No epoch was finished, so there are no curves.")
        return
    ended = run.state.final
    planned = None if ended else run.config.training.epochs
    best = run.results.get("best_epoch") if ended else None  # else of the part before a resume
    dark = context.is_dark()
    left, right = st.columns(2)
    with left:
        figure = plot_accuracy(
            epochs, best_epoch=best, baseline=_baseline(run), planned_epochs=planned, dark=dark
        )
        show_chart(figure, key=f"accuracy-{run.id}-{ended}")
    with right:
        figure = plot_loss(epochs, best_epoch=best, planned_epochs=planned, dark=dark)
        show_chart(figure, key=f"loss-{run.id}-{ended}")


def _figures(run: Run) -> None:
    """The figures of the saved model, those that matter most first."""
    metrics, results_ = run.metrics, run.results
    counts = {}
    try:
        counts = evaluation_of(run, Split.VALIDATION).class_counts
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
    names = ["accuracy", "balanced_accuracy", "macro_f1"]
    if is_uneven(counts):
        names = ["balanced_accuracy", "macro_f1", "accuracy"]
    split = "test" if "test_accuracy" in metrics else "validation"
    with st.container(horizontal=True):
        for name in names[:2]:
            label = f"{split.capitalize()} {name.replace('_', ' ')}"
            st.metric(label, percent(metrics[f"{split}_{name}"]), border=True)
        if split == "test":
            st.metric("Validation accuracy", percent(metrics["validation_accuracy"]), border=True)
        best = results_.get("best_epoch")
        st.metric("Best epoch", f"{best or '–'} of {results_['epochs']}", border=True)
        st.metric("Took", duration(results_["seconds"]), border=True)
        st.metric("Parameters", f"{results_['parameters']['total']:,}", border=True)


def _baseline(run: Run) -> float | None:
    """What always naming the largest class would reach on validation; None before the end."""
    if not (run.has_model and run.state.final):
        return None
    try:
        baseline = majority_baseline(evaluation_of(run, Split.VALIDATION).class_counts)
    except CnnlabError:
        return None
    return None if baseline is None else baseline.share
