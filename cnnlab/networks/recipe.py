"""What a recipe is: a named starting configuration."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.config import RunConfig
from cnnlab.networks.description import NetworkDescription, describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A named starting configuration.

    Attributes:
        name: What `--recipe` and the pages call it.
        summary: What it is and when to take it, one sentence.
        class_count: Classes of the study it comes from; the data decide in a run.
        config: The complete configuration.
    """

    name: str
    summary: str
    class_count: int
    config: RunConfig

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the pictures that it takes."""
        data = self.config.data
        return (data.size, data.size, data.colour.channels)

    def describe(self) -> NetworkDescription:
        """Describe the layers for the study's number of classes."""
        return describe(self.config.network, self.input_shape, self.class_count)
