"""Pictures that a run's network was right or wrong about."""

from __future__ import annotations

import streamlit as st

from cnnlab.runs.runs import Run


def show(run: Run) -> None:
    """Draw the view."""
    st.caption("Nothing yet.")
