"""Chart of several runs in one picture: their curves over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.curves import CurveInfo, EpochRecords, accuracy_floor, curve_info, loss_top
from cnnlab.figures.epoch_axis import add_epoch_axis, drawn_places, line_mode
from cnnlab.figures.text import escape, shorten
from cnnlab.figures.theme import PALETTE, style

_NAME_LENGTH = 28
_FAINT = 0.4
_HIGHEST_LOSS = 4  # times the lowest of the runs' axes; what is above is cut off


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
        """Both ends of the value axis; a run that has exploded does not stretch it.

        Only curves with a number decide: one without an epoch has no height.
        """
        filled = [curve for curve in self.curves if curve.has_values]
        if self.metric == "loss":
            tops = [loss_top(curve) for curve in filled] or [1.0]
            return 0.0, min(max(tops), _HIGHEST_LOSS * min(tops))
        return min((accuracy_floor(curve, None) for curve in filled), default=0.0), 1.02


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
    add_epoch_axis(figure, info.last_epoch)
    figure.update_layout(uirevision=f"run-curves-{info.metric}")
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
    places = drawn_places(curve.epochs, curve.best_epoch)
    epochs = [curve.epochs[at] for at in places]
    if info.with_training:
        figure.add_scatter(
            x=epochs,
            y=[curve.train[at] for at in places],
            mode="lines",
            uid=f"train-{place}",
            name=f"{escape(name)}, training",
            showlegend=False,
            opacity=_FAINT,
            line={"color": colour, "width": 2, "dash": "dot"},
            hovertemplate=f"%{{y:{form}}}",
        )
    figure.add_scatter(
        x=epochs,
        y=[curve.validation[at] for at in places],
        mode=line_mode(curve.epochs),
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
