"""Chart of which fields of a sweep matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.config.differences import field_title
from cnnlab.figures.text import axis_labels
from cnnlab.figures.theme import PALETTE, name_rows, style

_ROW_PX = 34


class SweepImportanceInfo(NamedTuple):
    """Labels of the fields and their shares, the most important first."""

    labels: tuple[str, ...]
    shares: tuple[float, ...]


def sweep_importance_info(shares: Mapping[str, float]) -> SweepImportanceInfo:
    """Gather what `draw_sweep_importance` needs."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return SweepImportanceInfo(
        labels=tuple(axis_labels([field_title(name) for name, _ in ordered])),
        shares=tuple(share for _, share in ordered),
    )


def plot_sweep_importance(shares: Mapping[str, float], *, dark: bool = False) -> go.Figure:
    """Draw the importance of each field as a bar.

    Args:
        shares: As `tuning.importance` gives them.
        dark: Whether the figure stands on a dark page.
    """
    return draw_sweep_importance(sweep_importance_info(shares), dark=dark)


def draw_sweep_importance(info: SweepImportanceInfo, *, dark: bool) -> go.Figure:
    """Draw what `sweep_importance_info` gathered."""
    figure = go.Figure(
        go.Bar(
            x=info.shares,
            y=info.labels,
            orientation="h",
            marker_color=PALETTE[0],
            text=[f"{share:.0%}" for share in info.shares],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
            uid="importance",
        )
    )
    name_rows(figure, info.labels)
    figure.update_xaxes(visible=False, range=[0, max([*info.shares, 0.01]) * 1.15], fixedrange=True)
    return style(
        figure,
        dark=dark,
        title="What matters",
        subtitle="share of what the results vary by; few trials tell little",
        height_px=100 + _ROW_PX * max(1, len(info.labels)),
    )
