"""The finished network for other programs."""

from __future__ import annotations

import streamlit as st

from cnnlab.runs.runs import Run


def show(run: Run) -> None:
    """Draw the view."""
    st.caption("Nothing yet.")
