"""Chart of a loss over a rising learning rate."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from cnnlab.figures.theme import PALETTE, shades, style

_RUNAWAY = 1.6  # how far above the highest early loss the chart reaches


def plot_rate_search(
    rates: Sequence[float],
    losses: Sequence[float],
    *,
    suggestion: float | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw the loss of each step over its learning rate, and the rate that is suggested.

    Args:
        rates: Learning rates, rising.
        losses: Smoothed losses, as many.
        suggestion: A rate to mark, or None.
        dark: Whether the figure stands on a dark page.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=list(rates),
        y=list(losses),
        mode="lines",
        name="loss",
        line={"color": PALETTE[0], "width": 2.5},
        hovertemplate="rate %{x:.2g}: loss %{y:.3f}<extra></extra>",
    )
    if suggestion is not None:
        figure.add_vline(
            x=suggestion, line={"color": shades(dark).muted, "width": 1.5, "dash": "dash"}
        )
    figure.update_xaxes(title_text="learning rate", type="log", exponentformat="power")
    figure.update_yaxes(title_text="loss", range=[0, loss_limit(losses)], nticks=6)
    said = "nothing to suggest" if suggestion is None else f"suggested: {suggestion:.2g}"
    return style(figure, dark=dark, title="Loss over the learning rate", subtitle=said)


def loss_limit(losses: Sequence[float]) -> float:
    """Upper end of the axis: the part where the loss runs away is cut off."""
    if not losses:
        return 1.0
    early = max(losses[: max(1, len(losses) // 2)])
    return min(max(losses), _RUNAWAY * early) * 1.06
