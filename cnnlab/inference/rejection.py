"""Whether a picture shows any of the classes that a network knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from cnnlab.inference.model import FloatArray
from cnnlab.workspace import RunFiles


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule says about one picture.

    Attributes:
        known: Whether it is taken for a picture of one of the classes.
        strangeness: The rule's figure, higher for stranger pictures.
        threshold: Up to here a picture counts as known.
    """

    known: bool
    strangeness: float
    threshold: float

    def to_json(self) -> dict[str, Any]:
        """As the command line and REST give it."""
        return asdict(self)


class RejectionRule(Protocol):
    """Tells pictures of a network's classes from all others."""

    def judge(self, probabilities: FloatArray, features: FloatArray) -> Sequence[Verdict]:
        """A verdict a picture.

        Args:
            probabilities: float32, shape (n_images, n_classes).
            features: As `LiteModel.predict` gives them, float32, shape (n_images, n_features).
        """


def load_rule(files: RunFiles) -> RejectionRule | None:
    """The rule that was fitted at the end of a run's training; None where there is none."""
    return None
