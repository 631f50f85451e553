"""Layers as JSON text that people can edit."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cnnlab.config import Layer, Residual
from cnnlab.errors import ConfigError

_LAYERS: TypeAdapter[tuple[Layer, ...]] = TypeAdapter(tuple[Layer, ...])


def layers_text(layers: tuple[Layer, ...]) -> str:
    """Layers as JSON text, one a line, without what is left at its default."""
    lines = (json.dumps(_short_form(layer)) for layer in layers)
    return "[\n" + ",\n".join(f"  {line}" for line in lines) + "\n]"


def parse_layers(text: str) -> tuple[Layer, ...]:
    """Read JSON text as layers.

    Raises:
        ConfigError: If it is no JSON, or a layer is unknown or breaks a rule; the message names
            the place.
    """
    try:
        return _LAYERS.validate_python(json.loads(text))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"layers must be JSON text. Received: line {error.lineno}, column {error.colno}: "
            f"{error.msg}. Check its brackets, commas and quotes."
        ) from error
    except RecursionError as error:
        raise ConfigError("layers must not lie so deep inside each other.") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = [str(part + 1) if isinstance(part, int) else part for part in problem["loc"]]
        place = f"layer {' / '.join(where)}" if where else "layers"
        raise ConfigError(
            f"{place}: {problem['msg'].removeprefix('Input ')}. "
            f"Received: {str(problem['input'])[:80]}"
        ) from error


def _short_form(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, Residual):
        return {"kind": layer.kind, "layers": [_short_form(inner) for inner in layer.layers]}
    return {"kind": layer.kind, **layer.model_dump(mode="json", exclude_defaults=True)}
