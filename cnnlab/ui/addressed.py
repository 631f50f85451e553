"""Widgets whose value stands in the page's address, so that a link shows the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from cnnlab.ui.address import asked, choose, follow, show_in

_BETWEEN = ","
_YES, _NO = "1", "0"


def write_text(label: str, name: str, *, placeholder: str = "") -> str:
    """A line of text."""
    key, wanted = _key(name), asked(name) or ""
    show_in(key, wanted)
    follow(name, wanted or None)
    text: str = st.text_input(
        label,
        key=key,
        placeholder=placeholder,
        on_change=lambda: choose(name, st.session_state[key].strip() or None),
    )
    return text.strip()


def whole_number(label: str, name: str, *, least: int, most: int, default: int) -> int:
    """A whole number between two others, both included."""
    key, wanted = _key(name), asked(name) or ""
    known = wanted.isdecimal() and least <= int(wanted) <= most
    shown = int(wanted) if known else default
    show_in(key, shown)
    follow(name, None if shown == default else str(shown))

    def take_over() -> None:
        chosen = int(st.session_state[key])
        choose(name, None if chosen == default else str(chosen))

    return int(
        st.number_input(label, min_value=least, max_value=most, key=key, on_change=take_over)
    )


def choose_one(
    label: str,
    name: str,
    options: Mapping[str, str],
    *,
    hint: str = "",
    hide_label: bool = False,
) -> str:
    """One of several values.

    Args:
        label: Of the widget.
        name: In the address.
        options: Texts by value, at least one; the first one is the default.
        hint: What is shown beside the label.
        hide_label: Show the widget alone, and name it to screen readers only.
    """
    key, first = _key(name), next(iter(options))
    wanted = asked(name)
    shown = wanted if wanted in options else first
    show_in(key, shown)
    follow(name, None if shown == first else shown)

    def take_over() -> None:
        chosen = st.session_state[key]
        if chosen in options:
            choose(name, None if chosen == first else chosen)

    chosen: str = st.selectbox(
        label,
        list(options),
        key=key,
        format_func=lambda value: options.get(value, value),
        on_change=take_over,
        help=hint or None,
        label_visibility="collapsed" if hide_label else "visible",
    )
    return chosen


def choose_many(
    label: str,
    name: str,
    options: Sequence[str],
    *,
    default: Sequence[str] = (),
    format_option: Callable[[str], str] = str,
    most: int | None = None,
    placeholder: str = "",
) -> list[str]:
    """Some of several values, in the order in which they are chosen.

    Args:
        label: Of the widget.
        name: In the address.
        options: The values.
        default: What is chosen where the address says nothing.
        format_option: Text of a value.
        most: How many at most; None for any number.
        placeholder: What is shown where nothing is chosen.
    """
    key, wanted = _key(name), asked(name)
    values = list(default) if wanted is None else wanted.split(_BETWEEN)
    shown = [value for value in dict.fromkeys(values) if value in options][:most]
    show_in(key, shown)
    follow(name, None if shown == list(default) else _BETWEEN.join(shown))

    def take_over() -> None:
        chosen = [value for value in st.session_state[key] if value in options]
        choose(name, None if chosen == list(default) else _BETWEEN.join(chosen))

    chosen: list[str] = st.multiselect(
        label,
        options,
        key=key,
        format_func=format_option,
        on_change=take_over,
        max_selections=most,
        placeholder=placeholder or None,
    )
    return chosen


def switch(label: str, name: str, *, default: bool, hint: str = "") -> bool:
    """Yes or no."""
    key, wanted = _key(name), asked(name)
    shown = default if wanted not in (_YES, _NO) else wanted == _YES
    show_in(key, shown)
    follow(name, None if shown == default else _word(shown))

    def take_over() -> None:
        chosen = bool(st.session_state[key])
        choose(name, None if chosen == default else _word(chosen))

    return st.toggle(label, key=key, on_change=take_over, help=hint or None)


def _key(name: str) -> str:
    return f"addressed-{name}"


def _word(value: bool) -> str:
    return _YES if value else _NO
