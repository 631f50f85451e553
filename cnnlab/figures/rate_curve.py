"""Chart of the learning rate that a run has had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.epoch_axis import (
    add_epoch_axis,
    drawn_places,
    finite,
    join_remarks,
    line_mode,
    use_log_axis,
)
from cnnlab.figures.theme import PALETTE, shades, style

EpochRecords = Sequence[Mapping[str, Any]]


class RateInfo(NamedTuple):
    """The learning rate of a run over its epochs; None where it is not known.

    Attributes:
        epochs: Numbers of the finished epochs, from 1.
        rates: Learning rate at the end of each.
        best_epoch: The epoch whose network is kept, if it is among `epochs`.
        tuning_from: The first epoch of the fine-tuning; None without one.
        last_epoch: Where the axis ends.
    """

    epochs: tuple[int, ...]
    rates: tuple[float | None, ...]
    best_epoch: int | None
    tuning_from: int | None
    last_epoch: int


def rate_info(
    epochs: EpochRecords, *, best_epoch: int | None = None, planned_epochs: int | None = None
) -> RateInfo:
    """Pick the learning rate out of epoch records; see `plot_learning_rate` for the arguments."""
    numbers = tuple(int(record["epoch"]) for record in epochs)
    return RateInfo(
        epochs=numbers,
        rates=tuple(finite(record.get("learning_rate")) for record in epochs),
        best_epoch=best_epoch if best_epoch in numbers else None,
        tuning_from=next((int(row["epoch"]) for row in epochs if row.get("fine_tuning")), None),
        last_epoch=max((planned_epochs or 1, *numbers)),
    )


def plot_learning_rate(
    epochs: EpochRecords,
    *,
    best_epoch: int | None = None,
    planned_epochs: int | None = None,
    log_scale: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Draw the learning rate that each epoch ended with.

    Args:
        epochs: One record an epoch with "epoch" (from 1), "learning_rate", and "fine_tuning" in
            those of a fine-tuning.
        best_epoch: The epoch whose network is kept, from 1; it is marked.
        planned_epochs: Where the axis ends, so that it stands still while a run goes on.
        log_scale: Give equal ratios equal heights.
        dark: Whether the figure stands on a dark page.
    """
    info = rate_info(epochs, best_epoch=best_epoch, planned_epochs=planned_epochs)
    return draw_learning_rate(info, log_scale=log_scale, dark=dark)


def draw_learning_rate(info: RateInfo, *, log_scale: bool = False, dark: bool = False) -> go.Figure:
    """Draw what `rate_info` gathered."""
    figure = go.Figure()
    known = [rate for rate in info.rates if rate is not None]
    places = drawn_places(info.epochs, info.best_epoch)
    figure.add_scatter(
        x=[info.epochs[place] for place in places],
        y=[info.rates[place] for place in places],
        name="learning rate",
        uid="rate",
        mode=line_mode(info.epochs),
        line={"color": PALETTE[0], "width": 2.5},
        marker={"size": 5},
        hovertemplate="%{y:.3g}<extra></extra>",
        showlegend=False,
    )
    for epoch in (info.best_epoch, info.tuning_from):
        if epoch is not None:
            figure.add_vline(x=epoch, line={"color": shades(dark).muted, "width": 1, "dash": "dot"})
    add_epoch_axis(figure, info.last_epoch)
    if log_scale:
        use_log_axis(figure, known, title="learning rate")
    else:
        figure.update_yaxes(
            title_text="learning rate",
            range=[0, 1.08 * (max(known, default=1.0) or 1.0)],
            nticks=6,
            tickformat=".2~g",
        )
    remarks = [
        f"highest {max(known):.3g}, last {known[-1]:.3g}" if known else "not known",
        "" if info.tuning_from is None else f"fine-tuning from epoch {info.tuning_from}",
    ]
    return style(figure, dark=dark, title="Learning rate", subtitle=join_remarks(remarks))
