"""Charts of how a run learns, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.text import escape, percent
from cnnlab.figures.theme import SPLIT_COLOURS, shades, style

_FEW_EPOCHS = 5
_MARKED_EPOCHS = 40  # up to here each epoch is a dot on the line
_SPIKE = 2.5  # how far a validation loss may leave the training losses before it is cut off

EpochRecords = Sequence[Mapping[str, Any]]


class CurveInfo(NamedTuple):
    """One figure of a run over its epochs; values that are missing or infinite are None.

    Attributes:
        epochs: Numbers of the finished epochs, from 1.
        train, validation: Value of each epoch.
        best_epoch: The epoch whose network is kept, if it is among `epochs`.
        last_epoch: Where the axis ends.
    """

    epochs: tuple[int, ...]
    train: tuple[float | None, ...]
    validation: tuple[float | None, ...]
    best_epoch: int | None
    last_epoch: int

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
) -> CurveInfo:
    """Pick one metric, such as "loss", and its "validation_" twin out of epoch records."""
    numbers = tuple(int(record["epoch"]) for record in epochs)
    return CurveInfo(
        epochs=numbers,
        train=tuple(_finite(record.get(metric)) for record in epochs),
        validation=tuple(_finite(record.get(f"validation_{metric}")) for record in epochs),
        best_epoch=best_epoch if best_epoch in numbers else None,
        last_epoch=max((planned_epochs or 1, *numbers)),
    )


def plot_loss(
    epochs: EpochRecords,
    *,
    best_epoch: int | None = None,
    planned_epochs: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw training and validation loss over the epochs.

    Args:
        epochs: One record an epoch with "epoch" (from 1), "loss" and "validation_loss".
        best_epoch: The epoch whose network is kept, from 1; it is marked.
        planned_epochs: Where the axis ends, so that it stands still while a run goes on.
        dark: Whether the figure stands on a dark page.
    """
    info = curve_info(epochs, "loss", best_epoch=best_epoch, planned_epochs=planned_epochs)
    figure = _draw(info, value_format=".3f", dark=dark)
    top, peak = loss_top(info), max(_values(info), default=0.0)
    figure.update_yaxes(title_text="loss", range=[0, top], nticks=6)
    remarks = [
        _best_remark(info, "{:.3f}"),
        f"peak {peak:.3g} not shown" if peak > top else "",
    ]
    return style(figure, dark=dark, title="Loss", subtitle=_join(remarks))


def plot_accuracy(
    epochs: EpochRecords,
    *,
    best_epoch: int | None = None,
    baseline: float | None = None,
    planned_epochs: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw training and validation accuracy over the epochs.

    Args:
        epochs: One record an epoch with "epoch" (from 1), "accuracy" and "validation_accuracy",
            both between 0 and 1.
        best_epoch: The epoch whose network is kept, from 1; it is marked.
        baseline: Share of the majority class, drawn as a dashed line.
        planned_epochs: Where the axis ends, so that it stands still while a run goes on.
        dark: Whether the figure stands on a dark page.
    """
    info = curve_info(epochs, "accuracy", best_epoch=best_epoch, planned_epochs=planned_epochs)
    figure = _draw(info, value_format=".1%", dark=dark)
    if baseline is not None:
        _add_baseline(figure, info, baseline, dark=dark)
    figure.update_yaxes(
        title_text="accuracy", tickformat=".0%", range=[accuracy_floor(info, baseline), 1.02]
    )
    remarks = [
        _best_remark(info, "{:.1%}"),
        "" if baseline is None else f"majority class {escape(percent(baseline))}",
    ]
    return style(figure, dark=dark, title="Accuracy", subtitle=_join(remarks))


def loss_top(info: CurveInfo) -> float:
    """Upper end of the loss axis: the highest value, unless validation spikes far beyond."""
    highest = max(_values(info), default=1.0)
    of_training = max((value for value in info.train if value is not None), default=highest)
    return 1.06 * (min(highest, _SPIKE * of_training) or 1.0)


def accuracy_floor(info: CurveInfo, baseline: float | None) -> float:
    """Lower end of the accuracy axis: a tenth below all that is drawn, 0 for an empty chart."""
    lowest = min([*_values(info), *([] if baseline is None else [baseline])], default=0.0)
    return max(0.0, math.floor((lowest - 0.02) * 10) / 10)


def _draw(info: CurveInfo, *, value_format: str, dark: bool) -> go.Figure:
    figure = go.Figure()
    mode = "lines+markers" if len(info.epochs) <= _MARKED_EPOCHS else "lines"
    for name, values in (("train", info.train), ("validation", info.validation)):
        figure.add_scatter(
            x=info.epochs,
            y=values,
            name=name,
            uid=name,
            mode=mode,
            line={"color": SPLIT_COLOURS[name], "width": 2.5},
            marker={"size": 5},
            hovertemplate=f"%{{y:{value_format}}}",
        )
    if info.best_epoch is not None and info.best_value is not None:
        _add_best(figure, info, dark=dark)
    margin = max(0.3, 0.03 * info.last_epoch)
    figure.update_layout(hovermode="x unified", uirevision="learning-curves")
    figure.update_xaxes(
        title_text="epoch",
        range=[1 - margin, info.last_epoch + margin],
        tickformat="d",
        nticks=8,
        dtick=1 if info.last_epoch <= _FEW_EPOCHS else None,
        tickangle=0,
        unifiedhovertitle_text="epoch %{x}",
    )
    return figure


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


def _join(remarks: list[str]) -> str:
    """One line that stays even when there is nothing to say, so that the chart does not jump."""
    return " · ".join(remark for remark in remarks if remark) or "&nbsp;"


def _values(info: CurveInfo) -> list[float]:
    return [value for value in (*info.train, *info.validation) if value is not None]


def _finite(value: Any) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(value)
