"""Chart of accuracy over the number of training pictures."""

from __future__ import annotations

from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.evaluation.intervals import Interval
from cnnlab.evaluation.more_data import LearningCurve
from cnnlab.figures.text import escape
from cnnlab.figures.theme import SPLIT_COLOURS, interval_bars, style

_MARGIN = 0.03


class LearningCurveInfo(NamedTuple):
    """What the chart shows, from the fewest training pictures to the most.

    Attributes:
        split: Whose pictures were judged.
        pictures: Training pictures.
        shares: Of all training pictures, 0-1.
        accuracies: Of the held-out pictures, 0-1.
        intervals: Of the accuracies, 95 %.
        judged: Held-out pictures.
    """

    split: str
    pictures: tuple[int, ...]
    shares: tuple[float, ...]
    accuracies: tuple[float, ...]
    intervals: tuple[Interval, ...]
    judged: int

    @property
    def y_range(self) -> tuple[float, float]:
        """Ends of the accuracy axis."""
        low = min((interval.low for interval in self.intervals), default=0.0)
        high = max((interval.high for interval in self.intervals), default=1.0)
        return max(0.0, low - _MARGIN), min(1.02, high + _MARGIN)


def learning_curve_info(curve: LearningCurve) -> LearningCurveInfo:
    """Gather what `draw_learning_curve` needs."""
    points = curve.points
    return LearningCurveInfo(
        split=curve.split,
        pictures=tuple(point.pictures for point in points),
        shares=tuple(point.share for point in points),
        accuracies=tuple(point.accuracy for point in points),
        intervals=tuple(point.interval for point in points),
        judged=max((point.judged for point in points), default=0),
    )


def plot_learning_curve(curve: LearningCurve, *, dark: bool = False) -> go.Figure:
    """Draw accuracy over the number of training pictures, each with its 95 % interval.

    Args:
        curve: Points from the fewest pictures to the most; may be empty.
        dark: Whether the figure stands on a dark page.
    """
    return draw_learning_curve(learning_curve_info(curve), dark=dark)


def draw_learning_curve(info: LearningCurveInfo, *, dark: bool) -> go.Figure:
    """Draw what `learning_curve_info` gathered."""
    colour = SPLIT_COLOURS.get(info.split, SPLIT_COLOURS["test"])
    figure = go.Figure(
        go.Scatter(
            x=info.pictures,
            y=info.accuracies,
            error_y=interval_bars(info.accuracies, info.intervals, thickness=1.5, width=6),
            mode="lines+markers+text",
            text=[f"{accuracy:.1%}" for accuracy in info.accuracies],
            textposition="top left",
            cliponaxis=False,
            customdata=[
                (share, *interval)
                for share, interval in zip(info.shares, info.intervals, strict=True)
            ],
            hovertemplate=(
                "%{x:,} training pictures (%{customdata[0]:.0%})<br>"
                "<b>%{y:.1%}</b>, %{customdata[1]:.1%} to %{customdata[2]:.1%}<extra></extra>"
            ),
            line={"color": colour, "width": 2.5},
            marker={"size": 9},
            uid="curve",
            showlegend=False,
        )
    )
    most = max(info.pictures, default=1)
    figure.update_xaxes(
        title_text="training pictures",
        range=[0, most * 1.08],
        tickvals=info.pictures,
        tickformat=",d",
        fixedrange=True,
    )
    figure.update_yaxes(
        title_text="accuracy", tickformat=".0%", range=list(info.y_range), fixedrange=True
    )
    return style(
        figure,
        dark=dark,
        title="Accuracy by training pictures",
        subtitle=f"the same {info.judged:,} {escape(info.split)} pictures each time, 95 % intervals"
        if info.judged
        else "No network has been trained on a part of the pictures yet",
        height_px=360,
    )
