"""One sweep on the Tune page: progress, what can be done, its trials and its charts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from cnnlab.figures.sweep_words import objective_title
from cnnlab.figures.text import duration, escape_markdown
from cnnlab.reports.sweep_answer import fields_text, sweep_answer
from cnnlab.runs.runs import EpochRecord, epochs_by_run
from cnnlab.tuning.records import Sweep, SweepState, Trial, best_trial
from cnnlab.tuning.sweeps import get_sweep, list_trials
from cnnlab.ui import context, frame, sweep_actions, sweep_charts
from cnnlab.ui.sweep_table import show_trials

POLL_SECONDS = 1.5
_FIRST_PACE = 0.5  # trials that must be done before the pace says anything


def show(sweep: Sweep) -> None:
    """Draw a sweep; one that is running renews itself."""
    if sweep.state is SweepState.RUNNING:
        frame.fragment(_follow, every_seconds=POLL_SECONDS)(sweep.id)
        return
    trials = list_trials(context.store(), sweep.id)
    if sweep.message:
        st.info(escape_markdown(sweep.message), icon=":material/info:")
    _draw(sweep, trials)
    sweep_actions.delete(sweep)


def summary(sweep: Sweep) -> str:
    """A sweep in a few words: trials and the best result."""
    trials = list_trials(context.store(), sweep.id)
    ended = sum(not trial.state.open for trial in trials)
    best = best_trial(trials, sweep.plan.objective)
    words = f"{ended} of {sweep.wanted} trials"
    if best is None or not best.results:
        return f"{words} · none with a result" if ended else words
    return f"{words} · {objective_title(sweep.plan.objective)} {best.results[0]:.4g}"


def _follow(sweep_id: str) -> None:
    sweep = get_sweep(context.store(), sweep_id)
    context.attend()
    if sweep.state is not SweepState.RUNNING:
        st.rerun()
    trials = list_trials(context.store(), sweep_id)
    _draw(sweep, trials)


def _draw(sweep: Sweep, trials: Sequence[Trial]) -> None:
    ended = [trial for trial in trials if not trial.state.open]
    epochs = epochs_by_run(context.store(), [trial.run_id for trial in trials if trial.run_id])
    if sweep.state is SweepState.RUNNING:
        text = f"{len(ended)} of {sweep.wanted} trials"
        done = len(ended) + _begun(sweep, trials, epochs)
        left = _seconds_left(sweep, trials, done)
        if left is not None:
            text += f" · about {duration(left)} left"
        st.progress(min(1.0, done / sweep.wanted), text)
    best = best_trial(trials, sweep.plan.objective)
    _headline(sweep, trials, best)
    sweep_actions.show(sweep, trials, best)
    if trials:
        show_trials(sweep, trials, epochs)
        sweep_charts.show(sweep, trials, epochs)
    else:
        st.caption("The first trial begins in a moment.")


def _headline(sweep: Sweep, trials: Sequence[Trial], best: Trial | None) -> None:
    """The best result so far; at the end, what was found out."""
    if best is None or not best.results:
        if sweep.state is SweepState.COMPLETED:
            reasons = {trial.message for trial in trials if trial.message}
            text = "No trial has a result."
            if len(reasons) == 1:
                text += f" Each of them: {reasons.pop()}"
            elif reasons:
                text += " Why, is said at the end of each row."
            st.info(escape_markdown(text), icon=":material/info:")
        return
    with st.container(horizontal=True):
        st.metric(
            f"Best {objective_title(sweep.plan.objective)}", f"{best.results[0]:.4g}", border=True
        )
        st.metric("Best trial", f"{best.number + 1}", border=True)
        ended = sum(not trial.state.open for trial in trials)
        st.metric("Trials", f"{ended} of {sweep.wanted}", border=True)
    if sweep.state is SweepState.RUNNING:
        st.caption(escape_markdown(fields_text(sweep.plan, best)))
        return
    results = tuple((trial.number, trial.results) for trial in trials)
    for sentence in _answer(sweep, sweep.id, results):
        st.markdown(escape_markdown(sentence))


@st.cache_data(max_entries=32, show_spinner=False)
def _answer(_sweep: Sweep, sweep_id: str, results: object) -> list[str]:
    """What was found out; sweep and results decide whether it is still true."""
    trials = list_trials(context.store(), _sweep.id)
    return sweep_answer(context.store(), context.workspace(), _sweep, trials)


def _begun(
    sweep: Sweep, trials: Sequence[Trial], epochs: Mapping[str, Sequence[EpochRecord]]
) -> float:
    """How much of the open trials is done, in trials, by their epochs."""
    done = 0.0
    for trial in trials:
        if trial.state.open and trial.run_id:
            planned = trial.fields.get("training.epochs", sweep.plan.base.training.epochs)
            done += min(1.0, len(epochs[trial.run_id]) / planned)
    return done


def _seconds_left(sweep: Sweep, trials: Sequence[Trial], done: float) -> float | None:
    """From the pace so far; None before half a trial is done."""
    if done < _FIRST_PACE:
        return None
    elapsed = time.time() - min(trial.begun_at for trial in trials)
    return elapsed / done * max(0.0, sweep.wanted - done)
