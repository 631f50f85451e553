"""Search spaces: which fields of a configuration vary, and over what."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from cnnlab.config import RunConfig, Section, check_field, explain_invalid, field_kind
from cnnlab.errors import ConfigError

RECIPE = "recipe"  # a field of its own: its values are recipes, of which the network is taken
MOST_VALUES = 200
Values = dict[str, Any]  # of one trial, by the dotted name of the field


class Choice(Section):
    """A field that takes one of some values.

    Attributes:
        values: As they stand in a configuration; numbers in ascending order.
    """

    values: tuple[Any, ...] = Field(min_length=1, max_length=MOST_VALUES)

    @field_validator("values")
    @classmethod
    def _without_repeats(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        texts = [json.dumps(value, sort_keys=True) for value in values]
        if len(set(texts)) < len(texts):
            raise ValueError(f"each value should stand there once. Received: {list(values)}")
        return tuple(sorted(values)) if all(map(_is_number, values)) else values

    def contains(self, value: Any) -> bool:
        """Whether a search can come to a value."""
        return any(value == each and type(value) is type(each) for each in self.values)

    @property
    def ordered(self) -> bool:
        """True for numbers, of which a search may use that some are close to each other."""
        return all(map(_is_number, self.values))

    def to_json(self) -> Any:
        """As it stands in a file."""
        return list(self.values)


class Range(Section):
    """A number between two others, both included.

    Attributes:
        low, high: Its bounds.
        log: Whether orders of magnitude are equally likely, instead of equal distances.
        step: Distance of the numbers that are tried, or None for any number; 1 for a whole one.
        whole: Whether only whole numbers are allowed; known from the field.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = Field(default=None, gt=0)
    whole: bool = False

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        if not self.low < self.high:
            raise ValueError(f"low should be below high. Received: {self.low:g} and {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range begins above 0. Received: low={self.low:g}")
        if self.log and self.step is not None:
            raise ValueError("a logarithmic range has no step: leave one of log and step out")
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if self.whole and value is not None and value != int(value):
                raise ValueError(f"{name} should be a whole number. Received: {value:g}")
        return self

    def contains(self, value: Any) -> bool:
        """Whether a search can come to a value."""
        if not _is_number(value) or not self.low <= value <= self.high:
            return False
        if self.step is None:
            return True
        steps = (value - self.low) / self.step
        return math.isclose(steps, round(steps), abs_tol=1e-9)

    @property
    def count(self) -> int | None:
        """How many different numbers there are; None without steps."""
        if not self.whole and self.step is None:
            return None
        return math.floor((self.high - self.low) / (self.step or 1.0) + 1e-9) + 1

    def to_json(self) -> Any:
        """As it stands in a file."""
        number = int if self.whole else float
        document: dict[str, Any] = {"low": number(self.low), "high": number(self.high)}
        if self.log:
            document["log"] = True
        if self.step is not None:
            document["step"] = number(self.step)
        return document


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Fields by their dotted names, each with what it takes."""

    parameters: Mapping[str, Choice | Range]

    @property
    def combinations(self) -> int | None:
        """How many different trials there are; None where a range has no steps."""
        total = 1
        for parameter in self.parameters.values():
            count = len(parameter.values) if isinstance(parameter, Choice) else parameter.count
            if count is None:
                return None
            total *= count
        return total

    def contains(self, values: Values) -> bool:
        """Whether a trial with these values may come up."""
        return values.keys() == self.parameters.keys() and all(
            parameter.contains(values[name]) for name, parameter in self.parameters.items()
        )

    def grid(self) -> Iterator[Values]:
        """Every combination, the last field changing fastest.

        Raises:
            ConfigError: If a range has no steps.
        """
        if self.combinations is None:
            endless = [
                name
                for name, parameter in self.parameters.items()
                if isinstance(parameter, Range) and parameter.count is None
            ]
            raise ConfigError(
                f"A grid needs a list of values, or a step, for {', '.join(endless)}: there are "
                "endlessly many numbers in a range. Or search with random or tpe."
            )
        lists = [
            parameter.values if isinstance(parameter, Choice) else _stepped(parameter)
            for parameter in self.parameters.values()
        ]
        for values in itertools.product(*lists):
            yield dict(zip(self.parameters, values, strict=True))

    def to_json(self) -> dict[str, Any]:
        """As it stands in a file; `parse_space` reads it back."""
        return {name: parameter.to_json() for name, parameter in self.parameters.items()}


def read_space(file: Path) -> dict[str, Any]:
    """Read the document of a search space from a JSON file.

    Raises:
        ConfigError: If the file cannot be read or is no JSON object.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"The file of the space could not be read: {error}.") from error
    except ValueError as error:
        raise ConfigError(
            f"{file} is not JSON: {error}. It should look like "
            '{"network.layer_size": [32, 64], '
            '"training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": true}}.'
        ) from error
    if not isinstance(document, dict):
        raise ConfigError(
            f"{file} should hold one JSON object, from fields to their values. Received: "
            f"{type(document).__name__}"
        )
    return document


