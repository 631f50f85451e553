"""What can be done with a sweep: stop, resume, extend, open and compare its best, delete it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.runs import train_longer
from cnnlab.tuning.plan import MOST_TRIALS
from cnnlab.tuning.records import Sweep, SweepState, Trial, best_first, best_of_each_recipe
from cnnlab.tuning.space import RECIPE
from cnnlab.tuning.sweeps import extend_sweep, request_delete, resume_sweep, stop_sweep
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA, RUN, RUNS, remember
from cnnlab.ui.run_actions import tensorboard_link
from cnnlab.ui.sweep_form import again
from cnnlab.ui.sweep_table import trials_csv

_MORE_TRIALS, _MORE_EPOCHS = 10, 10


def show(sweep: Sweep, trials: Sequence[Trial], best: Trial | None) -> None:
    """A row of buttons."""
    with st.container(horizontal=True):
        if best is not None and best.run_id is not None:
            if st.button("Open the best", type="primary", icon=":material/monitoring:"):
                remember(RUN, best.run_id)
                go(frame.RUN, **{RUN: best.run_id})
            with st.popover("Train the best longer", icon=":material/more_time:"):
                _longer(best.run_id)
        pair, label = _best_two(sweep, trials)
        if pair and st.button(label, icon=":material/compare_arrows:"):
            go(frame.COMPARE, **{RUNS: ",".join(str(trial.run_id) for trial in pair)})
        if sweep.state is SweepState.RUNNING:
            if st.button(
                "Stop the search",
                icon=":material/stop_circle:",
                help="Makes no more trials; those at work go on from their last epoch when it is "
                "resumed",
            ):
                stop_sweep(context.store(), sweep.id)
                st.rerun()
        else:
            _go_on(sweep)
        if trials:
            st.download_button(
                "CSV",
                lambda: trials_csv(sweep, trials).encode(),
                file_name=f"{sweep.id}.csv",
                mime="text/csv",
                icon=":material/table:",
                on_click="ignore",
            )
        if st.button("Leaderboard", icon=":material/leaderboard:"):
            go(frame.LEADERBOARD, **{DATA: sweep.dataset_id})
        if sweep.plan.base.training.tensorboard and trials:
            tensorboard_link()
        made = next((trial.run_id for trial in trials if trial.run_id), None)
        if made is not None and st.button(
            "Change and search again",
            icon=":material/edit:",
            help="Fills the form with what this search did",
        ):
            go(frame.TUNE, **again(sweep, made))


def delete(sweep: Sweep) -> None:
    """The way to delete a sweep, which asks first."""
    with st.popover("Delete this search", icon=":material/delete:", type="tertiary"):
        st.markdown("The list of its trials will be gone for good. The runs that it made stay.")
        if st.button("Delete it", type="primary", key=f"delete-{sweep.id}"):
            request_delete(context.store(), sweep.id)
            go(frame.TUNE, **{DATA: sweep.dataset_id})


def _best_two(sweep: Sweep, trials: Sequence[Trial]) -> tuple[list[Trial], str]:
    """The trials to compare: the best two, or the best ones of two recipes."""
    if RECIPE in sweep.plan.space:
        best = best_of_each_recipe(trials, sweep.plan.objective)
        label = "Compare the best of two recipes"
    else:
        best, label = best_first(trials, sweep.plan.objective), "Compare the best two"
    return (best[:2] if len(best) > 1 else []), label


def _go_on(sweep: Sweep) -> None:
    if sweep.state is SweepState.STOPPED and st.button("Resume", icon=":material/resume:"):
        resume_sweep(context.store(), sweep.id)
        st.rerun()
    room = min(sweep.plan.search_space.combinations or MOST_TRIALS, MOST_TRIALS) - sweep.wanted
    if room < 1:
        return
    with st.popover("More trials", icon=":material/add:"):
        more = st.number_input("How many", 1, room, min(_MORE_TRIALS, room), key="more-trials")
        if sweep.state is SweepState.STOPPED:
            st.caption("The search is resumed with them.")
        if st.button("Search on", type="primary", key="extend-sweep"):
            _tried(lambda: extend_sweep(context.store(), sweep.id, int(more)))


def _longer(run_id: str) -> None:
    st.markdown("A new run goes on from the best trial's last epoch.")
    epochs = st.number_input("More epochs", 1, 10_000, _MORE_EPOCHS, key="longer-epochs")
    if st.button("Train longer", type="primary", key="longer-best"):
        try:
            longer = train_longer(context.store(), run_id, int(epochs))
        except CnnlabError as error:
            st.error(escape_markdown(error.message), icon=":material/error:")
            return
        remember(RUN, longer)
        go(frame.RUN, **{RUN: longer})


def _tried(action: Callable[[], object]) -> None:
    try:
        action()
    except CnnlabError as error:
        st.error(escape_markdown(error.message), icon=":material/error:")
        return
    st.rerun()
