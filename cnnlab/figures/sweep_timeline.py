"""Chart of when each trial of a sweep was at work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.sweep_history import FEWEST_TRIALS
from cnnlab.figures.sweep_words import field_lines
from cnnlab.figures.text import duration
from cnnlab.figures.theme import PALETTE, shades, style
from cnnlab.tuning.records import Trial, TrialState

_STATES = {
    TrialState.COMPLETED: "completed",
    TrialState.RUNNING: "running",
    TrialState.PAUSED: "paused",
    TrialState.PRUNED: "pruned",
    TrialState.STOPPED: "stopped",
    TrialState.FAILED: "failed",
}


class Bar(NamedTuple):
    """One trial: its number from 1, state, begin and length in minutes, and what hovers."""

    number: int
    state: TrialState
    begin: float
    minutes: float
    text: str


def sweep_timeline_info(trials: Sequence[Trial], now: float) -> tuple[Bar, ...]:
    """Gather what `draw_sweep_timeline` needs; minutes count from the first trial's begin."""
    if not trials:
        return ()
    start = min(trial.begun_at for trial in trials)
    bars = []
    for trial in trials:
        end = trial.finished_at or now
        text = f"{duration(max(0.0, end - trial.begun_at))}<br>{field_lines(trial.fields)}"
        begin, minutes = (trial.begun_at - start) / 60, max(0.0, end - trial.begun_at) / 60
        bars.append(Bar(trial.number + 1, trial.state, begin, minutes, text))
    return tuple(bars)


def plot_sweep_timeline(trials: Sequence[Trial], now: float, *, dark: bool = False) -> go.Figure:
    """Draw when each trial was at work.

    Args:
        trials: In the order of their numbers; may be empty.
        now: Seconds since 1970; the end of trials that are open.
        dark: Whether the figure stands on a dark page.
    """
    return draw_sweep_timeline(sweep_timeline_info(trials, now), dark=dark)


def draw_sweep_timeline(bars: Sequence[Bar], *, dark: bool) -> go.Figure:
    """Draw what `sweep_timeline_info` gathered."""
    colours = shades(dark)
    look = {
        TrialState.COMPLETED: PALETTE[2],
        TrialState.RUNNING: PALETTE[4],
        TrialState.PAUSED: PALETTE[14],
        TrialState.PRUNED: colours.line,
        TrialState.STOPPED: PALETTE[14],
        TrialState.FAILED: PALETTE[5],
    }
    figure = go.Figure()
    for state, name in _STATES.items():
        chosen = [bar for bar in bars if bar.state is state]
        if not chosen:
            continue
        figure.add_bar(
            x=[bar.minutes for bar in chosen],
            y=[bar.number for bar in chosen],
            base=[bar.begin for bar in chosen],
            orientation="h",
            width=0.75,  # else the bars of a state are as wide as its trials are apart
            marker_color=look[state],
            name=name,
            customdata=[[bar.text] for bar in chosen],
            hovertemplate="trial %{y}: " + name + "<br>%{customdata[0]}<extra></extra>",
            uid=state.value,
        )
    figure.update_xaxes(title_text="minutes", rangemode="tozero", fixedrange=True)
    figure.update_yaxes(
        title_text="trial",
        range=[max((FEWEST_TRIALS, *(bar.number for bar in bars))) + 0.6, 0.4],
        tickformat="d",
        showgrid=False,
        fixedrange=True,
    )
    figure.update_layout(barmode="overlay", margin_b=64, showlegend=True)
    return style(
        figure,
        dark=dark,
        title="Timeline",
        height_px=min(900, max(260, 130 + 16 * len(bars))),
    )