def parse_space(document: Mapping[str, Any], base: RunConfig) -> SearchSpace:
    """Read a search space, and check each of its values against a configuration.

    Values that only do not go together, or make a network that is impossible, are no error here:
    such trials are pruned.

    Args:
        document: {"network.layer_size": [32, 64], "training.learning_rate": {"low": 1e-4,
            "high": 1e-2, "log": true}}.
        base: What the trials have in common.

    Raises:
        ConfigError: If the space is empty, a field does not exist, or a value has the wrong type
            or breaks the field's rule.
    """
    if not document:
        raise ConfigError(
            "The search space is empty: name at least one field and its values, such as "
            '{"training.learning_rate": [0.001, 0.0001]}.'
        )
    parameters: dict[str, Choice | Range] = {}
    for name, said in document.items():
        parameters[name] = _parameter(name, said, base)
    return SearchSpace(parameters)


def _parameter(name: str, said: Any, base: RunConfig) -> Choice | Range:
    try:
        if isinstance(said, list):
            parameter: Choice | Range = Choice(values=tuple(said))
        elif isinstance(said, Mapping):
            kind = None if name == RECIPE else field_kind(base, name)
            if kind not in (int, float):
                raise ConfigError(f"{name} is not a number: give a list of values, no range.")
            parameter = Range(**{"whole": kind is int, **said})
        else:
            raise ConfigError(
                f'{name}: give a list of values, or a range such as {{"low": 0, "high": 1}}. '
                f"Received: {said!r}"
            )
    except ValidationError as error:
        raise ConfigError(f"{name}: {_explain(error)}") from error
    if name == RECIPE:  # whether there are such recipes, `plan.with_networks` finds out
        if not all(isinstance(value, str) for value in getattr(parameter, "values", [None])):
            raise ConfigError(f"{RECIPE}: give a list of names of recipes. Received: {said!r}")
        return parameter
    tried = parameter.values if isinstance(parameter, Choice) else (parameter.low, parameter.high)
    whole = isinstance(parameter, Range) and parameter.whole
    for value in tried:
        check_field(base, name, int(value) if whole else value)
    return parameter


def _explain(error: ValidationError) -> str:
    """What is wrong with the values of a field; how a rule was broken is said by the rule."""
    first = error.errors(include_url=False)[0]
    part = str(first["loc"][0]) if first["loc"] else ""
    match first["type"]:
        case "too_short":
            return "give at least one value."
        case "missing":
            unknown = [
                str(each["loc"][0]) for each in error.errors() if each["type"] == "extra_forbidden"
            ]
            received = f" Received: {', '.join(unknown)}" if unknown else ""
            return f"the range has no {part} end: give a number.{received}"
        case "float_parsing" | "float_type":
            return f"{part} should be a number, such as 0.01. Received: {first['input']!r}"
        case "value_error":
            return str(first["ctx"]["error"])
    return explain_invalid(error)


def _stepped(parameter: Range) -> list[float] | list[int]:
    step = parameter.step or 1.0
    count = parameter.count or 0
    if parameter.whole:
        return [int(parameter.low + place * step) for place in range(count)]
    return [round(parameter.low + place * step, 12) for place in range(count)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
