"""What the page's address asks for, so that every view is a link that can be sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

SETTLING_SECONDS = 1.5
_PAGE, _SHOWN_ON = "page-now", "shown-on-page"


class _Choice(NamedTuple):
    """What the user has just chosen on the page, and when."""

    value: str | None
    at: float


def asked(name: str) -> str | None:
    """What the address asks for.

    A part of a page that renews itself may still send the address as it was before a click: for a
    moment after a choice on the page, the choice holds.
    """
    choice: _Choice | None = st.session_state.get(_key(name))
    if choice is not None and time.monotonic() - choice.at < SETTLING_SECONDS:
        return choice.value
    return st.query_params.get(name)


def choose(name: str, value: str | None) -> None:
    """The user has chosen something on the page: the address follows."""
    st.session_state[_key(name)] = _Choice(value, time.monotonic())
    follow(name, value)


def follow(name: str, value: str | None) -> None:
    """Make the address say what is shown."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def show_in(widget_key: str, value: object) -> None:
    """Make a widget show what the address asks for.

    Only where it shows something else: a value that is set at each run is sent to the browser each
    time, and takes back what the user chose there meanwhile. A widget of the same key on another
    page is a new one, which begins at its default whatever the session knows by that key.
    """
    page, shown_on = st.session_state.get(_PAGE), st.session_state.setdefault(_SHOWN_ON, {})
    if (
        shown_on.get(widget_key) != page
        or widget_key not in st.session_state
        or st.session_state[widget_key] != value
    ):
        st.session_state[widget_key] = value
        shown_on[widget_key] = page


def begin_page(page: str) -> None:
    """Note which page is drawn; `show_in` needs to know."""
    st.session_state[_PAGE] = page


def go(page: str, **asked_for: str | Sequence[str]) -> None:
    """Go to another page, or to another view of this one.

    Args:
        page: Its script.
        asked_for: What its address asks for, by name; several values stand there one by one.
    """
    for name in [str(key) for key in st.session_state if str(key).startswith(_key(""))]:
        del st.session_state[name]
    st.switch_page(page, query_params=asked_for)


def link_here(
    label: str, page: str, *, key: str, icon: str | None = None, **asked_for: str | Sequence[str]
) -> None:
    """Draw a link to another view of the page that it stands on.

    A page link of Streamlit 1.67 to its own page shows the view, but leaves the browser's address
    as it was: the next click goes back.
    """
    if st.button(label, key=key, icon=icon, type="tertiary"):
        go(page, **asked_for)


def _key(name: str) -> str:
    return f"chosen-now-{name}"
