"""Figures on a page, each of which can be saved as a picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnnlab.ui import context

if TYPE_CHECKING:
    import plotly.graph_objects as go

FORMATS = {"png": "PNG", "svg": "SVG"}
SCALE = 2  # of a PNG, whose pixels are those of the page else

_FORMAT = "chart-format"
_REMOVED = ("select2d", "lasso2d", "autoScale2d")
_PAPER = {False: "#FFFFFF", True: "#10181D"}  # where the theme names none


def show_chart(figure: go.Figure, *, key: str, name: str | None = None) -> None:
    """Show a figure in its own theme, as wide as its place.

    Args:
        figure: Its background becomes that of the page, so that a saved picture has one.
        key: Of the element on the page.
        name: Of the file that it is saved as, without its ending; by default the key.
    """
    st.plotly_chart(_on_paper(figure), theme=None, key=key, config=_config(name or key))


def show_clickable(
    figure: go.Figure, *, key: str, on_click: Callable[[Any], None], name: str | None = None
) -> None:
    """Show a figure whose points can be clicked.

    Args:
        figure: Each point has customdata.
        key: Of the chart.
        on_click: Told the customdata of the point that was clicked, before the page is drawn anew.
        name: Of the file that it is saved as, without its ending; by default the key.
    """

    def take_over() -> None:
        points = st.session_state[key].selection.points
        if points and points[0].get("customdata") is not None:
            on_click(points[0]["customdata"])

    st.plotly_chart(
        _on_paper(figure),
        theme=None,
        key=key,
        config=_config(name or key),
        on_select=take_over,
        selection_mode="points",
    )


def show_selectable(figure: go.Figure, *, key: str) -> Any:
    """Show a figure whose points can be chosen by lasso or box; returns what is chosen."""
    return st.plotly_chart(
        _on_paper(figure),
        theme=None,
        key=key,
        config={**_config(key, removed=()), "scrollZoom": True},
        on_select="rerun",
        selection_mode=("lasso", "box", "points"),
    )


def choose_format(*, key: str) -> None:
    """Let the user choose as what charts are saved; the choice holds on every page."""
    st.segmented_control(
        "Save charts as",
        list(FORMATS),
        default=_format(),
        key=key,
        required=True,
        format_func=FORMATS.__getitem__,
        on_change=lambda: st.session_state.update({_FORMAT: st.session_state[key]}),
        help="The camera over a chart saves it, on every page. An SVG stays sharp when enlarged",
    )


def _format() -> str:
    chosen: str = st.session_state.get(_FORMAT, "png")
    return chosen


def _config(name: str, *, removed: Sequence[str] = _REMOVED) -> dict[str, Any]:
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": list(removed),
        "toImageButtonOptions": {
            "format": _format(),
            "filename": re.sub(r"[^\w.-]+", "-", name).strip("-."),
            "scale": SCALE,
        },
    }


def _on_paper(figure: go.Figure) -> go.Figure:
    """Give a figure the page's background; without one, a saved chart is unreadable elsewhere."""
    dark = context.is_dark()
    theme = "dark" if dark else "light"
    colour = st.get_option(f"theme.{theme}.backgroundColor") or _PAPER[dark]
    return figure.update_layout(paper_bgcolor=colour)
