"""Work in the background, as a bar on a page."""

from __future__ import annotations

import streamlit as st

from cnnlab.figures.text import escape_markdown
from cnnlab.runs import jobs
from cnnlab.runs.jobs import Job
from cnnlab.runs.states import RunState
from cnnlab.ui import context, frame

POLL_SECONDS = 0.5
_BYTES = ("downloading", "unpacking")  # phases that count bytes


def follow_job(job: Job | None, title: str) -> bool:
    """Show a job that waits or runs, with a way to stop it; True while it does.

    A job that failed is shown with its sentence; the page is drawn anew when a job ends.

    Args:
        job: The newest of its kind; None if there never was one.
        title: What is done, for as long as the worker has not said more.
    """
    if job is None or job.state.final:
        if job is not None and job.state in (RunState.FAILED, RunState.INTERRUPTED):
            sentence = escape_markdown(job.message or "It did not finish.")
            st.error(sentence, icon=":material/error:")
        return False
    frame.fragment(_follow, every_seconds=POLL_SECONDS)(job.id, title)
    return True


def progress_text(job: Job, title: str) -> tuple[float, str]:
    """Share of the work that is done, 0-1, and a sentence about it."""
    said = job.progress
    phase = str(said.get("phase") or title)
    text = phase[:1].upper() + phase[1:]
    done, total = said.get("done", 0), said.get("total", 0)
    if job.state is RunState.QUEUED:
        return 0.0, f"{text}: waiting for a process"
    if not total:
        return 0.0, f"{text} …"
    if phase in _BYTES:
        return min(done / total, 1.0), f"{text}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
    return min(done / total, 1.0), f"{text}: {done:,} of {total:,}"


def _follow(job_id: int, title: str) -> None:
    job = jobs.get_job(context.store(), job_id)
    context.attend()
    if job.state.final:
        st.rerun()
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    with bar:
        st.progress(*progress_text(job, title))
    with stop:
        if st.button(
            "Stop",
            key=f"stop-{job_id}",
            type="tertiary",
            icon=":material/stop_circle:",
            disabled=job.state is RunState.STOPPING,
        ):
            jobs.request_stop(context.store(), job_id)
            st.rerun(scope="fragment")
