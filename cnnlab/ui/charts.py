"""Figures on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def show_chart(figure: go.Figure, *, key: str) -> None:
    """Show a figure in its own theme, as wide as its place."""
    st.plotly_chart(figure, theme=None, key=key, config=CONFIG)


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
