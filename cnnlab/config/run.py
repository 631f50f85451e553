"""What a run is made of: data, split, network and training, validated and frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, get_args

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from cnnlab.config.data import AugmentationConfig, Colour, DataConfig, SplitConfig
from cnnlab.config.network import Backbone, Features, NetworkConfig
from cnnlab.config.section import Section
from cnnlab.config.training import EarlyStopping, FineTuning, TrainingConfig
from cnnlab.errors import ConfigError

OPTIONAL_SECTIONS: Mapping[str, type[Section]] = {
    "early_stopping": EarlyStopping,
    "backbone": Backbone,
    "fine_tuning": FineTuning,
}
"""Parts that can be switched off, with what switching them on gives."""


class RunConfig(Section):
    """Everything that decides how a run turns out, apart from the pictures themselves."""

    recipe: str = Field(min_length=1, max_length=120)
    data: DataConfig = DataConfig()
    split: SplitConfig = SplitConfig()
    network: NetworkConfig = NetworkConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _parts_fit_together(self) -> RunConfig:
        backbone = self.network.backbone
        if backbone is None:
            if self.training.fine_tuning is not None:
                raise ValueError(
                    "training.fine_tuning needs a backbone: set network.backbone.name, or switch "
                    "fine_tuning off. Received: a fine-tuning and no backbone"
                )
            return self
        if self.data.colour is Colour.GREY:
            raise ValueError(
                "a backbone takes colour pictures: set data.colour to rgb, or leave the backbone "
                f"out. Received: data.colour=grey and {backbone.name.value}"
            )
        if backbone.views and backbone.features is Features.LIVE:
            raise ValueError(
                "network.backbone.views belong to cached features: set views to 0, or "
                f"network.backbone.features to cached. Received: {backbone.views} views of live "
                "features"
            )
        return self

    def to_json(self) -> str:
        """This configuration as a JSON document; `parse_config` reads it back."""
        return self.model_dump_json(indent=2)


def parse_config(document: str | Mapping[str, Any]) -> RunConfig:
    """Read a configuration from JSON text or from nested mappings.

    Raises:
        ConfigError: If a field is unknown, missing or breaks its rule; the message names the
            field, the rule and the value.
    """
    try:
        if isinstance(document, str):
            return RunConfig.model_validate_json(document)
        return RunConfig.model_validate(document)
    except ValidationError as error:
        raise ConfigError(explain_invalid(error)) from error


def change_config(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """Return `config` with fields replaced, addressed as "section.field".

    A layer is addressed by its number, from 1: "network.layers.3.filters".

    Args:
        config: The configuration to start from.
        changes: New values by dotted name, such as {"training.epochs": 5}. False or None turns an
            early stopping, a backbone or a fine-tuning off; True turns it on with its defaults.

    Raises:
        ConfigError: If a field does not exist or a value breaks its rule.
    """
    document = config.model_dump(mode="json")
    for name, value in changes.items():
        _put(document, name, value)
    return parse_config(document)


def check_field(config: RunConfig, name: str, value: Any) -> None:
    """Check one field's value by its type and its own rule.

    Whether it goes together with the other fields is not looked at: those may be changed too.

    Args:
        config: Decides which fields there are.
        name: Dotted, as for `change_config`.
        value: What the field would become.

    Raises:
        ConfigError: If the field does not exist or the value breaks its rule.
    """
    document = config.model_dump(mode="json")
    _put(document, name, value)
    try:
        RunConfig.model_validate(document)
    except ValidationError as error:
        own = [problem for problem in _problems(error) if not _of_several(problem, name)]
        if own:
            raise ConfigError(_explain(own)) from error


def field_kind(config: RunConfig, name: str) -> type | None:
    """What a field holds: bool, int, float, str; None for anything else, such as layers.

    Args:
        config: Decides which fields there are.
        name: Dotted, as for `change_config`.

    Raises:
        ConfigError: If the field does not exist.
    """
    _put(config.model_dump(mode="json"), name, None)  # refuses what does not exist
    *sections, field = name.split(".")
    place: Any = config
    for section in sections:
        if isinstance(place, tuple):
            place = place[int(section) - 1]
        else:
            place = getattr(place, section) or OPTIONAL_SECTIONS[section]()
    annotation = type(place).model_fields[field].annotation
    kinds = {kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType}
    for kind in (bool, int, float, str):
        if kinds and all(isinstance(each, type) and issubclass(each, kind) for each in kinds):
            return kind
    return None


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Read "section.field=value" words, values as JSON or, failing that, as plain text.

    Raises:
        ConfigError: If a word has no "=".
    """
    changes: dict[str, Any] = {}
    for word in assignments:
        name, separator, text = word.partition("=")
        if not separator or not name.strip():
            raise ConfigError(
                "--set takes section.field=value, for example training.epochs=5. "
                f"Received: {word!r}"
            )
        changes[name.strip()] = _value(text.strip())
    return changes


def _value(text: str) -> Any:
    words = {"true": True, "on": True, "false": False, "off": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(document: dict[str, Any], name: str, value: Any) -> None:
    *sections, field = name.split(".")
    place: Any = document
    for section in sections:
        if isinstance(place, list):
            place = _element(place, name, section)
            continue
        inner = place.get(section) if isinstance(place, dict) else None
        if isinstance(inner, list):
            place = inner
            continue
        if inner is None and section in OPTIONAL_SECTIONS and section in place:
            inner = place[section] = OPTIONAL_SECTIONS[section]().model_dump(mode="json")
        if not isinstance(inner, dict):
            raise ConfigError(f"{name}: there is no section {section!r}. {_known(place)}")
        place = inner
    if not sections or not isinstance(place, dict) or field not in place:
        raise ConfigError(f"{name}: there is no field {field!r}. {_known(place)}")
    if field in OPTIONAL_SECTIONS and isinstance(value, bool):
        value = OPTIONAL_SECTIONS[field]().model_dump(mode="json") if value else None
    place[field] = value


def _element(layers: list[Any], name: str, number: str) -> Any:
    if not number.isdigit() or not 1 <= int(number) <= len(layers):
        raise ConfigError(
            f"{name}: layers are named by their number, from 1 to {len(layers)}. "
            f"Received: {number!r}"
        )
    return layers[int(number) - 1]


def _known(place: Any) -> str:
    if isinstance(place, list):
        return f"Name a layer by its number, from 1 to {len(place)}, and a field of it."
    names = ", ".join(sorted(place)) if isinstance(place, dict) else ""
    return f"Choose one of: {names}."


def explain_invalid(error: ValidationError) -> str:
    """Say which fields break which rule, with what they were given."""
    return _explain(_problems(error))


def _problems(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False)


def _of_several(problem: ErrorDetails, name: str) -> bool:
    """Whether a rule was broken that a field has with others of its section, or of all."""
    where = ".".join(str(part) for part in problem["loc"])
    return problem["type"] == "value_error" and (not where or name.startswith(f"{where}."))


def _explain(problems: Sequence[ErrorDetails]) -> str:
    sentences = []
    for problem in problems:
        where = ".".join(
            str(part + 1 if isinstance(part, int) else part) for part in problem["loc"]
        )
        rule = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
        rule = rule[:1].lower() + rule[1:]
        if not where and problem["type"] == "value_error":  # of several parts; it names them
            sentences.append(f"{rule}.")
            continue
        where = where or "configuration"
        sentences.append(f"{where}: {rule}. Received: {_short(problem.get('input'))}")
    return "; ".join(sentences)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
