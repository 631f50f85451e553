"""What of a page is shown, as a row of choices; which one lives in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cnnlab.ui.address import asked, choose, follow, show_in

VIEW = "view"


def choose_view(
    views: Mapping[str, str], *, key: str, name: str = VIEW, label: str = "View"
) -> str:
    """Let the user choose one of a page's views.

    Args:
        views: Labels by the value that stands in the address; the first one is the default.
        key: Of the widget; one a page.
        name: Of the value in the address.
        label: Read out by screen readers.
    """
    wanted = asked(name)
    if wanted not in views:
        wanted = None
    follow(name, wanted)
    first = next(iter(views))
    show_in(key, wanted or first)
    chosen: str | None = st.segmented_control(
        label,
        list(views),
        key=key,
        required=True,
        format_func=views.__getitem__,
        on_change=lambda: choose(name, st.session_state[key]),
        label_visibility="collapsed",
    )
    return chosen or first
