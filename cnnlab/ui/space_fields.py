"""Widgets for a search space; what is chosen stands in the address, so that it can be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cnnlab.config import RunConfig
from cnnlab.errors import ConfigError
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.recipes import RECIPES
from cnnlab.tuning.fields import TunableField, tunable_fields
from cnnlab.tuning.space import parse_space
from cnnlab.ui.address import asked, choose, follow, show_in

SPACE = "space"
Document = dict[str, Any]

_VALUES, _RANGE = "values", "range"
_KINDS = {_VALUES: "Values", _RANGE: "Range"}
_WIDGET = "vary-fields"
_MOST_QUOTED = 80


def edit_space(base: RunConfig) -> Document | None:
    """Let the user choose fields and what each may take.

    Returns:
        The space's document; None where something is wrong with a field, which is said there.
    """
    known = tunable_fields(base, tuple(RECIPES))
    wanted = asked_space()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        st.warning(
            escape_markdown(
                f"Left out, since {base.recipe} has no such fields: {', '.join(unknown)}."
            ),
            icon=":material/warning:",
        )
    document = {name: wanted[name] for name in wanted if name in known}
    if not unknown:  # else they come back with their recipe
        follow(SPACE, _text(document))
    show_in(_WIDGET, list(document))

    def take_over() -> None:
        chosen = [name for name in st.session_state[_WIDGET] if name in known]
        _choose({name: document.get(name, _begin_with(known[name])) for name in chosen})

    st.multiselect(
        "Fields",
        list(known),
        key=_WIDGET,
        format_func=lambda name: known[name].title,
        on_change=take_over,
        placeholder="Choose what the trials differ in",
        help="Every setting that a training has, the layers of the network among them",
    )
    right = True
    for name, said in document.items():
        with st.container(border=True):
            _edit(known[name], said, document)
            right = _say_what_is_wrong(known[name], said, base) and right
    return document if right else None


def asked_space() -> Document:
    """The document that the address asks for; an empty one, and a warning, if it is none."""
    text = asked(SPACE) or "{}"
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    st.warning(
        escape_markdown(
            "The link's search space is to be a JSON object from fields to values. "
            f"Received: {text[:_MOST_QUOTED]}"
        ),
        icon=":material/warning:",
    )
    return {}


def _edit(field: TunableField, said: Any, document: Document) -> None:
    """One field: a list of values, or the ends of a range."""
    is_number = field.kind in (int, float) and not field.options
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    with left:
        st.markdown(f"**{escape_markdown(field.title)}**")
        if is_number:
            key = _key(field, "kind")
            show_in(key, _RANGE if isinstance(said, Mapping) else _VALUES)
            st.segmented_control(
                "Values or a range",
                list(_KINDS),
                key=key,
                required=True,
                format_func=_KINDS.__getitem__,
                label_visibility="collapsed",
                on_change=_replace,
                args=(document, field.name, lambda: _other_kind(field, st.session_state[key])),
            )
    with right:
        if isinstance(said, Mapping):
            _edit_range(field, said, document)
        elif is_number:
            _edit_numbers(field, said, document)
        else:
            _edit_options(field, said, document)


def _say_what_is_wrong(field: TunableField, said: Any, base: RunConfig) -> bool:
    """Check one field; False, and a sentence, if its values cannot be."""
    try:
        parse_space({field.name: said}, base)
    except ConfigError as error:
        st.error(
            escape_markdown(error.message.replace(field.name, field.title)),
            icon=":material/error:",
        )
        return False
    return True


def _edit_numbers(field: TunableField, said: Any, document: Document) -> None:
    key = _key(field, "values")
    values = said if isinstance(said, list) else [said]
    show_in(key, ", ".join(_word(value) for value in values))
    st.text_input(
        "Values, with commas between them",
        key=key,
        placeholder="32, 64, 128",
        on_change=_replace,
        args=(document, field.name, lambda: _read_values(st.session_state[key])),
    )


def _edit_options(field: TunableField, said: Any, document: Document) -> None:
    key = _key(field, "options")
    values = [value for value in (said if isinstance(said, list) else []) if value in field.options]
    show_in(key, values)
    st.multiselect(
        "Values",
        list(field.options),
        key=key,
        format_func=lambda value: str(value).replace("_", " "),
        on_change=_replace,
        args=(document, field.name, lambda: list(st.session_state[key])),
    )


def _edit_range(field: TunableField, said: Mapping[str, Any], document: Document) -> None:
    keys = {part: _key(field, part) for part in ("low", "high", "step", "log")}
    for part in ("low", "high", "step"):
        show_in(keys[part], _word(said.get(part)))
    show_in(keys["log"], bool(said.get("log")))

    def read() -> Document:
        found: Document = {
            part: _read_number(st.session_state[keys[part]]) for part in ("low", "high", "step")
        }
        if st.session_state[keys["log"]]:
            found["log"] = True
        return {part: value for part, value in found.items() if value not in ("", None)}

    labels = {"low": "From", "high": "To", "step": "Step"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for part, label in labels.items():
            st.text_input(
                label,
                key=keys[part],
                placeholder="any" if part == "step" else "",
                on_change=_replace,
                args=(document, field.name, read),
                width=96,
            )
        st.toggle(
            "Log scale",
            key=keys["log"],
            help="Orders of magnitude are equally likely; for learning rates",
            on_change=_replace,
            args=(document, field.name, read),
        )


def _replace(document: Document, name: str, read: Callable[[], Any]) -> None:
    """A widget of one field was changed: the address follows."""
    _choose({**document, name: read()})


def _choose(document: Document) -> None:
    choose(SPACE, _text(document))


def _text(document: Document) -> str | None:
    return json.dumps(document, separators=(",", ":"), sort_keys=False) if document else None


def _begin_with(field: TunableField) -> Any:
    """Values to begin with: all of a few words, the base's number and its neighbours."""
    if field.options:
        return list(field.options)[:1] if len(field.options) > 4 else list(field.options)
    value = field.value or 0
    if field.kind is int:
        return sorted({max(1, value // 2), value, value * 2})
    if isinstance(value, float) and 0 < value < 0.05:
        return {"low": value / 10, "high": value * 10, "log": True}
    return [value]


def _other_kind(field: TunableField, kind: str) -> Any:
    if kind == _VALUES:
        return [field.value]
    value = field.value or 0
    if field.kind is int:
        return {"low": max(1, value // 2), "high": max(2, value * 2)}
    return (
        {"low": value / 10, "high": value * 10, "log": True} if value else {"low": 0, "high": 0.5}
    )


def _read_values(text: str) -> list[Any]:
    return [_read_number(word) for word in text.split(",") if word.strip()]


def _read_number(text: str) -> Any:
    """A number where it is one, else the text, which the check of the space then names."""
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _word(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _key(field: TunableField, part: str) -> str:
    return f"vary-{part}-{field.name}"
