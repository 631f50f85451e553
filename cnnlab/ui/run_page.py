"""The Run page: a training while it happens, and the views of what came out of it."""

from __future__ import annotations

import json

import streamlit as st

from cnnlab.figures.text import escape_markdown
from cnnlab.runs import jobs
from cnnlab.runs.datasets import find_dataset
from cnnlab.runs.provenance import corrections_used, data_changes
from cnnlab.runs.runs import Run, get_run, run_events
from cnnlab.runs.states import RunState
from cnnlab.tuning.sweeps import find_sweep
from cnnlab.ui import (
    context,
    frame,
    run_actions,
    run_confidence,
    run_confusion,
    run_facts,
    run_inside,
    run_more_data,
    run_overview,
    run_pictures,
    run_share,
    views,
)
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA, RUN, SWEEP
from cnnlab.ui.home import TOUR
from cnnlab.ui.live import show_progress, state_badge
from cnnlab.workspace import RunFiles

POLL_SECONDS = 0.75
LOG_LINES = 40

OVERVIEW = "overview"
_VIEWS = {
    OVERVIEW: (":material/monitoring: Overview", run_overview.show),
    "mistakes": (":material/grid_on: Mistakes", run_confusion.show),
    "pictures": (":material/photo_library: Pictures", run_pictures.show),
    "confidence": (":material/percent: Confidence", run_confidence.show),
    "inside": (":material/visibility: Inside", run_inside.show),
    "more-data": (":material/add_photo_alternate: More pictures?", run_more_data.show),
    "share": (":material/ios_share: Share", run_share.show),
}
"""By the name in the address: label, and what draws the view. All but the first need a model."""


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
        _link_to_sweep(run)
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
    """The chosen view of what came out of a run; before there is a network only the first."""
    if not run.has_model:
        run_overview.show(run)
        return
    labels = {name: label for name, (label, _) in _VIEWS.items()}
    _, show = _VIEWS[views.choose_view(labels, key="run-view")]
    with frame.shown_errors():
        show(run)


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
        run_actions.delete(run)


def _link_to_sweep(run: Run) -> None:
    """The search that a run is a trial of, if it is still there."""
    sweep = None if run.sweep_id is None else find_sweep(context.store(), run.sweep_id)
    if sweep is not None:
        st.markdown("in the search")
        st.page_link(
            frame.TUNE,
            label=escape_markdown(sweep.name),
            icon=":material/tune:",
            query_params={SWEEP: sweep.id},
        )


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
    run_overview.curves(run)
