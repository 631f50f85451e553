"""What a recipe is: a named starting configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnlab.config import RunConfig
from cnnlab.errors import NetworkError
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
        return self.config.data.picture_shape

    def to_row(self) -> dict[str, Any]:
        """Name, input shape, classes, parameters and summary, JSON-ready.

        The parameters are None where the layers do not fit, as they may in a user's own recipe.
        """
        try:
            network = self.describe()
            parameters = {
                "total": network.total_parameters,
                "trainable": network.trainable_parameters,
            }
        except NetworkError:
            parameters = None
        return {
            "name": self.name,
            "input_shape": list(self.input_shape),
            "classes": self.class_count,
            "parameters": parameters,
            "summary": self.summary,
        }

    def describe(self) -> NetworkDescription:
        """Describe the layers for the study's number of classes."""
        return describe(self.config.network, self.input_shape, self.class_count)
