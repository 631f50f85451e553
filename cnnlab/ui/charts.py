"""Figures on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def show_chart(figure: go.Figure, *, key: str) -> None:
    """Show a figure in its own theme, as wide as its place."""
    st.plotly_chart(figure, theme=None, key=key, config=CONFIG)
