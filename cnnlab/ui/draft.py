"""The network that is being edited on the Train page, with the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from cnnlab.config import NetworkConfig
from cnnlab.errors import ConfigError
from cnnlab.networks.blueprint import Blueprint, from_layers, to_layers
from cnnlab.ui.fields import Fields

_STEPS_KEPT = 100

Change = Callable[[NetworkConfig], NetworkConfig]


@dataclass
class Draft:
    """A network that is being edited; one a recipe and session.

    Attributes:
        network: As it is now.
        history: As it was before each edit, the last one at the end.
        part: Index of the block that is shown; the number of blocks stands for the head.
        refusal: Why the last edit was not taken over; empty where it was.
    """

    network: NetworkConfig
    history: list[NetworkConfig] = field(default_factory=list)
    part: int = 0
    refusal: str = ""

    @property
    def blueprint(self) -> Blueprint | None:
        """The layers as blocks, where they can be said that way."""
        return from_layers(self.network.stack)

    def edit(self, change: Change) -> None:
        """Take an edit over; one that breaks a rule changes nothing, and why is remembered."""
        try:
            network = change(self.network)
        except ConfigError as error:
            self.refusal = error.message
            return
        except IndexError:  # another edit of the same moment has taken the block out
            return
        self.refusal = ""
        if network != self.network:
            self.history = [*self.history[-_STEPS_KEPT:], self.network]
            self.network = network

    def rebuild(self, change: Callable[[Blueprint], Blueprint], part: int | None = None) -> None:
        """Edit the blocks; then show the one at index `part`."""
        blueprint = self.blueprint
        if blueprint is None:
            return
        self.edit(lambda network: with_layers(network, to_layers(change(blueprint))))
        if part is not None:
            self.part = part

    def undo(self) -> None:
        """Take the last edit back."""
        if self.history:
            self.network = self.history.pop()
        self.refusal = ""


def draft_of(fields: Fields) -> Draft:
    """The network as it is edited now; the recipe's at first. Its changes go into the fields."""
    draft: Draft = st.session_state.setdefault(
        fields.key("network"), Draft(network=fields.config.network)
    )
    for name, value in draft.network.model_dump(mode="json").items():
        fields.put(f"network.{name}", value)
    return draft


def with_layers(network: NetworkConfig, layers: tuple[Any, ...]) -> NetworkConfig:
    """A network with these layers in the place of its own."""
    return network.model_copy(
        update={
            "layers": layers,
            "conv_layers": None,
            "layer_size": None,
            "dense_layers": None,
        }
    )
