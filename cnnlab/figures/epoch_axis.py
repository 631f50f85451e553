"""What all charts over epochs share: their axis, and how many epochs are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

_FEW_EPOCHS = 5
_MARKED_EPOCHS = 40  # up to here each epoch is a dot on the line
_MOST_POINTS = 1_500  # of a line: more than a screen has pixels for


def add_epoch_axis(figure: go.Figure, last_epoch: int) -> None:
    """From the first epoch to the last one that is planned; all values of an epoch in one hover."""
    margin = max(0.3, 0.03 * last_epoch)
    figure.update_layout(hovermode="x unified", uirevision="learning-curves")
    figure.update_xaxes(
        title_text="epoch",
        range=[1 - margin, last_epoch + margin],
        tickformat="d",
        nticks=8,
        dtick=1 if last_epoch <= _FEW_EPOCHS else None,
        tickangle=0,
        unifiedhovertitle_text="epoch %{x}",
    )


def use_log_axis(figure: go.Figure, values: Sequence[float], *, title: str) -> None:
    """Heights by ratio, over all that can be drawn so."""
    positive = [math.log10(value) for value in values if value > 0] or [-1.0, 0.0]
    low, high = min(positive), max(positive)
    margin = max(0.04, 0.05 * (high - low))
    figure.update_layout(uirevision="learning-curves-log")
    figure.update_yaxes(
        title_text=f"{title}, log scale",
        type="log",
        range=[low - margin, high + margin],
        tickformat=".2~g",
        # Within a factor of a hundred, 2 and 5 are named beside the powers of ten.
        dtick="D2" if high - low < 2 else None,
        nticks=7,
    )


def line_mode(epochs: Sequence[int]) -> str:
    """Lines, with dots as long as each epoch can be told apart."""
    return "lines+markers" if len(epochs) <= _MARKED_EPOCHS else "lines"


def drawn_places(epochs: Sequence[int], best_epoch: int | None) -> list[int]:
    """Which epochs are drawn: all of them, or evenly chosen ones with the best and the last."""
    count = len(epochs)
    if count <= _MOST_POINTS:
        return list(range(count))
    chosen = {round(place * (count - 1) / (_MOST_POINTS - 1)) for place in range(_MOST_POINTS)}
    if best_epoch is not None:
        chosen.add(epochs.index(best_epoch))
    return sorted(chosen)


def join_remarks(remarks: Sequence[str]) -> str:
    """One line that stays even when there is nothing to say, so that the chart does not jump."""
    return " · ".join(remark for remark in remarks if remark) or "&nbsp;"


def finite(value: Any) -> float | None:
    """A number that can be drawn, else None."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)
