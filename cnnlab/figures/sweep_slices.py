"""Charts of the results over the values of each field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnnlab.config.differences import field_title
from cnnlab.figures.sweep_words import field_lines, objective_title, value_text
from cnnlab.figures.text import escape, shorten
from cnnlab.figures.theme import PALETTE, style
from cnnlab.tuning.plan import SweepPlan
from cnnlab.tuning.records import Trial, with_results
from cnnlab.tuning.space import Range

_PANEL_PX = 250


class Slice(NamedTuple):
    """One field: its values as texts or numbers, trial by trial.

    Attributes:
        title: Of the field.
        values: Numbers of a range; texts of a choice.
        order: Texts in their order; none for a range.
        log: Whether the axis is logarithmic.
    """

    title: str
    values: tuple[float | str, ...]
    order: tuple[str, ...]
    log: bool


class SweepSlicesInfo(NamedTuple):
    """What the charts show.

    Attributes:
        slices: A chart each.
        results: Of the trials with a result, in their order.
        texts: Values of their fields.
        title: Of the objective.
    """

    slices: tuple[Slice, ...]
    results: tuple[float, ...]
    texts: tuple[str, ...]
    title: str


def sweep_slices_info(plan: SweepPlan, trials: Sequence[Trial]) -> SweepSlicesInfo:
    """Gather what `draw_sweep_slices` needs."""
    done = with_results(trials)
    slices = []
    for name, parameter in plan.search_space.parameters.items():
        values = [trial.fields.get(name) for trial in done]
        title = escape(shorten(field_title(name), 28))
        if isinstance(parameter, Range):
            numbers = tuple(float(value or 0) for value in values)
            slices.append(Slice(title, numbers, (), parameter.log))
        else:
            order = tuple(value_text(value) for value in parameter.values)
            slices.append(Slice(title, tuple(map(value_text, values)), order, log=False))
    return SweepSlicesInfo(
        slices=tuple(slices),
        results=tuple(trial.results[0] for trial in done if trial.results),
        texts=tuple(field_lines(trial.fields) for trial in done),
        title=objective_title(plan.objective),
    )


def plot_sweep_slices(
    plan: SweepPlan, trials: Sequence[Trial], *, columns: int = 3, dark: bool = False
) -> go.Figure:
    """Draw the results over the values of each field.

    Args:
        plan: Of the sweep.
        trials: Its trials; may be empty.
        columns: Charts in a row.
        dark: Whether the figure stands on a dark page.
    """
    return draw_sweep_slices(sweep_slices_info(plan, trials), columns=columns, dark=dark)


def draw_sweep_slices(info: SweepSlicesInfo, *, columns: int, dark: bool) -> go.Figure:
    """Draw what `sweep_slices_info` gathered."""
    columns = max(1, min(columns, len(info.slices)))
    rows = -(-len(info.slices) // columns)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        shared_yaxes=True,
        horizontal_spacing=0.04,
        vertical_spacing=min(0.3, 0.6 / rows),
    )
    for place, each in enumerate(info.slices):
        row, column = place // columns + 1, place % columns + 1
        figure.add_scatter(
            x=each.values,
            y=info.results,
            mode="markers",
            marker={"color": PALETTE[0], "size": 9, "opacity": 0.75},
            customdata=[[text] for text in info.texts],
            hovertemplate="%{y:.4g}<br>%{customdata[0]}<extra></extra>",
            showlegend=False,
            uid=f"slice-{place}",
            row=row,
            col=column,
        )
        axis = {"title_text": each.title, "fixedrange": True}
        if each.order:
            axis |= {"type": "category", "categoryorder": "array", "categoryarray": each.order}
        elif each.log:
            axis |= {"type": "log"}
        figure.update_xaxes(row=row, col=column, **axis)
        figure.update_yaxes(
            row=row, col=column, fixedrange=True, title_text=info.title if column == 1 else None
        )
    return style(
        figure,
        dark=dark,
        title="Results by value",
        subtitle=f"{info.title} of each trial over one field at a time",
        height_px=90 + _PANEL_PX * rows,
    )
