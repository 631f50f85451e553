"""A run while it happens: state, progress, time left."""

from __future__ import annotations

import streamlit as st

from cnnlab.figures.text import duration
from cnnlab.runs import jobs
from cnnlab.runs.runs import Run
from cnnlab.runs.states import RunState
from cnnlab.ui import context

_BADGES = {
    RunState.QUEUED: ("gray", ":material/hourglass_empty:"),
    RunState.RUNNING: ("blue", ":material/sync:"),
    RunState.STOPPING: ("orange", ":material/stop_circle:"),
    RunState.COMPLETED: ("green", ":material/check_circle:"),
    RunState.STOPPED: ("orange", ":material/stop_circle:"),
    RunState.FAILED: ("red", ":material/error:"),
    RunState.INTERRUPTED: ("red", ":material/power_off:"),
}


def state_badge(state: RunState) -> None:
    """The state as a coloured word."""
    colour, icon = _BADGES[state]
    st.badge(state.value, color=colour, icon=icon)  # type: ignore[arg-type]


def show_progress(run: Run) -> None:
    """A bar with what the worker does now, and how long it will take."""
    share, text = progress_of(run)
    st.progress(share, text)
    if run.state is RunState.QUEUED:
        ahead = jobs.queue_position(context.store(), run.job)
        if ahead:
            st.caption(f"{ahead} {'run is' if ahead == 1 else 'runs are'} before this one.")


def progress_of(run: Run) -> tuple[float, str]:
    """Share of the work that is done, 0-1, and a sentence about it."""
    said = run.job.progress
    phase = said.get("phase")
    if run.state is RunState.QUEUED or phase is None:
        return 0.0, "Waiting for a worker process"
    if phase != "training":
        total = said.get("total") or 0
        done = said.get("done", 0)
        counted = f": {done:,} of {total:,}" if total else ""
        return (done / total if total else 0.0), f"{str(phase).capitalize()}{counted}"
    batches = said["batches"]
    done = (said["epoch"] - 1) * batches + said["batch"]
    text = f"Epoch {said['epoch']} of {said['epochs']}, batch {said['batch']} of {batches}"
    if said.get("seconds_left") is not None:
        text += f" · {duration(said['seconds_left'])} left"
    return done / (said["epochs"] * batches), text
