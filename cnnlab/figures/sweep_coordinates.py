"""Parallel coordinates: each trial as a line through its values, coloured by its result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from cnnlab.config.differences import field_title
from cnnlab.figures.sweep_words import objective_title, value_text
from cnnlab.figures.text import escape, shorten
from cnnlab.figures.theme import shades, style
from cnnlab.tuning.plan import SweepPlan
from cnnlab.tuning.records import Trial, with_results
from cnnlab.tuning.space import Choice

PHONE_FIELDS = 3  # for whose axes there is room on a phone
_TITLE_LENGTH, _NARROW_TITLE_LENGTH = 24, 13
_APART = 0.08  # of an axis, between two of its ticks
_MOST_TICKS = 12


class Axis(NamedTuple):
    """One upright axis.

    Attributes:
        title: Of the field or the objective.
        places: Of each trial on the axis.
        ticks, labels: What stands beside the axis; empty for plain numbers.
    """

    title: str
    places: tuple[float, ...]
    ticks: tuple[float, ...]
    labels: tuple[str, ...]


class SweepCoordinatesInfo(NamedTuple):
    """What the chart shows.

    Attributes:
        axes: Of the fields, then of the objectives.
        results: Of the first objective, which gives the colours.
        higher_is_better: Of the first objective.
        left_out: Trials without a result.
        fields, shown: How many fields vary, and how many of them have an axis.
    """

    axes: tuple[Axis, ...]
    results: tuple[float, ...]
    higher_is_better: bool
    left_out: int
    fields: int
    shown: int


def sweep_coordinates_info(
    plan: SweepPlan, trials: Sequence[Trial], *, most_fields: int | None = None
) -> SweepCoordinatesInfo:
    """Gather what `draw_sweep_coordinates` needs; see `plot_sweep_coordinates`."""
    done = with_results(trials)
    parameters = plan.search_space.parameters
    length = _TITLE_LENGTH if most_fields is None else _NARROW_TITLE_LENGTH
    axes = []
    for name, parameter in list(parameters.items())[:most_fields]:
        values = [trial.fields.get(name) for trial in done]
        title = escape(shorten(field_title(name), length))
        if isinstance(parameter, Choice):
            axes.append(_choice_axis(title, parameter, values))
        elif parameter.log:
            axes.append(_log_axis(title, values))
        else:
            axes.append(Axis(title, tuple(float(value or 0) for value in values), (), ()))
    shown = len(axes)
    for place, objective in enumerate(plan.objectives):
        results = tuple(trial.results[place] for trial in done if trial.results)
        axes.append(Axis(shorten(objective_title(objective), length), results, (), ()))
    return SweepCoordinatesInfo(
        axes=tuple(axes),
        results=tuple(trial.results[0] for trial in done if trial.results),
        higher_is_better=plan.objective.higher_is_better,
        left_out=len(trials) - len(done),
        fields=len(parameters),
        shown=shown,
    )


def plot_sweep_coordinates(
    plan: SweepPlan,
    trials: Sequence[Trial],
    *,
    most_fields: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw each trial with a result as a line through its values.

    Args:
        plan: Of the sweep.
        trials: Its trials; may be empty.
        most_fields: On a narrow page, how many fields get an axis, the first ones; None for all.
        dark: Whether the figure stands on a dark page.
    """
    info = sweep_coordinates_info(plan, trials, most_fields=most_fields)
    return draw_sweep_coordinates(info, dark=dark)


def draw_sweep_coordinates(info: SweepCoordinatesInfo, *, dark: bool) -> go.Figure:
    """Draw what `sweep_coordinates_info` gathered."""
    colours, narrow = shades(dark), info.shown < info.fields
    dimensions: list[dict[str, Any]] = []
    for axis in info.axes:
        dimension: dict[str, Any] = {"label": axis.title, "values": axis.places}
        if axis.ticks:
            dimension |= {"tickvals": axis.ticks, "ticktext": axis.labels}
        dimensions.append(dimension)
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions if info.results else [],
            line={
                "color": info.results,
                "colorscale": colours.ranks,
                "reversescale": not info.higher_is_better,
                "showscale": bool(info.results) and not narrow,
                "colorbar": {"thickness": 10, "outlinewidth": 0},
            },
            labelfont={"color": colours.text, "size": 12},
            tickfont={"color": colours.muted, "size": 11},
            rangefont={"color": colours.muted, "size": 11},
            unselected={"line": {"color": colours.grid, "opacity": 0.3}},
            uid="trials",
        )
    )
    strong = "bright" if dark else "dark"
    subtitle = f"a line a trial, {strong} is good; drag along an axis to choose"
    if narrow:
        subtitle = f"{strong} is good; {info.shown} of {info.fields} fields fit"
    elif info.left_out:
        subtitle += f"; {info.left_out} without a result are left out"
    style(
        figure,
        dark=dark,
        title="Which values lead where",
        subtitle=subtitle,
        height_px=400,
    )
    return figure.update_layout(margin={"l": 60, "r": 40, "t": 110, "b": 30})


def _choice_axis(title: str, parameter: Choice, values: Sequence[Any]) -> Axis:
    labels = tuple(value_text(value) for value in parameter.values)
    places = tuple(
        float(parameter.values.index(value)) if value in parameter.values else 0.0
        for value in values
    )
    ticks = tuple(float(place) for place in range(len(labels)))
    step = math.ceil(len(ticks) / _MOST_TICKS)
    return Axis(title, places, ticks[::step], labels[::step])


def _log_axis(title: str, values: Sequence[Any]) -> Axis:
    places = tuple(math.log10(value) for value in values if value)
    if not places:
        return Axis(title, (), (), ())
    low, high = min(places), max(places)
    apart = _APART * (high - low)  # a tick beyond the ends would draw the axis on, past the title
    powers = (float(power) for power in range(math.ceil(low), math.floor(high) + 1))
    inner = [power for power in powers if low + apart < power < high - apart]
    ticks = tuple(sorted({low, *inner, high}))
    return Axis(title, places, ticks, tuple(f"{10.0**place:.2g}" for place in ticks))
