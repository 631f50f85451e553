"""Charts of one class against the rest: ROC and precision-recall."""

from __future__ import annotations

from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.evaluation.ranking import RankingCurves, thinned
from cnnlab.figures.text import escape, shorten
from cnnlab.figures.theme import PALETTE, shades, style

_HEIGHT_PX = 360
_NAME_LENGTH = 28


class RankingInfo(NamedTuple):
    """Points of one curve.

    Attributes:
        x, y: Shares, 0-1.
        thresholds: Probability of each point; None for the one that finds nothing.
        chance: What a network reaches that knows nothing, as the line's two ends (y at x = 0, 1).
        figure: Area below the curve, or average precision.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float | None, ...]
    chance: tuple[float, float]
    figure: float


def roc_info(curves: RankingCurves) -> RankingInfo:
    """Points of the receiver operating characteristic."""
    places = thinned(curves)
    return RankingInfo(
        x=tuple(curves.false_positive_rate[places].tolist()),
        y=tuple(curves.recall[places].tolist()),
        thresholds=_thresholds(curves, places.tolist()),
        chance=(0.0, 1.0),
        figure=curves.area,
    )


def precision_recall_info(curves: RankingCurves) -> RankingInfo:
    """Points of the precision-recall curve."""
    places = thinned(curves)
    share = curves.positives / (curves.positives + curves.negatives)
    return RankingInfo(
        x=tuple(curves.recall[places].tolist()),
        y=tuple(curves.precision[places].tolist()),
        thresholds=_thresholds(curves, places.tolist()),
        chance=(share, share),
        figure=curves.average_precision,
    )


def plot_roc(curves: RankingCurves, class_name: str, *, dark: bool = False) -> go.Figure:
    """Draw recall over the false positive rate of a class."""
    info = roc_info(curves)
    figure = _draw(info, "false positives %{x:.1%}, found %{y:.1%}", dark=dark)
    figure.update_xaxes(title_text="share of other pictures taken for it")
    figure.update_yaxes(title_text="share of its pictures found")
    return style(
        figure,
        dark=dark,
        title=f"ROC of {escape(shorten(class_name, _NAME_LENGTH))}",
        subtitle=f"area {info.figure:.3f}; 0.5 is chance",
        height_px=_HEIGHT_PX,
    )


def plot_precision_recall(
    curves: RankingCurves, class_name: str, *, dark: bool = False
) -> go.Figure:
    """Draw precision over recall of a class."""
    info = precision_recall_info(curves)
    figure = _draw(info, "found %{x:.1%}, right %{y:.1%}", dark=dark)
    figure.update_xaxes(title_text="share of its pictures found (recall)")
    figure.update_yaxes(title_text="share right among those found (precision)")
    return style(
        figure,
        dark=dark,
        title=f"Precision and recall of {escape(shorten(class_name, _NAME_LENGTH))}",
        subtitle=f"average precision {info.figure:.3f}; {info.chance[0]:.3f} is chance",
        height_px=_HEIGHT_PX,
    )


def _draw(info: RankingInfo, hover: str, *, dark: bool) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=info.chance,
        mode="lines",
        uid="chance",
        line={"color": shades(dark).muted, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=info.x,
        y=info.y,
        mode="lines",
        uid="curve",
        line={"color": PALETTE[0], "width": 2.5},
        customdata=info.thresholds,
        hovertemplate=[_hover(threshold, hover) for threshold in info.thresholds],
        showlegend=False,
    )
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(range=[-0.01, 1.02], tickformat=".0%")
    return figure


def _hover(threshold: float | None, found: str) -> str:
    """What one point says; a missing threshold would show as 0."""
    said = "nothing is found" if threshold is None else f"from %{{customdata:.3f}} on: {found}"
    return f"{said}<extra></extra>"


def _thresholds(curves: RankingCurves, places: list[int]) -> tuple[float | None, ...]:
    values = curves.thresholds[places].tolist()
    return tuple(None if value == float("inf") else value for value in values)
