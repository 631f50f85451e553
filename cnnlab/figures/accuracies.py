"""Chart of how sure the accuracies of several networks and recipes are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.text import axis_labels, escape, percent
from cnnlab.figures.theme import PALETTE, interval_bars, name_rows, shades, style

_NAME_LENGTH = 28
_ROW_PX = 46
_TICK = 0.05


class AccuracyRow(NamedTuple):
    """The accuracy of a network, or of all networks that a recipe has made.

    Attributes:
        name: What it is called.
        accuracy: 0-1; of a recipe the mean.
        interval: Low and high end of what it may really be; None where that is not known.
        seeds: Accuracies of a recipe's networks.
        colour: Place in the palette.
    """

    name: str
    accuracy: float
    interval: tuple[float, float] | None = None
    seeds: tuple[float, ...] = ()
    colour: int = 0


class AccuraciesInfo(NamedTuple):
    """What the chart of accuracies shows, from top to bottom.

    Attributes:
        split: Whose pictures were answered for.
        rows: Networks and recipes.
    """

    split: str
    rows: tuple[AccuracyRow, ...]

    @property
    def value_range(self) -> tuple[float, float]:
        """Both ends of the axis, on ticks of five points around all that is drawn."""
        values = [value for row in self.rows for value in _drawn(row)] or [0.0, 1.0]
        low = math.floor((min(values) - 0.01) / _TICK) * _TICK
        high = math.ceil((max(values) + 0.01) / _TICK) * _TICK
        return max(0.0, low), min(1.0, high)


def accuracies_info(rows: Sequence[AccuracyRow], split: str) -> AccuraciesInfo:
    """Gather what `draw_accuracies` needs; see `plot_accuracies` for the arguments."""
    return AccuraciesInfo(split=split, rows=tuple(row for row in rows if math.isfinite(row[1])))


def plot_accuracies(rows: Sequence[AccuracyRow], split: str, *, dark: bool = False) -> go.Figure:
    """Draw the accuracies of networks with their intervals, and of recipes with their seeds.

    Args:
        rows: From top to bottom; those without a finite accuracy are left out.
        split: Whose pictures were answered for, such as "test".
        dark: Whether the figure stands on a dark page.
    """
    return draw_accuracies(accuracies_info(rows, split), dark=dark)


def draw_accuracies(info: AccuraciesInfo, *, dark: bool) -> go.Figure:
    """Draw what `accuracies_info` gathered."""
    figure = go.Figure()
    labels = axis_labels([row.name for row in info.rows], _NAME_LENGTH)
    for place, (label, row) in enumerate(zip(labels, info.rows, strict=True)):
        _add_accuracy(figure, label, row, place, dark=dark)
    low, high = info.value_range
    figure.update_layout(uirevision="accuracies", showlegend=False)
    figure.update_xaxes(
        title_text="accuracy", range=[low - 0.004, high + 0.004], tickformat=".0%", nticks=7
    )
    name_rows(figure, labels)
    with_seeds = any(row.seeds for row in info.rows)
    return style(
        figure,
        dark=dark,
        title=f"Accuracy on {escape(info.split)} pictures",
        subtitle="lines: 95% intervals" + ("; small dots: single seeds" if with_seeds else ""),
        height_px=130 + _ROW_PX * max(1, len(labels)),
    )


def _add_accuracy(
    figure: go.Figure, label: str, row: AccuracyRow, place: int, *, dark: bool
) -> None:
    colour = PALETTE[row.colour % len(PALETTE)]
    if row.seeds:
        figure.add_scatter(
            x=row.seeds,
            y=[label] * len(row.seeds),
            mode="markers",
            uid=f"seeds-{place}",
            marker={"size": 7, "color": colour, "opacity": 0.55},
            hovertemplate="one seed: %{x:.1%}<extra></extra>",
        )
    bars = None
    if row.interval is not None:
        bars = interval_bars([row.accuracy], [row.interval], color=colour, thickness=2, width=6)
    figure.add_scatter(
        x=[row.accuracy],
        y=[label],
        mode="markers+text",
        uid=f"accuracy-{place}",
        text=[escape(percent(row.accuracy))],
        textposition="top center",
        textfont={"color": shades(dark).text},
        cliponaxis=False,
        marker={"size": 12, "color": colour, "symbol": "diamond" if row.seeds else "circle"},
        error_x=bars,
        hovertemplate=f"{_interval_text(row)}<extra></extra>",
    )


def _interval_text(row: AccuracyRow) -> str:
    text = escape(percent(row.accuracy))
    if row.interval is None:
        return text
    return f"{text} ({escape(percent(row.interval[0]))} to {escape(percent(row.interval[1]))})"


def _drawn(row: AccuracyRow) -> tuple[float, ...]:
    return (row.accuracy, *row.seeds, *(row.interval or ()))
