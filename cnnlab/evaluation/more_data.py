"""Would more pictures help? Accuracy over the number of training pictures, in numbers and words."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.evaluation.comparison import PairedComparison, digits_above_zero, points
from cnnlab.evaluation.intervals import Interval, wilson

WORTHWHILE = 0.01  # a gain that could be this large is not ruled out in words


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What a network reached that was trained on a part of the pictures.

    Attributes:
        share: Of the training pictures, 0-1.
        pictures: Training pictures.
        right: Held-out pictures that it recognised.
        judged: Held-out pictures that it was asked about.
        run_id: The run.
    """

    share: float
    pictures: int
    right: int
    judged: int
    run_id: str

    @property
    def accuracy(self) -> float:
        """Share of right answers; 0 without pictures."""
        return self.right / self.judged if self.judged else 0.0

    @property
    def interval(self) -> Interval:
        """Where the accuracy lies with 95 % confidence, for other pictures of this kind."""
        return wilson(self.right, self.judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurve:
    """Accuracy over the number of training pictures, all on the same held-out pictures.

    Attributes:
        split: Whose pictures were judged, "test" or "validation".
        points: From the fewest training pictures to the most.
        last_gain: The last point against the one before it; None with fewer than two points.
    """

    split: str
    points: tuple[CurvePoint, ...]
    last_gain: PairedComparison | None = None


def gain_sentence(curve: LearningCurve) -> str:
    """What the end of the curve says about further pictures, as plain text."""
    gain = curve.last_gain
    if gain is None or len(curve.points) < 2:
        return "Two trainings on different numbers of pictures are needed for an answer."
    fewer, more = curve.points[-2], curve.points[-1]
    front = f"From {fewer.pictures:,} to {more.pictures:,} training pictures"
    judged = f"the same {gain.images:,} {curve.split} pictures"
    low, high = gain.interval
    if gain.different and gain.difference > 0:
        return (
            f"{front} the accuracy rose by {_change(gain.difference, low, high)} on {judged}. "
            "More pictures like these will probably help."
        )
    if gain.different:
        return (
            f"{front} the accuracy fell by {_change(-gain.difference, -high, -low)} on {judged}. "
            "More pictures are not the cure: look for wrong labels and pictures that do not belong."
        )
    range_text = f"within noise ({points(low)} to {points(high)} points on {judged})"
    if high >= WORTHWHILE:
        return (
            f"{front} the difference is {range_text}. A gain of up to {points(high)} points "
            f"cannot be ruled out: more {curve.split} pictures would tell."
        )
    return f"{front} the difference is {range_text}. More pictures like these will help little."


def _change(by: float, low: float, high: float) -> str:
    """A change above zero with its interval, in points that are not rounded down to zero."""
    digits = digits_above_zero(low)
    ends = f"{points(low, digits)} to {points(high, digits)}"
    return f"{points(by, digits)} points ({ends})"
