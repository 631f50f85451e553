"""The panels of the Run page."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from cnnlab.datasets.balance import is_uneven, majority_baseline
from cnnlab.datasets.splits import Split
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.metrics import (
    Evaluation,
    evaluate,
    most_confused_pairs,
)
from cnnlab.evaluation.predictions import Predictions
from cnnlab.figures.confusion import plot_confusion
from cnnlab.figures.curves import plot_accuracy, plot_loss
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.runs import jobs
from cnnlab.runs.datasets import find_dataset
from cnnlab.runs.provenance import corrections_used, data_changes
from cnnlab.runs.runs import Run, epoch_records, get_run, run_events
from cnnlab.runs.states import RunState
from cnnlab.ui import context, frame, run_actions, run_facts
from cnnlab.ui.address import go
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import DATA, RUN
from cnnlab.ui.data import predictions_of
from cnnlab.ui.home import TOUR
from cnnlab.ui.live import duration, show_progress, state_badge
from cnnlab.workspace import RunFiles

POLL_SECONDS = 0.75
LOG_LINES = 40
_CONFUSED_PAIRS = 3


def headline(run: Run) -> None:
    """State, recipe and data of a run, and the sentence that goes with its state."""
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(run.state)
        st.markdown(f"{escape_markdown(run.recipe)} on")
        if find_dataset(context.store(), run.dataset_id) is None:
            st.markdown(f"{escape_markdown(run.dataset_name)} (removed)")
        else:
            st.page_link(
                frame.SAMPLES,
                label=escape_markdown(run.dataset_name),
                icon=":material/photo_library:",
                query_params={DATA: run.dataset_id},
            )
    changes = data_changes(context.store(), run)
    if changes:
        st.warning(escape_markdown(changes), icon=":material/difference:")
    used = corrections_used(run)
    if used:
        st.caption(used)
    message = run.job.message
    if message:
        sentence = escape_markdown(message)
        if run.state in (RunState.FAILED, RunState.INTERRUPTED):
            st.error(sentence, icon=":material/error:")
        else:
            st.info(sentence, icon=":material/info:")


def follow(run: Run) -> None:
    """State, progress, Stop, and the curves as they grow; the page renews itself at the end."""
    frame.fragment(_follow, every_seconds=POLL_SECONDS)(run.id)


def results(run: Run) -> None:
    """Figures, curves, confusion matrix and the table of classes, as far as there are any."""
    if run.has_model:
        _figures(run)
    run_actions.go_on(run)
    _curves(run)
    if run.has_model:
        run_facts.ladder(run)
        _confusion(run)


def details(run: Run) -> None:
    """Configuration, events, log, and the way to delete the run."""
    for event in run_events(context.store(), run.id):
        if event.level == "warning":
            st.warning(escape_markdown(event.message), icon=":material/warning:")
    with st.expander("Configuration", icon=":material/settings:"):
        st.json(json.loads(run.config.to_json()), expanded=1)
    log = RunFiles(context.workspace().run_folder(run.id)).log
    if log.exists() and run.state in (RunState.FAILED, RunState.INTERRUPTED):
        with st.expander("What the worker printed", icon=":material/terminal:"):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            st.code("\n".join(lines[-LOG_LINES:]) or "Nothing.", language=None)
    if run.has_model:
        with st.expander("Time and memory", icon=":material/speed:"):
            run_facts.prediction(run)
    if run.state.final:
        run_actions.take_along(run)
        run_actions.delete(run)


def _follow(run_id: str) -> None:
    run = get_run(context.store(), run_id)
    context.attend()
    if run.state.final:
        if run.state is RunState.COMPLETED and st.query_params.get(TOUR):
            go(frame.CLASSIFY, **{RUN: run.id, TOUR: "1"})
        st.rerun()
    headline(run)
    progress, stop = st.columns([5, 1], vertical_alignment="center")
    with progress:
        show_progress(run)
    with stop:
        if st.button(
            "Stop",
            icon=":material/stop_circle:",
            disabled=run.state is RunState.STOPPING,
            help="Ends within a batch and keeps the best model so far",
            width="stretch",
        ):
            jobs.request_stop(context.store(), run.job.id)
            st.rerun(scope="fragment")
    _curves(run)


def _figures(run: Run) -> None:
    """The figures of the saved model, those that matter most first."""
    metrics, results_ = run.metrics, run.results
    counts = {}
    try:
        counts = _evaluation(run, Split.VALIDATION).class_counts
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


def _curves(run: Run) -> None:
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


def _baseline(run: Run) -> float | None:
    """What always naming the largest class would reach on validation; None before the end."""
    if not (run.has_model and run.state.final):
        return None
    try:
        baseline = majority_baseline(_evaluation(run, Split.VALIDATION).class_counts)
    except CnnlabError:
        return None
    return None if baseline is None else baseline.share


def _confusion(run: Run) -> None:
    """Which class is taken for which, and how each class fares."""
    try:
        splits = [split for split in (Split.TEST, Split.VALIDATION) if _has(run, split)]
        st.subheader("Where it fails")
        split, by_share = _confusion_options(splits)
        evaluation = _evaluation(run, split)
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    matrix, table = st.columns([3, 2], gap="large")
    with matrix:
        show_chart(
            plot_confusion(
                evaluation.confusion,
                evaluation.class_names,
                by_share=by_share,
                dark=context.is_dark(),
            ),
            key=f"confusion-{run.id}",
        )
    with table:
        _say_confused(evaluation)
        _class_table(evaluation)


def _confusion_options(splits: list[Split]) -> tuple[Split, bool]:
    with st.container(horizontal=True):
        split = st.segmented_control(
            "Pictures",
            splits,
            default=splits[0],
            required=True,
            format_func=lambda split: f"{split.value} pictures",
            label_visibility="collapsed",
        )
        by_share = st.toggle("Share of the true class")
    return Split(split or splits[0]), by_share


def _say_confused(evaluation: Evaluation) -> None:
    pairs = most_confused_pairs(evaluation.confusion, _CONFUSED_PAIRS)
    if not pairs:
        st.markdown("Every picture was recognised.")
        return
    names = evaluation.class_names
    lines = [
        f"- {pair.count} of “{escape_markdown(names[pair.true])}” taken for "
        f"“{escape_markdown(names[pair.predicted])}”"
        for pair in pairs
    ]
    st.markdown("Most often confused:\n" + "\n".join(lines))


def _class_table(evaluation: Evaluation) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "class": name,
                    "precision": scores.precision,
                    "recall": scores.recall,
                    "F1": scores.f1,
                    "pictures": scores.support,
                }
                for name, scores in zip(evaluation.class_names, evaluation.per_class, strict=True)
            ]
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("precision", "recall", "F1")
        },
    )


def _has(run: Run, split: Split) -> bool:
    return bool((predictions_of(run.id).splits == split.value).any())


def _evaluation(run: Run, split: Split) -> Evaluation:
    predictions: Predictions = predictions_of(run.id)
    return evaluate(predictions.select(split))
