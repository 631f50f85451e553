"""The views of a page; which one is shown lives in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cnnlab.ui.address import asked, choose, follow, show_in

VIEW = "view"


def choose_view(views: Mapping[str, str], *, key: str) -> str:
    """Let the user choose one of a page's views.

    Args:
        views: Labels by the name that stands in the address; the first one is the default.
        key: Of the widget; one a page.
    """
    wanted = asked(VIEW)
    if wanted not in views:
        wanted = None
    follow(VIEW, wanted)
    first = next(iter(views))
    show_in(key, wanted or first)
    chosen: str | None = st.segmented_control(
        "View",
        list(views),
        key=key,
        required=True,
        format_func=views.__getitem__,
        on_change=lambda: choose(VIEW, st.session_state[key]),
        label_visibility="collapsed",
    )
    return chosen or first
