"""Charts of how a run learns, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
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
from cnnlab.figures.text import escape, percent
from cnnlab.figures.theme import SPLIT_COLOURS, shades, style

MOST_SMOOTHING = 0.95

_SPIKE = 5  # times the usual loss; a higher one is cut off
_FIRST_SPIKE = 10  # times the later training losses; a first one above is cut off,
_EPOCHS_TO_JUDGE = 3  # as soon as there are so many epochs
_ABOVE_USUAL = 2.5  # times the usual loss: where the axis ends then
_FAINT = 0.45

EpochRecords = Sequence[Mapping[str, Any]]
Values = tuple[float | None, ...]


class CurveInfo(NamedTuple):
    """One figure of a run over its epochs; values that are missing or infinite are None.

    Attributes:
        epochs: Numbers of the finished epochs, from 1.
        train, validation: Value of each epoch.
        best_epoch: The epoch whose network is kept, if it is among `epochs`.
        last_epoch: Where the axis ends.
        smooth_train, smooth_validation: The same without their noise; None if that is not wanted.
    """

    epochs: tuple[int, ...]
    train: Values
    validation: Values
    best_epoch: int | None
    last_epoch: int
    smooth_train: Values | None = None
    smooth_validation: Values | None = None

    @property
    def has_values(self) -> bool:
        """Whether any value is known."""
        return any(value is not None for value in (*self.train, *self.validation))

    @property
    def best_value(self) -> float | None:
        """Validation value of the best epoch."""
        if self.best_epoch is None:
            return None
        return self.validation[self.epochs.index(self.best_epoch)]


def curve_info(
    epochs: EpochRecords,
    metric: str,
    *,
    best_epoch: int | None = None,
    planned_epochs: int | None = None,
    smoothing: float = 0.0,
) -> CurveInfo:
    """Pick one metric, such as "loss", and its "validation_" twin out of epoch records."""
    numbers = tuple(int(record["epoch"]) for record in epochs)
    train = tuple(finite(record.get(metric)) for record in epochs)
    validation = tuple(finite(record.get(f"validation_{metric}")) for record in epochs)
    return CurveInfo(
        epochs=numbers,
        train=train,
        validation=validation,
        best_epoch=best_epoch if best_epoch in numbers else None,
        last_epoch=max((planned_epochs or 1, *numbers)),
        smooth_train=smoothed(train, smoothing) if smoothing else None,
        smooth_validation=smoothed(validation, smoothing) if smoothing else None,
    )


def smoothed(values: Values, weight: float) -> Values:
    """An exponential moving average that does not lean on its beginning.

    Each average is divided by the weights that it holds so far (Kingma and Ba 2014, "Adam", section
    3), so that the first one equals the first value. Gaps stay gaps and are passed over.

    Args:
        values: One an epoch.
        weight: Of all before against the newest one, from 0 (the values themselves) to below 1.

    Raises:
        ValueError: If `weight` is outside.
    """
    if not 0 <= weight < 1:
        raise ValueError(f"weight must be at least 0 and below 1. Received: weight={weight}")
    average, held = 0.0, 0.0
    result: list[float | None] = []
    for value in values:
        if value is None:
            result.append(None)
            continue
        average = weight * average + (1 - weight) * value
        held = weight * held + (1 - weight)
        result.append(average / held)
    return tuple(result)


def plot_loss(
    epochs: EpochRecords,
    *,
    best_epoch: int | None = None,
    planned_epochs: int | None = None,
    smoothing: float = 0.0,
    log_scale: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Draw training and validation loss over the epochs.

    Args:
        epochs: One record an epoch with "epoch" (from 1), "loss" and "validation_loss".
        best_epoch: The epoch whose network is kept, from 1; it is marked.
        planned_epochs: Where the axis ends, so that it stands still while a run goes on.
        smoothing: See `smoothed`; above 0 the values themselves stay faint behind the line.
        log_scale: Give equal ratios equal heights; then nothing is cut off.
        dark: Whether the figure stands on a dark page.
    """
    info = curve_info(
        epochs,
        "loss",
        best_epoch=best_epoch,
        planned_epochs=planned_epochs,
        smoothing=smoothing,
    )
    return draw_loss(info, log_scale=log_scale, dark=dark)


def draw_loss(info: CurveInfo, *, log_scale: bool = False, dark: bool = False) -> go.Figure:
    """Draw a `curve_info` of the loss."""
    figure = _draw(info, value_format=".3f", dark=dark)
    top, peak = loss_top(info), max(_values(info), default=0.0)
    if log_scale:
        use_log_axis(figure, _values(info), title="loss")
        top = math.inf
    else:
        figure.update_yaxes(title_text="loss", range=[0, top], nticks=6)
    remarks = [
        _best_remark(info, "{:.3f}"),
        f"peak {peak:.3g} not shown" if peak > top else "",
        _smoothing_remark(info),
    ]
    return style(figure, dark=dark, title="Loss", subtitle=join_remarks(remarks))


