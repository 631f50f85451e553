"""Widgets for the fields of a configuration; what the user changed is kept for the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cnnlab.config import OPTIONAL_SECTIONS, RunConfig, change_config
from cnnlab.errors import CnnlabError

_DRAFT = "draft"
_CLASSES = "data.classes"  # the one field that means something in one data set only
_PREFIX = "field:"
# What a change says about the data, whatever network is trained on them.
_ABOUT_DATA = ("split.", _CLASSES, "data.limit", "data.balance")


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


def forget_changes(recipe_name: str) -> None:
    """Forget what was changed in one recipe."""
    prefix = f"{_PREFIX}{recipe_name}:"
    for key in [str(key) for key in st.session_state if str(key).startswith(prefix)]:
        del st.session_state[key]


def carry_over(recipe_name: str) -> list[str]:
    """Take the changes that concern the data, not the network, along to another recipe.

    Networks are compared on the same pictures: a split is not to be entered for each of them.

    Returns:
        Dotted names of what was taken along.
    """
    _, changes, dataset_id = st.session_state.get(_DRAFT, (None, {}, ""))
    taken = {
        name: value
        for name, value in changes.items()
        if name.startswith(_ABOUT_DATA) and value is not None
    }
    for name, value in taken.items():
        st.session_state[_widget_key(recipe_name, name, dataset_id)] = value
    return sorted(taken)


def _widget_key(recipe_name: str, name: str, dataset_id: str) -> str:
    of = f":{dataset_id}" if name == _CLASSES else ""
    return f"{_PREFIX}{recipe_name}:{name}{of}"


class Fields:
    """Draws one widget a field and gathers the values that differ from the recipe's.

    Attributes:
        config: The recipe's configuration.
        changes: New values by dotted name, ready for `change_config`.
    """

    def __init__(self, recipe_name: str, config: RunConfig, dataset_id: str) -> None:
        self._recipe_name = recipe_name
        self._dataset_id = dataset_id
        self._values = config.model_dump(mode="json")
        self.config = config
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
        help: str | None = None,  # noqa: A002
    ) -> None:
        """A number; whole where the limits are whole."""
        whole = isinstance(low, int)
        value = int(self.value(name)) if whole else float(self.value(name))
        changed = st.number_input(
            label,
            min_value=min(low, value),
            max_value=max(high, value),
            value=value,
            step=step or (1 if whole else 0.05),
            format=form or ("%d" if whole else "%g"),
            help=help,
            **self._kept(name),
        )
        self._note(name, changed)

    def choice(
        self,
        name: str,
        label: str,
        options: Sequence[str],
        names: Mapping[str, str] | None = None,
        *,
        help: str | None = None,  # noqa: A002
    ) -> str:
        """One of a few words, which `names` may explain; returns what it is now."""
        shown = names or {}
        values = [str(option) for option in options]
        changed: str = st.selectbox(
            label,
            values,
            index=values.index(self.value(name)),
            format_func=lambda value: shown.get(value, value.replace("_", " ")),
            help=help,
            **self._kept(name),
        )
        self._note(name, changed)
        return changed

    def several(self, name: str, label: str, options: Sequence[str], *, help: str) -> None:  # noqa: A002
        """Some of many; all of them means that the field is left open."""
        value = self.value(name)
        known = [option for option in (value or options) if option in options]
        default = known or list(options)  # a run of other data may name classes that are not here
        changed = st.multiselect(label, options, default=default, help=help, **self._kept(name))
        chosen = None if len(changed) == len(options) else sorted(changed)
        if chosen != (None if value is None else sorted(value)):
            self.changes[name] = chosen

    def optional_number(self, name: str, label: str, *, low: int, high: int, help: str) -> None:  # noqa: A002
        """A whole number, or nothing."""
        changed = st.number_input(
            label,
            min_value=low,
            max_value=high,
            value=self.value(name),
            step=1,
            placeholder="no limit",
            help=help,
            **self._kept(name),
        )
        self._note(name, changed)

    def optional_text(
        self,
        name: str,
        label: str,
        *,
        length: int,
        placeholder: str,
        help: str,  # noqa: A002
    ) -> None:
        """A few words, or nothing."""
        changed = st.text_input(
            label,
            value=self.value(name) or "",
            max_chars=length,
            placeholder=placeholder,
            help=help,
            **self._kept(name),
        )
        self._note(name, changed.strip() or None)

    def toggle(
        self,
        name: str,
        label: str,
        *,
        on: bool | None = None,
        help: str | None = None,  # noqa: A002
    ) -> bool:
        """On or off; returns what it is now."""
        value = bool(self.value(name)) if on is None else on
        changed = st.toggle(label, value=value, help=help, **self._kept(name))
        if changed != value:
            self.changes[name] = changed
        return changed

    def put(self, name: str, value: Any) -> None:
        """Note a value, as JSON has it, that comes from elsewhere than a widget here."""
        self._note(name, value)

    def key(self, name: str) -> str:
        """Where the session keeps something that belongs to this recipe; `reset` forgets it."""
        return f"{_PREFIX}{self._recipe_name}:{name}"

    def reset(self) -> None:
        """Forget every change."""
        forget_changes(self._recipe_name)

    def value(self, name: str) -> Any:
        """The recipe's value; of a part that it has switched off, the default."""
        place: Any = self._values
        *sections, field = name.split(".")
        for section in sections:
            place = place[section]
            if place is None:
                place = OPTIONAL_SECTIONS[section]().model_dump(mode="json")
        return place[field]

    def _kept(self, name: str) -> dict[str, Any]:
        key = _widget_key(self._recipe_name, name, self._dataset_id)
        return {"key": key, "persist_state": "session"}

    def _note(self, name: str, value: Any) -> None:
        if value != self.value(name):
            self.changes[name] = value
