"""The panels of the Train page that try something before the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cnnlab.config import Precision, RunConfig
from cnnlab.figures.rate_search import plot_rate_search
from cnnlab.figures.text import duration
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.scheduler import ensure_scheduler
from cnnlab.runs.trials import Question, TrialRequest, latest_trial, submit_trial, trial_result
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.jobs import follow_job
from cnnlab.ui.network_view import human_bytes
from cnnlab.ui.run_facts import PRECISIONS, duration_exact


def try_steps(dataset: Dataset, config: RunConfig, *, trainings: int | None = None) -> None:
    """A button that trains a few steps, then the time and memory that the training will take.

    Args:
        dataset: What would be trained on.
        config: How.
        trainings: How many trials of a search are more or less like it; None for a training alone.
    """
    result = _ask(
        TrialRequest.about(Question.PACE, config),
        dataset,
        "Try a few steps",
        icon=":material/timer:",
    )
    if result is None:
        what = "the training" if trainings is None else "the search"
        st.caption(f"Says how long {what} will take and how much memory, before you start it.")
        return
    with st.container(horizontal=True):
        st.metric("An epoch", duration_exact(result["seconds_per_epoch"]), border=True)
        if trainings is None:
            st.metric("The whole training", duration(result["seconds"]), border=True)
        else:
            label = "One trial" if trainings == 1 else f"{trainings:,} trials"
            st.metric(label, duration(trainings * result["seconds"]), border=True)
        st.metric("Memory", human_bytes(result["memory_bytes"]), border=True)
    steps = ", ".join(
        f"{PRECISIONS[Precision(name)]} {1000 * seconds:.0f} ms a step"
        for name, seconds in result["seconds_per_step"].items()
    )
    st.caption(
        f"Measured: {steps}. Chosen: {PRECISIONS[Precision(result['precision'])]}; short runs stay "
        "in float32." + (" Without the fine-tuning." if config.training.fine_tuning else "")
    )
    if trainings is not None:
        st.caption(
            "As if every trial were the network that they have in common: larger ones take longer, "
            "those ended early less."
        )


def find_rate(dataset: Dataset, config: RunConfig, *, rate_key: str) -> None:
    """A button that looks for a learning rate, then the loss over the rate.

    Args:
        dataset: What would be trained on.
        config: How.
        rate_key: Where the session keeps the learning rate's widget, for the user to take over
            what is suggested.
    """
    result = _ask(
        TrialRequest.about(Question.RATE, config),
        dataset,
        "Find a learning rate",
        icon=":material/search_insights:",
    )
    if result is None:
        st.caption("Raises the rate step by step, for a hundred steps, and watches the loss.")
        return
    suggestion: float | None = result["suggestion"]
    show_chart(
        plot_rate_search(
            result["rates"], result["losses"], suggestion=suggestion, dark=context.is_dark()
        ),
        key="rate-search",
    )
    if suggestion is None:
        st.info("The loss never fell: nothing can be suggested. Look at the pictures first.")
        return
    rounded = float(f"{suggestion:.1e}")
    st.button(
        f"Use {rounded:g}",
        icon=":material/check:",
        key="use-rate",
        on_click=lambda: st.session_state.update({rate_key: rounded}),
    )


def _ask(
    request: TrialRequest, dataset: Dataset, title: str, *, icon: str
) -> Mapping[str, Any] | None:
    """The trial's answer for exactly this configuration; a way to ask where there is none."""
    job = latest_trial(context.store(), dataset.id, request)
    if follow_job(job, title):
        return None
    result = None if job is None else trial_result(job)
    again = "Measure again" if result is not None else title
    if st.button(again, icon=icon, key=f"ask-{request.question.value}"):
        submit_trial(context.store(), dataset.id, request)
        ensure_scheduler(context.workspace())
        st.rerun()
    return result
