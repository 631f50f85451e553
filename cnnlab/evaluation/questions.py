"""The question that a comparison of two runs answers."""

from __future__ import annotations

from collections.abc import Mapping

from cnnlab.config import Convolution, Pooling, RunConfig
from cnnlab.config.differences import (
    NO_FIGURES,
    FieldValue,
    config_fields,
    differing_fields,
    field_text,
    field_title,
)

_TUNED_SECTIONS = ("network", "training", "augmentation")
_SAID_OTHERWISE = NO_FIGURES | {"recipe"}
_SHOWN_FIELDS = 4
_NAMING_FIELDS = 2
_LONGEST_VALUE = 24


def question(
    first: RunConfig, second: RunConfig, *, names: tuple[str, str], continued: bool = False
) -> str:
    """Say what a comparison of two runs is about, as plain text.

    Args:
        first, second: Their configurations.
        names: What the two are called.
        continued: The second one goes on from the first one's last epoch.
    """
    fields = config_fields(first), config_fields(second)
    changed = [name for name in differing_fields(fields) if name not in _SAID_OTHERWISE]
    if continued:
        return "How much did training longer gain?"
    if _strides_against_pooling(first, second):
        return "Do strides instead of pooling give a better result?"
    if not changed and first.recipe == second.recipe:
        return f"How much does chance alone change {first.recipe}?"
    if first.recipe == second.recipe and _are_tuned(changed):
        return _tuning_question(changed, *fields)
    return f"Is {names[1]} better than {names[0]}?"


def recipe_names(first: RunConfig, second: RunConfig) -> tuple[str, str]:
    """What to call two recipes: by what differs where they have the same name."""
    if first.recipe != second.recipe:
        return first.recipe, second.recipe
    rows = config_fields(first), config_fields(second)
    changed = [name for name in differing_fields(rows) if name not in NO_FIGURES][:_NAMING_FIELDS]
    texts = []
    for row in rows:
        settings = [f"{field_title(name)} {_short(field_text(row.get(name)))}" for name in changed]
        texts.append(f"{first.recipe} with {', '.join(settings)}" if settings else first.recipe)
    return texts[0], texts[1]


def _tuning_question(
    changed: list[str], before: Mapping[str, FieldValue], after: Mapping[str, FieldValue]
) -> str:
    return f"How much did the tuning gain ({_changes(changed, before, after)})?"


def _changes(
    names: list[str], before: Mapping[str, FieldValue], after: Mapping[str, FieldValue]
) -> str:
    parts = []
    for name in names[:_SHOWN_FIELDS]:
        old, new = field_text(before.get(name)), field_text(after.get(name))
        title = field_title(name)
        short = max(len(old), len(new)) <= _LONGEST_VALUE
        parts.append(f"{title} {old} → {new}" if short else f"other {title}")
    rest = len(names) - _SHOWN_FIELDS
    return ", ".join(parts) + (f" and {rest} more" if rest > 0 else "")


def _are_tuned(changed: list[str]) -> bool:
    """Whether only settings are changed that a tuner may change: the pictures are the same."""
    return all(name.split(".", 1)[0] in _TUNED_SECTIONS for name in changed)


def _strides_against_pooling(first: RunConfig, second: RunConfig) -> bool:
    """Whether one network shrinks its maps by pooling only, and the other by strides only."""
    kinds = {_shrinking(first), _shrinking(second)}
    return kinds == {(True, False), (False, True)}


def _shrinking(config: RunConfig) -> tuple[bool, bool]:
    stack = config.network.stack
    pools = any(isinstance(layer, Pooling) for layer in stack)
    strides = any(isinstance(layer, Convolution) and layer.stride > 1 for layer in stack)
    return pools, strides


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
