"""What a run is made of: data, split, network and training, validated and frozen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError, model_validator

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
        raise ConfigError(_explain(error)) from error


def change_config(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """Return `config` with fields replaced, addressed as "section.field".

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
        inner = place.get(section) if isinstance(place, dict) else None
        if inner is None and section in OPTIONAL_SECTIONS and section in place:
            inner = place[section] = OPTIONAL_SECTIONS[section]().model_dump(mode="json")
        if not isinstance(inner, dict):
            raise ConfigError(f"{name}: there is no section {section!r}. {_known(place)}")
        place = inner
    if not sections or field not in place:
        raise ConfigError(f"{name}: there is no field {field!r}. {_known(place)}")
    if field in OPTIONAL_SECTIONS and isinstance(value, bool):
        value = OPTIONAL_SECTIONS[field]().model_dump(mode="json") if value else None
    place[field] = value


def _known(place: Any) -> str:
    names = ", ".join(sorted(place)) if isinstance(place, dict) else ""
    return f"Choose one of: {names}."


def _explain(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"])
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
