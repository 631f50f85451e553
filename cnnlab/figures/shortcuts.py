"""Chart of how well facts about the files tell the classes apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.datasets.shortcuts import is_telling
from cnnlab.figures.text import escape, percent
from cnnlab.figures.theme import PALETTE, name_rows, shades, style

_STRONG = PALETTE[1]
_ROW_PX = 30


class ShortcutsInfo(NamedTuple):
    """What the chart shows, the best fact first.

    Attributes:
        facts: Such as "width".
        scores: Accuracy with each alone, 0-1.
        telling: Whether each is clearly better than the baseline.
        baseline: Share of the largest class.
    """

    facts: tuple[str, ...]
    scores: tuple[float, ...]
    telling: tuple[bool, ...]
    baseline: float


def shortcuts_info(scores: Mapping[str, float], baseline: float, count: int) -> ShortcutsInfo:
    """Gather what `draw_shortcuts` needs; see `plot_shortcuts` for the arguments."""
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return ShortcutsInfo(
        facts=tuple(name for name, _ in ranked),
        scores=tuple(score for _, score in ranked),
        telling=tuple(is_telling(score, baseline, count) for _, score in ranked),
        baseline=baseline,
    )


def plot_shortcuts(
    scores: Mapping[str, float], baseline: float, count: int, *, dark: bool = False
) -> go.Figure:
    """Draw the accuracy of guessing the class from each fact alone, against the baseline.

    Args:
        scores: Accuracy by fact, 0-1.
        baseline: What always naming the largest class reaches.
        count: Pictures that were looked at.
        dark: Whether the figure stands on a dark page.
    """
    return draw_shortcuts(shortcuts_info(scores, baseline, count), dark=dark)


def draw_shortcuts(info: ShortcutsInfo, *, dark: bool) -> go.Figure:
    """Draw what `shortcuts_info` gathered."""
    colours = [_STRONG if telling else shades(dark).muted for telling in info.telling]
    labels = [escape(fact) for fact in info.facts]
    figure = go.Figure(
        go.Bar(
            x=info.scores,
            y=labels,
            orientation="h",
            marker_color=colours,
            text=[escape(percent(score)) for score in info.scores],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_vline(
        x=info.baseline,
        line={"color": shades(dark).text, "dash": "dash", "width": 1},
        annotation={
            "text": f"largest class {escape(percent(info.baseline))}",
            "font": {"size": 11, "color": shades(dark).muted},
            "yref": "paper",
            "y": 1.02,
            "yanchor": "bottom",
            "xanchor": "left",
        },
    )
    figure.update_xaxes(
        range=[0, 1.1], tickformat=".0%", fixedrange=True, title_text="classes guessed right"
    )
    name_rows(figure, labels)
    return style(
        figure,
        dark=dark,
        title="Class guessed from file facts",
        height_px=120 + _ROW_PX * max(1, len(labels)),
    )
