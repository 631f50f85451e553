"""What can be said of a network up to the layer that does not fit."""

from __future__ import annotations

import re

from cnnlab.config import Flatten, NetworkConfig
from cnnlab.errors import NetworkError
from cnnlab.networks.description import NetworkDescription, describe

_LAYER_NUMBER = re.compile(r"layer (\d+)[.:]")


def refused_layer(refusal: str) -> int | None:
    """Number of the layer, from 1, that a refusal of `describe` names; None where it names none."""
    named = _LAYER_NUMBER.match(refusal)
    return None if named is None else int(named[1])


def describe_before(
    network: NetworkConfig, input_shape: tuple[int, int, int], refusal: str
) -> NetworkDescription:
    """Describe the layers in front of the one that a refusal of `describe` names.

    The description has no softmax; it is empty where the refusal names no layer.
    """
    number = refused_layer(refusal)
    nothing = NetworkDescription(input_shape=input_shape, rows=())
    if number is None:
        return nothing
    before = network.stack[: number - 1]
    for closing in ((), (Flatten(),)):
        # A softmax needs a vector; it is left out again, and so is what made one.
        shortened = NetworkConfig(
            scaling=network.scaling,
            width=network.width,
            backbone=network.backbone,
            layers=(*before, *closing),
        )
        try:
            rows = describe(shortened, input_shape, 2).rows
        except NetworkError:
            continue
        return NetworkDescription(input_shape=input_shape, rows=rows[: -1 - len(closing)])
    return nothing
