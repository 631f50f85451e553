"""Chart of a sweep's results, trial by trial, with the best so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.sweep_words import field_lines, objective_title
from cnnlab.figures.theme import PALETTE, shades, style
from cnnlab.tuning.plan import Objective
from cnnlab.tuning.records import Trial, TrialState, with_results

FEWEST_TRIALS = 6  # the axis is at least so long, so that its ticks are whole numbers


class SweepHistoryInfo(NamedTuple):
    """What the chart shows; trials are counted from 1.

    Attributes:
        title: Of the objective.
        numbers, values, texts: Of trials with a result: number, result, values of their fields.
        best_numbers, best_values: The best result up to each of them.
        pruned, reached: Of trials that were ended early: number, what they had reached.
        higher_is_better: Of the objective.
    """

    title: str
    numbers: tuple[int, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...]
    best_numbers: tuple[int, ...]
    best_values: tuple[float, ...]
    pruned: tuple[int, ...]
    reached: tuple[float, ...]
    higher_is_better: bool


def sweep_history_info(
    objective: Objective, trials: Sequence[Trial], reached: Mapping[int, float]
) -> SweepHistoryInfo:
    """Gather what `draw_sweep_history` needs; see `plot_sweep_history`."""
    done = with_results(trials)
    values = [trial.results[0] for trial in done if trial.results]
    better = max if objective.higher_is_better else min
    best: list[float] = []
    for value in values:
        best.append(better(value, best[-1]) if best else value)
    numbers = tuple(trial.number + 1 for trial in done)
    pruned = [
        trial for trial in trials if trial.state is TrialState.PRUNED and trial.number in reached
    ]
    return SweepHistoryInfo(
        title=objective_title(objective),
        numbers=numbers,
        values=tuple(values),
        texts=tuple(field_lines(trial.fields) for trial in done),
        best_numbers=numbers,
        best_values=tuple(best),
        pruned=tuple(trial.number + 1 for trial in pruned),
        reached=tuple(reached[trial.number] for trial in pruned),
        higher_is_better=objective.higher_is_better,
    )


def plot_sweep_history(
    objective: Objective,
    trials: Sequence[Trial],
    reached: Mapping[int, float] | None = None,
    *,
    dark: bool = False,
) -> go.Figure:
    """Draw each trial's result and the best so far.

    Args:
        objective: The first one of the sweep.
        trials: In the order of their numbers; may be empty.
        reached: The best value of trials that were ended early, by their number; of those without
            one nothing is drawn.
        dark: Whether the figure stands on a dark page.
    """
    return draw_sweep_history(sweep_history_info(objective, trials, reached or {}), dark=dark)


def draw_sweep_history(info: SweepHistoryInfo, *, dark: bool) -> go.Figure:
    """Draw what `sweep_history_info` gathered."""
    colours = shades(dark)
    figure = go.Figure()
    figure.add_scatter(
        x=info.best_numbers,
        y=info.best_values,
        mode="lines",
        line={"color": PALETTE[2], "width": 2.5, "shape": "hv"},
        name="best so far",
        hoverinfo="skip",
        uid="best",
    )
    figure.add_scatter(
        x=info.numbers,
        y=info.values,
        mode="markers",
        marker={"color": PALETTE[0], "size": 9},
        customdata=[[number, text] for number, text in zip(info.numbers, info.texts, strict=True)],
        hovertemplate="trial %{x}<br>%{y:.4g}<br>%{customdata[1]}<extra></extra>",
        name="trial",
        uid="trials",
    )
    if info.pruned:
        figure.add_scatter(
            x=info.pruned,
            y=info.reached,
            mode="markers",
            marker={"color": colours.muted, "size": 9, "symbol": "x-thin-open"},
            hovertemplate="trial %{x}<br>%{y:.4g} when pruned<extra></extra>",
            name="pruned",
            uid="pruned",
        )
    last = max((*info.numbers, *info.pruned), default=0)
    figure.update_xaxes(
        title_text="trial",
        range=[0, max(FEWEST_TRIALS, last) + 1],
        fixedrange=True,
        tickformat="d",
    )
    figure.update_yaxes(title_text=info.title, fixedrange=True)
    figure.update_layout(margin_b=64)
    word = "higher" if info.higher_is_better else "lower"
    return style(
        figure,
        dark=dark,
        title="Best so far",
        subtitle=f"{info.title}, {word} is better",
        height_px=360,
    )
