"""What charts of sweeps call objectives and fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnlab.config.differences import field_title
from cnnlab.figures.text import escape
from cnnlab.tuning.plan import Objective

_TITLES = {
    Objective.VALIDATION_MACRO_F1: "validation macro F1",
    Objective.MULTIPLY_ADDS: "multiply-adds an image",
    Objective.MODEL_BYTES: "size of the model in bytes",
    Objective.LATENCY_MS: "ms for one picture",
    Objective.SECONDS_PER_EPOCH: "seconds an epoch",
}


def objective_title(objective: Objective) -> str:
    """An objective in words."""
    return _TITLES.get(objective, objective.value.replace("_", " "))


def value_text(value: Any) -> str:
    """A field's value as people read it, escaped."""
    return escape(f"{value:.4g}" if isinstance(value, float) else str(value))


def field_lines(fields: Mapping[str, Any]) -> str:
    """A trial's values for a hover text, a line each."""
    return "<br>".join(
        f"{escape(field_title(name))}: {value_text(value)}" for name, value in fields.items()
    )
