"""Figures on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def show_chart(figure: go.Figure, *, key: str) -> None:
    """Show a figure in its own theme, as wide as its place."""
    st.plotly_chart(figure, theme=None, key=key, config=CONFIG)


def show_clickable(figure: go.Figure, *, key: str, on_click: Callable[[Any], None]) -> None:
    """Show a figure whose points can be clicked.

    Args:
        figure: Each point has customdata.
        key: Of the chart.
        on_click: Told the customdata of the point that was clicked, before the page is drawn anew.
    """

    def take_over() -> None:
        points = st.session_state[key].selection.points
        if points and points[0].get("customdata") is not None:
            on_click(points[0]["customdata"])

    st.plotly_chart(
        figure, theme=None, key=key, config=CONFIG, on_select=take_over, selection_mode="points"
    )


def show_selectable(figure: go.Figure, *, key: str) -> Any:
    """Show a figure whose points can be chosen by lasso or box; returns what is chosen."""
    return st.plotly_chart(
        figure,
        theme=None,
        key=key,
        config={"displaylogo": False, "scrollZoom": True},
        on_select="rerun",
        selection_mode=("lasso", "box", "points"),
    )
