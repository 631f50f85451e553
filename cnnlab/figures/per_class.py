"""Chart of how well each class is recognised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.evaluation.intervals import Interval
from cnnlab.evaluation.per_class import ClassFigures
from cnnlab.figures.text import axis_labels, escape, percent
from cnnlab.figures.theme import class_colours, interval_bars, name_rows, shades, style

MOST_CLASSES = 40
_ROW_PX, _LOW_ROW_PX = 26, 20
_FEW_ROWS = 15


class RecallInfo(NamedTuple):
    """Recall of the classes that have pictures, the worst one first.

    Attributes:
        names: Of the classes.
        colours: Of the classes, the same as in every other chart.
        recalls: Share of each class's pictures that is recognised.
        intervals: Of the recalls, 95 %.
        supports: Pictures of each class.
        left_out: Better classes for which there was no room.
    """

    names: tuple[str, ...]
    colours: tuple[str, ...]
    recalls: tuple[float, ...]
    intervals: tuple[Interval, ...]
    supports: tuple[int, ...]
    left_out: int


def recall_info(figures: Sequence[ClassFigures]) -> RecallInfo:
    """Gather what `draw_recalls` needs; see `plot_recalls` for the arguments."""
    colours = class_colours([each.name for each in figures])
    ordered = sorted(
        (each for each in figures if each.scores.support), key=lambda each: each.scores.recall
    )
    shown = ordered[:MOST_CLASSES]
    return RecallInfo(
        names=tuple(each.name for each in shown),
        colours=tuple(colours[each.name] for each in shown),
        recalls=tuple(each.scores.recall for each in shown),
        intervals=tuple(each.recall for each in shown),
        supports=tuple(each.scores.support for each in shown),
        left_out=len(ordered) - len(shown),
    )


def plot_recalls(figures: Sequence[ClassFigures], *, dark: bool = False) -> go.Figure:
    """Draw the recall of each class with its 95 % interval, the worst class on top.

    Args:
        figures: Of all classes, by class index.
        dark: Whether the figure stands on a dark page.
    """
    return draw_recalls(recall_info(figures), dark=dark)


def draw_recalls(info: RecallInfo, *, dark: bool) -> go.Figure:
    """Draw what `recall_info` gathered."""
    labels = axis_labels(info.names)
    figure = go.Figure(
        go.Scatter(
            x=info.recalls,
            y=labels,
            error_x=interval_bars(
                info.recalls, info.intervals, color=shades(dark).muted, thickness=1.5, width=0
            ),
            mode="markers",
            uid="recalls",
            marker={"size": 10, "color": info.colours},
            customdata=[
                (escape(percent(recall)), support)
                for recall, support in zip(info.recalls, info.supports, strict=True)
            ],
            hovertemplate="%{y}: <b>%{customdata[0]}</b> of %{customdata[1]:,}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_xaxes(
        range=[-0.02, 1.04], tickformat=".0%", title_text="share recognised", fixedrange=True
    )
    name_rows(figure, labels)
    row_px = _ROW_PX if len(labels) <= _FEW_ROWS else _LOW_ROW_PX
    subtitle = "the worst class first, 95 % intervals"
    if info.left_out:
        classes = "class is" if info.left_out == 1 else "classes are"
        subtitle += f" · {info.left_out:,} better {classes} not shown"
    return style(
        figure,
        dark=dark,
        title="How well each class is recognised",
        subtitle=subtitle,
        height_px=130 + row_px * max(3, len(labels)),
    )
