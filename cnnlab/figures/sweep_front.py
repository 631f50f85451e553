"""Chart of two objectives against each other, with the trials that no other one beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.sweep_words import field_lines, objective_title
from cnnlab.figures.theme import PALETTE, shades, style
from cnnlab.tuning.importance import pareto_front
from cnnlab.tuning.plan import SweepPlan
from cnnlab.tuning.records import Trial, with_results


class Point(NamedTuple):
    """One trial: its number from 1, both results, and what hovers."""

    number: int
    x: float
    y: float
    text: str


class SweepFrontInfo(NamedTuple):
    """What the chart shows.

    Attributes:
        x_title, y_title: Of the second and the first objective.
        front: Trials that no other one beats in both, from one end to the other.
        others: All other trials with a result.
    """

    x_title: str
    y_title: str
    front: tuple[Point, ...]
    others: tuple[Point, ...]


def sweep_front_info(plan: SweepPlan, trials: Sequence[Trial]) -> SweepFrontInfo:
    """Gather what `draw_sweep_front` needs.

    Raises:
        ValueError: If the sweep has one objective only.
    """
    if len(plan.objectives) != 2:
        raise ValueError(f"two objectives are needed. Received: {list(plan.objectives)}")
    first, second = plan.objectives
    front = pareto_front(plan, trials)
    best = {trial.number for trial in front}
    done = with_results(trials)
    return SweepFrontInfo(
        x_title=objective_title(second),
        y_title=objective_title(first),
        front=tuple(map(_point, front)),
        others=tuple(_point(trial) for trial in done if trial.number not in best),
    )


def plot_sweep_front(plan: SweepPlan, trials: Sequence[Trial], *, dark: bool = False) -> go.Figure:
    """Draw both objectives of each trial.

    Args:
        plan: Of a sweep with two objectives.
        trials: Its trials; may be empty.
        dark: Whether the figure stands on a dark page.
    """
    return draw_sweep_front(sweep_front_info(plan, trials), dark=dark)


def draw_sweep_front(info: SweepFrontInfo, *, dark: bool) -> go.Figure:
    """Draw what `sweep_front_info` gathered."""
    figure = go.Figure()
    for points, name, look in (
        (info.others, "other trials", {"color": shades(dark).muted, "size": 8, "opacity": 0.6}),
        (info.front, "not beaten in both", {"color": PALETTE[1], "size": 11}),
    ):
        figure.add_scatter(
            x=[point.x for point in points],
            y=[point.y for point in points],
            mode="markers" if name == "other trials" else "lines+markers",
            line={"width": 1.5, "dash": "dot", "color": PALETTE[1]},
            marker=look,
            name=name,
            customdata=[[point.number, point.text] for point in points],
            hovertemplate=(
                "trial %{customdata[0]}<br>%{y:.4g}, %{x:.4g}<br>%{customdata[1]}<extra></extra>"
            ),
            uid=name,
        )
    figure.update_xaxes(title_text=info.x_title, fixedrange=True)
    figure.update_yaxes(title_text=info.y_title, fixedrange=True)
    figure.update_layout(margin_b=64)
    return style(
        figure,
        dark=dark,
        title="What one objective costs in the other",
        subtitle=f"{info.y_title} against {info.x_title}",
        height_px=400,
    )


def _point(trial: Trial) -> Point:
    first, second = trial.results or (0.0, 0.0)
    return Point(trial.number + 1, second, first, field_lines(trial.fields))
