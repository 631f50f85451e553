"""Chart of the learning rate that a run is going to have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.config import Schedule, TrainingConfig
from cnnlab.figures.theme import PALETTE, shades, style

_HEIGHT_PX = 260


class ScheduleInfo(NamedTuple):
    """The plan of a learning rate.

    Attributes:
        epochs: Epochs done, from 0.
        rates: Learning rate there.
        tuning_from: Epochs done when the fine-tuning begins; None without one.
        remark: What the line does not show.
    """

    epochs: tuple[float, ...]
    rates: tuple[float, ...]
    tuning_from: int | None
    remark: str


def schedule_info(
    training: TrainingConfig, points: Sequence[tuple[float, float]], *, steps: int
) -> ScheduleInfo:
    """Gather what the chart shows.

    Args:
        training: Names the schedule.
        points: (epochs done, rate), as `schedules.planned_rates` gives them.
        steps: Batches an epoch.
    """
    batches = f"{steps:,} batch{'' if steps == 1 else 'es'} an epoch"
    remark = f"{batches}, {steps * training.total_epochs:,} steps"
    if training.schedule is Schedule.REDUCE_ON_PLATEAU:
        waits = training.plateau_patience
        remark += (
            f" · times {training.plateau_factor:g} after {waits} "
            f"epoch{'' if waits == 1 else 's'} without a better value"
        )
    tuning_from = None if training.fine_tuning is None else training.epochs
    if tuning_from is not None:  # the rate leaps there; a slope would claim something else
        before = [(epoch, rate) for epoch, rate in points if epoch < tuning_from]
        points = [*before, (tuning_from, before[-1][1]), *points[len(before) :]]
    return ScheduleInfo(
        epochs=tuple(epoch for epoch, _ in points),
        rates=tuple(rate for _, rate in points),
        tuning_from=tuning_from,
        remark=remark,
    )


def plot_schedule(
    training: TrainingConfig,
    points: Sequence[tuple[float, float]],
    *,
    steps: int,
    dark: bool = False,
) -> go.Figure:
    """Draw the planned learning rate over the epochs; see `schedule_info` for the arguments."""
    return draw_schedule(schedule_info(training, points, steps=steps), dark=dark)


def draw_schedule(info: ScheduleInfo, *, dark: bool) -> go.Figure:
    """Draw what `schedule_info` gathered."""
    figure = go.Figure()
    figure.add_scatter(
        x=info.epochs,
        y=info.rates,
        mode="lines",
        uid="rate",
        line={"color": PALETTE[0], "width": 2.5},
        fill="tozeroy",
        fillcolor="rgba(4,103,154,0.10)",
        hovertemplate="after %{x:.1f} epochs: %{y:.3g}<extra></extra>",
        showlegend=False,
    )
    if info.tuning_from is not None:
        figure.add_vline(
            x=info.tuning_from,
            line={"color": shades(dark).muted, "width": 1, "dash": "dot"},
            annotation={"text": "fine-tuning", "font": {"color": shades(dark).muted}},
        )
    last = max(info.epochs, default=1.0)
    figure.update_layout(uirevision="schedule")
    figure.update_xaxes(
        title_text="epochs done", range=[0, max(1.0, last)], tickformat="~g", fixedrange=True
    )
    figure.update_yaxes(
        title_text="learning rate",
        range=[0, 1.08 * max(info.rates, default=1.0)],
        nticks=5,
        tickformat=".2~g",
        fixedrange=True,
    )
    return style(
        figure,
        dark=dark,
        title="Planned learning rate",
        subtitle=info.remark,
        height_px=_HEIGHT_PX,
    )