def plot_accuracy(
    epochs: EpochRecords,
    *,
    best_epoch: int | None = None,
    baseline: float | None = None,
    planned_epochs: int | None = None,
    smoothing: float = 0.0,
    dark: bool = False,
) -> go.Figure:
    """Draw training and validation accuracy over the epochs.

    Args:
        epochs: One record an epoch with "epoch" (from 1), "accuracy" and "validation_accuracy",
            both between 0 and 1.
        best_epoch: The epoch whose network is kept, from 1; it is marked.
        baseline: Share of the majority class, drawn as a dashed line.
        planned_epochs: Where the axis ends, so that it stands still while a run goes on.
        smoothing: See `smoothed`; above 0 the values themselves stay faint behind the line.
        dark: Whether the figure stands on a dark page.
    """
    info = curve_info(
        epochs,
        "accuracy",
        best_epoch=best_epoch,
        planned_epochs=planned_epochs,
        smoothing=smoothing,
    )
    return draw_accuracy(info, baseline=baseline, dark=dark)


def draw_accuracy(
    info: CurveInfo, *, baseline: float | None = None, dark: bool = False
) -> go.Figure:
    """Draw a `curve_info` of the accuracy."""
    figure = _draw(info, value_format=".1%", dark=dark)
    if baseline is not None:
        _add_baseline(figure, info, baseline, dark=dark)
    figure.update_yaxes(
        title_text="accuracy", tickformat=".0%", range=[accuracy_floor(info, baseline), 1.02]
    )
    remarks = [
        _best_remark(info, "{:.1%}"),
        "" if baseline is None else f"majority class {escape(percent(baseline))}",
        _smoothing_remark(info),
    ]
    return style(figure, dark=dark, title="Accuracy", subtitle=join_remarks(remarks))


def loss_top(info: CurveInfo) -> float:
    """Upper end of the loss axis: the highest value, unless some are far beyond.

    Usual is what half of the validation losses stay below, and whatever training had; its first
    epoch, which begins with weights that know nothing, counts unless it is a spike itself.
    """
    highest = max(_values(info), default=1.0)
    train = [value for value in info.train if value is not None]
    if len(train) >= _EPOCHS_TO_JUDGE and train[0] > _FIRST_SPIKE * max(train[1:]):
        train = train[1:]
    validation = [value for value in info.validation if value is not None]
    usual = max([*train, median(validation)] if validation else train, default=highest)
    spikes = bool(train) and highest > _SPIKE * usual
    return 1.06 * ((_ABOVE_USUAL * usual if spikes else highest) or 1.0)


def accuracy_floor(info: CurveInfo, baseline: float | None) -> float:
    """Lower end of the accuracy axis: a tenth below all that is drawn, 0 for an empty chart."""
    lowest = min([*_values(info), *([] if baseline is None else [baseline])], default=0.0)
    return max(0.0, math.floor((lowest - 0.02) * 10) / 10)


def _draw(info: CurveInfo, *, value_format: str, dark: bool) -> go.Figure:
    figure = go.Figure()
    places = drawn_places(info.epochs, info.best_epoch)
    lines = (
        ("train", info.train, info.smooth_train),
        ("validation", info.validation, info.smooth_validation),
    )
    for name, values, smooth in lines:
        if smooth is not None:
            _add_faint(figure, name, info.epochs, values, places)
        shown = values if smooth is None else smooth
        figure.add_scatter(
            x=[info.epochs[place] for place in places],
            y=[shown[place] for place in places],
            name=name,
            uid=name,
            mode=line_mode(info.epochs) if smooth is None else "lines",
            line={"color": SPLIT_COLOURS[name], "width": 2.5},
            marker={"size": 5},
            hovertemplate=f"%{{y:{value_format}}}",
        )
    if info.best_epoch is not None and info.best_value is not None:
        _add_best(figure, info, dark=dark)
    add_epoch_axis(figure, info.last_epoch)
    return figure


def _add_faint(
    figure: go.Figure,
    name: str,
    epochs: Sequence[int],
    values: Values,
    places: Sequence[int],
) -> None:
    """The values themselves, behind their smoothed line."""
    figure.add_scatter(
        x=[epochs[place] for place in places],
        y=[values[place] for place in places],
        name=f"{name}, each epoch",
        uid=f"{name}-raw",
        mode="lines",
        opacity=_FAINT,
        line={"color": SPLIT_COLOURS[name], "width": 1.5},
        showlegend=False,
        hoverinfo="skip",
    )


def _add_best(figure: go.Figure, info: CurveInfo, *, dark: bool) -> None:
    """Mark the epoch whose network is kept."""
    figure.add_vline(
        x=info.best_epoch, line={"color": shades(dark).muted, "width": 1, "dash": "dot"}
    )
    figure.add_scatter(
        x=[info.best_epoch],
        y=[info.best_value],
        mode="markers",
        name="best",
        uid="best",
        showlegend=False,
        marker={
            "size": 12,
            "symbol": "circle-open",
            "color": SPLIT_COLOURS["validation"],
            "line": {"width": 2.5},
        },
        hoverinfo="skip",
    )


def _add_baseline(figure: go.Figure, info: CurveInfo, baseline: float, *, dark: bool) -> None:
    figure.add_scatter(
        x=[0, info.last_epoch + max(1.0, 0.05 * info.last_epoch)],
        y=[baseline, baseline],
        mode="lines",
        name="majority class",
        uid="baseline",
        showlegend=False,
        line={"color": shades(dark).muted, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )


def _best_remark(info: CurveInfo, form: str) -> str:
    if info.best_value is None:
        return ""
    return f"best epoch {info.best_epoch}: {form.format(info.best_value)}"


def _smoothing_remark(info: CurveInfo) -> str:
    return "" if info.smooth_train is None else "smoothed"


def _values(info: CurveInfo) -> list[float]:
    return [value for value in (*info.train, *info.validation) if value is not None]
