"""Widgets for the fields of a configuration; what the user changed is kept for the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cnnlab.config import EarlyStopping, RunConfig, change_config
from cnnlab.errors import CnnlabError

_DRAFT = "draft"
_CLASSES = "data.classes"  # the one field that means something in one data set only


def draft_config(otherwise: RunConfig, dataset_id: str) -> RunConfig:
    """The configuration that was last looked at on any page, as far as it is a valid one.

    Args:
        otherwise: What to take where there is none.
        dataset_id: Whose classes may be chosen; classes of another data set are left out.
    """
    config, changes, of_dataset = st.session_state.get(_DRAFT, (otherwise, {}, dataset_id))
    if of_dataset != dataset_id:
        changes = {name: value for name, value in changes.items() if name != _CLASSES}
    try:
        return change_config(config, changes)
    except CnnlabError:
        return otherwise


class Fields:
    """Draws one widget a field and gathers the values that differ from the recipe's.

    Attributes:
        changes: New values by dotted name, ready for `change_config`.
    """

    def __init__(self, recipe_name: str, config: RunConfig, dataset_id: str) -> None:
        self._prefix = f"field:{recipe_name}:"
        self._dataset_id = dataset_id
        self._values = config.model_dump(mode="json")
        self.changes: dict[str, Any] = {}
        # The changes are filled in as the widgets are drawn.
        st.session_state[_DRAFT] = (config, self.changes, dataset_id)

    def number(
        self,
        name: str,
        label: str,
        *,
        low: float,
        high: float,
        step: float | None = None,
        form: str | None = None,
    ) -> None:
        """A number; whole where the limits are whole."""
        whole = isinstance(low, int)
        value = self._value(name)
        changed = st.number_input(
            label,
            min_value=low,
            max_value=high,
            value=int(value) if whole else float(value),
            step=step or (1 if whole else 0.05),
            format=form or ("%d" if whole else "%g"),
            **self._kept(name),
        )
        self._note(name, changed)

    def choice(
        self,
        name: str,
        label: str,
        options: Sequence[str],
        names: Mapping[str, str] | None = None,
    ) -> None:
        """One of a few words, which `names` may explain."""
        shown = names or {}
        values = [str(option) for option in options]
        changed = st.selectbox(
            label,
            values,
            index=values.index(self._value(name)),
            format_func=lambda value: shown.get(value, value.replace("_", " ")),
            **self._kept(name),
        )
        self._note(name, changed)

    def several(self, name: str, label: str, options: Sequence[str], *, help: str) -> None:  # noqa: A002
        """Some of many; all of them means that the field is left open."""
        value = self._value(name)
        known = [option for option in (value or options) if option in options]
        changed = st.multiselect(label, options, default=known, help=help, **self._kept(name))
        chosen = None if len(changed) == len(options) else sorted(changed)
        if chosen != (None if value is None else sorted(value)):
            self.changes[name] = chosen

    def optional_number(self, name: str, label: str, *, low: int, high: int, help: str) -> None:  # noqa: A002
        """A whole number, or nothing."""
        changed = st.number_input(
            label,
            min_value=low,
            max_value=high,
            value=self._value(name),
            step=1,
            placeholder="no limit",
            help=help,
            **self._kept(name),
        )
        self._note(name, changed)

    def toggle(self, name: str, label: str, *, on: bool | None = None) -> bool:
        """On or off; returns what it is now."""
        value = bool(self._value(name)) if on is None else on
        changed = st.toggle(label, value=value, **self._kept(name))
        if changed != value:
            self.changes[name] = changed
        return changed

    def reset(self) -> None:
        """Forget every change."""
        for key in [str(key) for key in st.session_state if str(key).startswith(self._prefix)]:
            del st.session_state[key]

    def _value(self, name: str) -> Any:
        place: Any = self._values
        for part in name.split("."):
            if place is None:  # a part that the recipe has switched off
                place = EarlyStopping().model_dump(mode="json")
            place = place[part]
        return place

    def _kept(self, name: str) -> dict[str, Any]:
        of = f":{self._dataset_id}" if name == _CLASSES else ""
        return {"key": f"{self._prefix}{name}{of}", "persist_state": "session"}

    def _note(self, name: str, value: Any) -> None:
        if value != self._value(name):
            self.changes[name] = value
