"""Which fields of a configuration a sweep can vary, and what they may take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel

from cnnlab.config import OPTIONAL_SECTIONS, RunConfig, field_kind
from cnnlab.config.differences import field_title
from cnnlab.tuning.space import RECIPE

_NEVER = frozenset({"training.log_name", "training.tensorboard", "data.classes", "network.layers"})
_TITLES = {  # where the last word of the name says too little
    "data.size": "picture size",
    "data.limit": "most pictures of a class",
    "data.balance": "as many pictures of every class",
    "split.validation": "validation share",
    "split.test": "test share",
    "split.test_from_validation": "test share of validation",
    "split.train_share": "share of training pictures",
    "split.seed": "seed of the split",
    "training.seed": "seed of the training",
    "training.monitor": "best epoch by",
}


@dataclass(frozen=True, slots=True)
class TunableField:
    """One field.

    Attributes:
        name: Dotted.
        title: For people.
        value: What it has in the base.
        kind: int, float or bool; str for words.
        options: What it may take, if that is one of a few.
    """

    name: str
    title: str
    value: Any
    kind: type
    options: tuple[Any, ...] = ()


def tunable_fields(base: RunConfig, recipes: tuple[str, ...] = ()) -> dict[str, TunableField]:
    """Every field that a sweep can vary, by its dotted name, in the configuration's order.

    Args:
        base: Decides which fields there are; a layer's fields are among them.
        recipes: Names of recipes whose networks may be tried.
    """
    found = {}
    if recipes:
        found[RECIPE] = TunableField(RECIPE, "recipe (its network)", base.recipe, str, recipes)
    for name, owner, value in _walk(base, ""):
        if name in _NEVER:
            continue
        options: tuple[Any, ...] = _options(owner, name)
        kind = str if options else field_kind(base, name)
        if kind is bool:
            options = (False, True)
        if kind is None or (kind is str and not options):
            continue
        plain = value.value if isinstance(value, Enum) else value
        found[name] = TunableField(name, _title(base, name), plain, kind, options)
    return found


def _walk(section: BaseModel, prefix: str) -> Iterator[tuple[str, BaseModel, Any]]:
    """(dotted name, section, value) of every field; parts that are off with their defaults."""
    for field in type(section).model_fields:
        name, value = prefix + field, getattr(section, field)
        if name == RECIPE or field == "kind":
            continue
        if field in OPTIONAL_SECTIONS and value is None:
            continue
        if isinstance(value, BaseModel):
            yield from _walk(value, f"{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for number, layer in enumerate(value, start=1):
                yield from _walk(layer, f"{name}.{number}.")
        else:
            yield name, section, value


def _options(owner: BaseModel, name: str) -> tuple[str, ...]:
    annotation = type(owner).model_fields[name.rsplit(".", 1)[-1]].annotation
    for kind in get_args(annotation) or (annotation,):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return tuple(str(member.value) for member in kind)
    return ()


def _title(base: RunConfig, name: str) -> str:
    parts = name.split(".")
    if parts[:2] != ["network", "layers"]:
        return _TITLES.get(name) or field_title(name)
    layer: Any = base
    for part in parts[:-1]:
        layer = layer[int(part) - 1] if isinstance(layer, tuple) else getattr(layer, part)
    number = ".".join(part for part in parts[2:-1] if part.isdigit())
    kind = str(getattr(layer, "kind", "layer")).replace("_", " ")
    return f"layer {number} ({kind}) {parts[-1].replace('_', ' ')}"


def titles(base: RunConfig) -> Mapping[str, str]:
    """Title of each field that can be varied, by its dotted name."""
    return {name: field.title for name, field in tunable_fields(base).items()}
