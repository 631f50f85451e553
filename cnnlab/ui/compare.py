"""The panels of the Compare page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnlab.figures.text import escape_markdown
from cnnlab.reports.comparing import FEWEST, MOST
from cnnlab.runs.runs import Run, get_run, list_runs
from cnnlab.ui import (
    compare_curves,
    compare_pictures,
    compare_verdict,
    context,
    frame,
    views,
)
from cnnlab.ui.address import asked
from cnnlab.ui.addressed import choose_many, choose_one
from cnnlab.ui.choices import DATA, RUNS, run_label
from cnnlab.ui.home import try_it_now

REFERENCE = "against"

_VERDICT, _CURVES, _PICTURES = "verdict", "curves", "pictures"
_VIEWS = {
    _VERDICT: ":material/gavel: Which is better?",
    _CURVES: ":material/monitoring: Curves and settings",
    _PICTURES: ":material/grid_on: Where they disagree",
}


def show() -> None:
    """Draw the page."""
    everything = list_runs(context.store())
    if not everything:
        st.info("No runs yet.")
        try_it_now()
        return
    runs = _choose_runs(everything)
    if len(runs) < FEWEST:
        st.info(f"Choose {FEWEST} to {MOST} runs above, or tick them in the leaderboard.")
        place = {DATA: runs[0].dataset_id} if runs else {}
        st.page_link(
            frame.LEADERBOARD,
            label="Leaderboard",
            icon=":material/leaderboard:",
            query_params=place,
        )
        return
    _warn(runs)
    runs = _reference_first(runs)
    view = views.choose_view(_VIEWS, key="compare-view")
    with frame.shown_errors():
        if view == _VERDICT:
            compare_verdict.show(runs, everything)
        elif view == _CURVES:
            compare_curves.show(runs)
        else:
            compare_pictures.show(runs)


def _choose_runs(everything: Sequence[Run]) -> list[Run]:
    """The runs that the address or the user names.

    Raises:
        RunError: If the address names one that does not exist.
    """
    known = {run.id: run for run in everything}
    wanted = [run_id for run_id in (asked(RUNS) or "").split(",") if run_id]
    named = [known.get(run_id) or get_run(context.store(), run_id) for run_id in wanted]
    datasets = {run.dataset_id for run in named}
    others = sorted(everything, key=lambda run: run.dataset_id not in datasets)
    by_id = {run.id: run for run in (*others, *named)}  # those of the same data set first
    chosen = choose_many(
        "Runs",
        RUNS,
        list(by_id),
        format_option=lambda run_id: run_label(by_id[run_id]),
        most=MOST,
        placeholder=f"{FEWEST} to {MOST} runs",
    )
    return [by_id[run_id] for run_id in chosen]


def _reference_first(runs: Sequence[Run]) -> list[Run]:
    """The runs with the one that the others are held against in front."""
    if len(runs) == FEWEST:
        return list(runs)
    with st.container(width=420):
        reference = choose_one(
            "Hold the others against", REFERENCE, {run.id: run_label(run) for run in runs}
        )
    return sorted(runs, key=lambda run: run.id != reference)


def _warn(runs: Sequence[Run]) -> None:
    """Say what makes the runs hard to compare."""
    if len({run.dataset_id for run in runs}) > 1:
        names = ", ".join(dict.fromkeys(escape_markdown(run.dataset_name) for run in runs))
        st.warning(
            f"These runs are of different data sets ({names}). Their accuracies cannot be held "
            "against each other.",
            icon=":material/warning:",
        )
    waiting = [run for run in runs if not run.state.final]
    if waiting:
        names = ", ".join(escape_markdown(run.id) for run in waiting)
        st.info(f"Not finished yet: {names}.", icon=":material/hourglass_empty:")
