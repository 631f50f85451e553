"""What can be read from the curves of a training, and what must be known beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cnnlab.config import RunConfig
from cnnlab.evaluation.remedies import Remedy

LEAST_EPOCHS = 5  # for a verdict on a trend


class Kind(StrEnum):
    """What a curve shows."""

    RATE_TOO_HIGH = "rate-too-high"
    DEAD = "dead"
    RATE_TOO_LOW = "rate-too-low"
    OVERFITTING = "over-fitting"
    UNDERFITTING = "under-fitting"
    STOPPED_EARLY = "stopped-early"
    TOO_SHORT = "too-short"
    FINE = "fine"

    @property
    def verdict(self) -> str:
        """The kind in two or three words."""
        return _VERDICTS[self]

    @property
    def is_fault(self) -> bool:
        """Whether something should be changed."""
        return self not in (Kind.STOPPED_EARLY, Kind.TOO_SHORT, Kind.FINE)


_VERDICTS = {
    Kind.RATE_TOO_HIGH: "Learning rate too high",
    Kind.DEAD: "A dead network",
    Kind.RATE_TOO_LOW: "Learning rate too low",
    Kind.OVERFITTING: "Over-fitting",
    Kind.UNDERFITTING: "Under-fitting",
    Kind.STOPPED_EARLY: "Stopped early",
    Kind.TOO_SHORT: "Too short to judge",
    Kind.FINE: "No fault",
}


class Ending(StrEnum):
    """How a training ended."""

    GOING_ON = "going-on"
    PLANNED = "planned"  # all epochs were trained
    EARLY = "early"  # by the rule of early stopping
    BY_USER = "by-user"
    EXPLODED = "exploded"  # the loss was no number any more
    BROKEN = "broken"  # for a reason that has nothing to do with learning


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One thing that the curves of a run show.

    Attributes:
        kind: What it is.
        sentence: How it shows, in words that go on from the verdict.
        advice: What to do, or why there is nothing to do.
        changes: New values by dotted field, for `change_config`; empty where nothing is to change.
        label: The change in a few words, for a button.
    """

    kind: Kind
    sentence: str
    advice: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the curves alone do not say.

    Attributes:
        config: Of the run.
        ending: How it ended.
        class_count: Number of classes; None if it is not known.
        majority_share: Share of the largest class among the validation pictures, if known.
        best_epoch: The epoch whose network is kept, from 1, if any.
        in_tuning: Whether it ended in its fine-tuning, even before that had finished an epoch.
    """

    config: RunConfig
    ending: Ending
    class_count: int | None = None
    majority_share: float | None = None
    best_epoch: int | None = None
    in_tuning: bool = False

    @property
    def chance_loss(self) -> float:
        """Loss of a network that knows nothing; NaN if the classes are not known."""
        count = self.class_count
        return math.nan if count is None or count < 2 else math.log(count)

    @property
    def chance(self) -> float:
        """Accuracy of always naming one class, the largest if it is known."""
        even = 1 / self.class_count if self.class_count else 0.0
        return max(even, self.majority_share or 0.0)

    def skill(self, accuracy: float) -> float:
        """0 for naming the largest class, 1 for being right always; NaN for an unknown accuracy."""
        return (accuracy - self.chance) / max(1 - self.chance, 1e-9)


def with_remedy(kind: Kind, sentence: str, remedy: Remedy) -> Reading:
    """A reading with a change that would do better."""
    return Reading(
        kind=kind,
        sentence=sentence,
        advice=remedy.advice,
        changes=remedy.changes,
        label=remedy.label,
    )
