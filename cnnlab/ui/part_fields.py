"""Widgets for one part of the network that is being edited; every change is one edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from cnnlab.config import Section
from cnnlab.networks.blueprint import changed
from cnnlab.ui.address import show_in

Convert = Callable[[Any, Any], Any]  # (the part, what the widget says) -> the field's new value


class PartFields:
    """Draws one widget a field of a block, a head or the network itself.

    A widget shows what the draft says, and hands what the user enters to `edit`. So an undo or a
    block in another place is shown at once, and a value that was refused is taken back.
    """

    def __init__(
        self, prefix: str, part: Section, edit: Callable[[Callable[[Any], Any]], None]
    ) -> None:
        """Prepare to draw.

        Args:
            prefix: Of the widgets' keys.
            part: What is shown.
            edit: Takes a function from the part as it is when the edit arrives to the new part;
                between drawing and then, another widget may have changed it.
        """
        self._prefix = prefix
        self._part = part
        self._edit = edit

    def number(
        self,
        name: str,
        label: str,
        *,
        low: float,
        high: float,
        step: float | None = None,
        none_at: float | None = None,
        help: str | None = None,  # noqa: A002
    ) -> None:
        """A number, whole where the limits are whole; at `none_at` the field is none."""
        whole = isinstance(low, int)
        value: Any = self._value(name)
        if value is None:
            value = none_at
        key = self._shown(name, int(value) if whole else float(value))
        st.number_input(
            label,
            min_value=min(low, st.session_state[key]),
            max_value=max(high, st.session_state[key]),
            step=step or (1 if whole else 0.05),
            format="%d" if whole else "%g",
            key=key,
            help=help,
            on_change=self._note,
            args=(name, key, lambda _, entered: None if entered == none_at else entered),
        )

    def choice(
        self,
        name: str,
        label: str,
        options: Sequence[str],
        names: Mapping[str, str] | None = None,
        *,
        value: str | None = None,
        convert: Convert | None = None,
        help: str | None = None,  # noqa: A002
    ) -> None:
        """One of a few words.

        Args:
            name: The field.
            label: In front of it.
            options: The words.
            names: How they are shown.
            value: Which one is chosen, where that is not the field's value itself.
            convert: Gives the field's new value for a word.
            help: A sentence about the field.
        """
        shown = names or {}
        words = [str(option) for option in options]
        key = self._shown(name, str(self._value(name)) if value is None else value)
        st.selectbox(
            label,
            words,
            format_func=lambda word: shown.get(word, word),
            key=key,
            help=help,
            on_change=self._note,
            args=(name, key, convert),
        )

    def toggle(
        self,
        name: str,
        label: str,
        *,
        on: bool | None = None,
        convert: Convert | None = None,
        help: str | None = None,  # noqa: A002
    ) -> None:
        """On or off."""
        key = self._shown(name, bool(self._value(name)) if on is None else on)
        st.toggle(label, key=key, help=help, on_change=self._note, args=(name, key, convert))

    def _shown(self, name: str, value: Any) -> str:
        key = f"{self._prefix}{name}"
        show_in(key, value)
        return key

    def _value(self, name: str) -> Any:
        place: Any = self._part
        for part in name.split("."):
            place = getattr(place, part)
        return place

    def _note(self, name: str, key: str, convert: Convert | None) -> None:
        entered = st.session_state[key]

        def apply(part: Section) -> Section:
            return changed(part, name, entered if convert is None else convert(part, entered))

        self._edit(apply)
