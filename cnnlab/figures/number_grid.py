"""Chart of a small grid of numbers, with a window on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.figures.text import escape
from cnnlab.figures.theme import PALETTE, shades, style

_CELL_PX = 46
_WINDOW_COLOUR = PALETTE[1]


class Window(NamedTuple):
    """A square of cells that is outlined: its upper left cell, and its cells along a side."""

    row: int
    column: int
    size: int


def plot_number_grid(
    numbers: NDArray[np.float64],
    *,
    title: str,
    subtitle: str = "",
    window: Window | None = None,
    pad: tuple[int, int] = (0, 0),
    inner: tuple[int, int] | None = None,
    signed: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Draw numbers as coloured cells.

    Args:
        numbers: Shape (rows, columns).
        title, subtitle: Plain text.
        window: Cells to outline.
        pad: Rows above and columns to the left that are padding, and drawn quietly.
        inner: Rows and columns without the padding; None if there is none.
        signed: Colour negative numbers in another tone.
        dark: Whether the figure stands on a dark page.
    """
    rows, columns = numbers.shape
    colours = shades(dark)
    reach = max(float(np.abs(numbers).max(initial=0.0)), 1e-9)
    if signed:
        negative = [(0.5 - share / 2, colour) for share, colour in reversed(colours.wrong)]
        scale = [*negative, *((0.5 + share / 2, colour) for share, colour in colours.right)]
        low = -reach
    else:
        scale, low = list(colours.right), 0.0
    figure = go.Figure(
        go.Heatmap(
            z=numbers,
            zmin=low,
            zmax=reach,
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
            text=[[_word(value) for value in line] for line in numbers],
            texttemplate="%{text}",
            textfont={"size": 15},
            hovertemplate="row %{y}, column %{x}: %{text}<extra></extra>",
            x=list(range(1, columns + 1)),
            y=list(range(1, rows + 1)),
            uid="numbers",
        )
    )
    for row, column in _padding_cells((rows, columns), pad, inner):
        figure.add_shape(
            type="rect",
            x0=column + 0.55,
            x1=column + 1.45,
            y0=row + 0.55,
            y1=row + 1.45,
            line={"color": colours.muted, "width": 1, "dash": "dot"},
        )
    if window is not None:
        figure.add_shape(
            type="rect",
            x0=window.column + 0.5,
            x1=window.column + 0.5 + window.size,
            y0=window.row + 0.5,
            y1=window.row + 0.5 + window.size,
            line={"color": _WINDOW_COLOUR, "width": 4},
        )
    axis = {"visible": False, "fixedrange": True}
    figure.update_xaxes(range=[0.4, max(rows, columns) + 0.6], constrain="domain", **axis)
    figure.update_yaxes(
        range=[max(rows, columns) + 0.6, 0.4], scaleanchor="x", constrain="domain", **axis
    )
    figure.update_layout(uirevision="numbers")
    side = max(rows, columns, 3)
    return style(
        figure,
        dark=dark,
        title=escape(title),
        subtitle=escape(subtitle),
        height_px=80 + _CELL_PX * min(side, 7),
    )


def _padding_cells(
    shape: tuple[int, int], pad: tuple[int, int], inner: tuple[int, int] | None
) -> list[tuple[int, int]]:
    if inner is None:
        return []
    top, left = pad
    return [
        (row, column)
        for row in range(shape[0])
        for column in range(shape[1])
        if not (top <= row < top + inner[0] and left <= column < left + inner[1])
    ]


def _word(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
