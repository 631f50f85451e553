"""How far a network's probabilities can be trusted."""

from __future__ import annotations

import streamlit as st

from cnnlab.runs.runs import Run


def show(run: Run) -> None:
    """Draw the view."""
    st.caption("Nothing yet.")
