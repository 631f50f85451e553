"""Configurations field by field, and where several of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cnnlab.config.layers import (
    Activation,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    Layer,
    Padding,
    Pooling,
    PoolMode,
)
from cnnlab.config.run import OPTIONAL_SECTIONS, RunConfig

FieldValue = bool | int | float | str
MISSING = "–"  # of a field that a configuration does not have, in texts
SEED = "training.seed"
NO_FIGURES = frozenset({SEED, "training.tensorboard", "training.log_name"})  # seed and logs
_LAYERS = "network.layers"
_NAMES_SHOWN = 6
_ON, _OFF, _NONE = "on", "off", "none"


def config_fields(config: RunConfig) -> dict[str, FieldValue]:
    """Every field by its dotted name, in the configuration's order.

    A section that can be switched off is "on" or "off", with its own fields where it is on. Lists
    are one text, and so are the layers: "conv 32, pool 2, flatten, dense 64".
    """
    document = config.model_dump(mode="json")
    document["network"]["layers"] = layers_line(config.network.layers) or _NONE
    return dict(_flat(document, ""))


def differing_fields(rows: Sequence[Mapping[str, FieldValue]]) -> list[str]:
    """Names of the fields that are not the same in all rows, in the order of their first place.

    A field that only some rows have differs.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if len({_comparable(row.get(name)) for row in rows}) > 1]


def field_text(value: FieldValue | None) -> str:
    """A value as people read it."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return _ON if value else _OFF
    return f"{value:g}" if isinstance(value, float) else str(value)


def field_title(name: str) -> str:
    """A dotted name without its section: "training.fine_tuning.epochs" is "fine tuning epochs"."""
    return name.split(".", 1)[-1].replace("_", " ").replace(".", " ")


def field_titles(names: Sequence[str]) -> str:
    """The first few of several names: "epochs, batch size and 3 more"."""
    shown = ", ".join(field_title(name) for name in names[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    return shown if rest <= 0 else f"{shown} and {rest} more"


def layers_line(layers: Sequence[Layer]) -> str:
    """Layers in one short line; equal ones in a row are counted: "2 × conv 200, pool 5"."""
    parts = []
    for text, same in groupby(_layer_text(layer) for layer in layers):
        count = len(list(same))
        parts.append(text if count == 1 else f"{count} × {text}")
    return ", ".join(parts)


def _layer_text(layer: Layer) -> str:
    match layer:
        case Convolution():
            return _convolution_text(layer)
        case Pooling():
            average = "average " if layer.mode is PoolMode.AVERAGE else ""
            same = " same" if layer.padding is Padding.SAME else ""
            return f"{average}pool {layer.size}{same}"
        case BatchNormalization():
            return "norm"
        case Activation():
            return layer.function.value
        case Dropout():
            return f"dropout {layer.rate:g}"
        case Flatten():
            return "flatten"
        case GlobalPooling():
            return f"global {layer.mode.value}"
        case Dense():
            return f"dense {layer.units}"
    return f"residual ({layers_line(layer.layers)})"


def _convolution_text(layer: Convolution) -> str:
    kernel = "" if layer.kernel == 3 else f" {layer.kernel}×{layer.kernel}"
    stride = "" if layer.stride == 1 else f" stride {layer.stride}"
    same = " same" if layer.padding is Padding.SAME else ""
    return f"conv {layer.filters}{kernel}{stride}{same}"


def _flat(section: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, FieldValue]]:
    for field, value in section.items():
        name = prefix + field
        if field in OPTIONAL_SECTIONS:
            yield name, _OFF if value is None else _ON
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif field not in OPTIONAL_SECTIONS:
            yield name, _plain(value)


def _plain(value: Any) -> FieldValue:
    if value is None:
        return _NONE
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _NONE
    plain: FieldValue = value
    return plain


def _comparable(value: FieldValue | None) -> tuple[bool, object]:
    """1 and True are equal in Python, but not as settings."""
    return isinstance(value, bool), value
