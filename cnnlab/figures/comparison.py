"""Charts of several runs in one picture: their curves, and how sure their accuracies are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.curves import CurveInfo, EpochRecords, accuracy_floor, curve_info, loss_top
from cnnlab.figures.text import axis_labels, escape, percent, shorten
from cnnlab.figures.theme import PALETTE, name_rows, shades, style

_NAME_LENGTH = 28
_MARKED_EPOCHS = 40  # up to here each epoch is a dot on the line
_FEW_EPOCHS = 5
_FAINT = 0.4
_HIGHEST_LOSS = 4  # times the lowest of the runs' axes; what is above is cut off
_ROW_PX = 46
_TICK = 0.05


class RunLine(NamedTuple):
    """A run whose curve is drawn.

    Attributes:
        name: What it is called.
        epochs: One record an epoch with "epoch", "loss", "validation_loss" and so on.
        best_epoch: The epoch whose network is kept, from 1; None if that is not known.
    """

    name: str
    epochs: EpochRecords
    best_epoch: int | None = None


class RunCurvesInfo(NamedTuple):
    """One figure of several runs over their epochs.

    Attributes:
        metric: Such as "loss" or "accuracy".
        names: What the runs are called, in their order; the place decides the colour.
        curves: Of each run.
        with_training: Whether the training curves are shown too.
    """

    metric: str
    names: tuple[str, ...]
    curves: tuple[CurveInfo, ...]
    with_training: bool

    @property
    def last_epoch(self) -> int:
        """Where the axis ends."""
        return max((curve.last_epoch for curve in self.curves), default=1)

    @property
    def value_range(self) -> tuple[float, float]:
        """Both ends of the value axis; a run that has exploded does not stretch it."""
        if self.metric == "loss":
            tops = [loss_top(curve) for curve in self.curves] or [1.0]
            return 0.0, min(max(tops), _HIGHEST_LOSS * min(tops))
        return min((accuracy_floor(curve, None) for curve in self.curves), default=0.0), 1.02


def run_curves_info(
    lines: Sequence[RunLine], metric: str, *, with_training: bool = False
) -> RunCurvesInfo:
    """Gather what `draw_run_curves` needs; see `plot_run_curves` for the arguments."""
    return RunCurvesInfo(
        metric=metric,
        names=tuple(line.name for line in lines),
        curves=tuple(curve_info(line.epochs, metric, best_epoch=line.best_epoch) for line in lines),
        with_training=with_training,
    )


def plot_run_curves(
    lines: Sequence[RunLine], metric: str, *, with_training: bool = False, dark: bool = False
) -> go.Figure:
    """Draw a validation figure of several runs over their epochs, one colour a run.

    Args:
        lines: The runs.
        metric: "loss" or "accuracy".
        with_training: Show the figure on training pictures too, faint.
        dark: Whether the figure stands on a dark page.
    """
    return draw_run_curves(run_curves_info(lines, metric, with_training=with_training), dark=dark)


def draw_run_curves(info: RunCurvesInfo, *, dark: bool) -> go.Figure:
    """Draw what `run_curves_info` gathered."""
    figure = go.Figure()
    for place, (name, curve) in enumerate(zip(info.names, info.curves, strict=True)):
        _add_run(figure, info, curve, shorten(name, _NAME_LENGTH), place)
    low, high = info.value_range
    is_loss = info.metric == "loss"
    margin = max(0.3, 0.03 * info.last_epoch)
    figure.update_layout(hovermode="x unified", uirevision=f"run-curves-{info.metric}")
    figure.update_xaxes(
        title_text="epoch",
        range=[1 - margin, info.last_epoch + margin],
        tickformat="d",
        nticks=8,
        dtick=1 if info.last_epoch <= _FEW_EPOCHS else None,
        unifiedhovertitle_text="epoch %{x}",
    )
    figure.update_yaxes(
        title_text=info.metric, range=[low, high], tickformat="" if is_loss else ".0%"
    )
    training = ", training dotted" if info.with_training else ""
    return style(
        figure,
        dark=dark,
        title=f"Validation {escape(info.metric)}",
        subtitle=f"a ring marks the epoch whose network is kept{training}",
        height_px=380,
    )


def _add_run(
    figure: go.Figure, info: RunCurvesInfo, curve: CurveInfo, name: str, place: int
) -> None:
    colour = PALETTE[place % len(PALETTE)]
    form = ".3f" if info.metric == "loss" else ".1%"
    mode = "lines+markers" if len(curve.epochs) <= _MARKED_EPOCHS else "lines"
    if info.with_training:
        figure.add_scatter(
            x=curve.epochs,
            y=curve.train,
            mode="lines",
            uid=f"train-{place}",
            name=f"{escape(name)}, training",
            showlegend=False,
            opacity=_FAINT,
            line={"color": colour, "width": 2, "dash": "dot"},
            hovertemplate=f"%{{y:{form}}}",
        )
    figure.add_scatter(
        x=curve.epochs,
        y=curve.validation,
        mode=mode,
        uid=f"validation-{place}",
        name=escape(name),
        line={"color": colour, "width": 2.5},
        marker={"size": 5},
        hovertemplate=f"%{{y:{form}}}",
    )
    if curve.best_epoch is not None and curve.best_value is not None:
        figure.add_scatter(
            x=[curve.best_epoch],
            y=[curve.best_value],
            mode="markers",
            uid=f"best-{place}",
            showlegend=False,
            marker={
                "size": 12,
                "symbol": "circle-open",
                "color": colour,
                "line": {"width": 2.5},
            },
            hoverinfo="skip",
        )


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
    spread = None
    if row.interval is not None:
        low, high = row.interval
        spread = {
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, high - row.accuracy)],
            "arrayminus": [max(0.0, row.accuracy - low)],
            "color": colour,
            "thickness": 2,
            "width": 6,
        }
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
        error_x=spread,
        hovertemplate=f"{_interval_text(row)}<extra></extra>",
    )


def _interval_text(row: AccuracyRow) -> str:
    text = escape(percent(row.accuracy))
    if row.interval is None:
        return text
    return f"{text} ({escape(percent(row.interval[0]))} to {escape(percent(row.interval[1]))})"


def _drawn(row: AccuracyRow) -> tuple[float, ...]:
    return (row.accuracy, *row.seeds, *(row.interval or ()))
