"""How often a network was right where it was as sure as it is now, in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.intervals import Interval, wilson
from cnnlab.evaluation.predictions import Predictions
from cnnlab.evaluation.wording import percent

ENOUGH = 30  # pictures that a band should hold; it is widened until it does
FEWEST = 10  # pictures of which a share is told
SUREST = 0.99  # from here on, answers are compared with nothing less sure if that is possible

_EDGES = (*(step / 20 for step in range(20)), SUREST, 1.0)
_MOST_WIDENED = 0.2  # below and above the probability


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What became of answers that were about as sure as one.

    Attributes:
        split: Where the pictures are from, such as "validation".
        low, high: The band of probabilities; `high` is 1 where it is open above.
        count: Pictures whose highest probability lies in the band.
        right: How many of them were recognised.
        total: All pictures of the split.
        class_name: The predicted class.
        class_count, class_right: The same of those that were taken for that class.
    """

    split: str
    low: float
    high: float
    count: int
    right: int
    total: int
    class_name: str
    class_count: int
    class_right: int

    @property
    def interval(self) -> Interval:
        """The 95 % interval of how often such answers are right."""
        return wilson(self.right, self.count)


def evidence(
    validation: Predictions, test: Predictions, confidence: float, predicted: int
) -> Evidence | None:
    """Look up how often a network was right about as sure as it is now.

    The band around the probability is widened by five points at a time until it holds `ENOUGH`
    pictures. It is not widened across 99 % from below, since there, where many pictures are, the
    network is more often right.

    Args:
        validation, test: Predictions of each split; the test pictures count only where there are
            no others.
        confidence: The highest probability of the answer.
        predicted: Index of its class.

    Returns:
        None where there are no pictures at all, or the probability is no number.

    Raises:
        IndexError: If there is no such class.
    """
    known = validation if len(validation) else test
    if not len(known) or not isfinite(confidence):
        return None
    sure, right = known.confidence.astype(np.float64), known.predicted == known.true
    least = 1 / len(known.class_names)  # of a highest probability
    low, high = _band(sure, min(max(confidence, least), 1.0), least)
    within = _inside(sure, low, high)
    same = within & (known.predicted == predicted)
    return Evidence(
        split="validation" if known is validation else "test",
        low=low,
        high=high,
        count=int(within.sum()),
        right=int(right[within].sum()),
        total=len(known),
        class_name=known.class_names[predicted],
        class_count=int(same.sum()),
        class_right=int(right[same].sum()),
    )


def evidence_sentence(found: Evidence) -> str:
    """How often such answers were right, as plain text."""
    which = f"{found.split} pictures scored {_band_text(found)}"
    if found.count < FEWEST:
        number = f"Only {found.count:,}" if found.count else "None"
        return f"{number} of {found.total:,} {which}: too few to say how often that is right."
    return f"Of {found.count:,} {which}, {_right_text(found.right, found.count)}."


def class_sentence(found: Evidence) -> str | None:
    """The same for the pictures that were taken for the class; None where they are few."""
    if found.class_count < ENOUGH or found.class_count == found.count:
        return None
    right = _right_text(found.class_right, found.class_count)
    return (
        f"Of the {found.class_count:,} among them that it took for “{found.class_name}”, {right}."
    )


def _band(sure: NDArray[np.float64], confidence: float, least: float) -> tuple[float, float]:
    """Where to look for answers about as sure as one, widened until there are enough."""
    top, floor = len(_EDGES) - 1, _cell(least)
    ceiling = top if confidence >= SUREST else top - 1
    low = min(_cell(confidence), ceiling - 1)
    high = low + 1
    while _inside(sure, _EDGES[low], _EDGES[high]).sum() < ENOUGH:
        below, above = confidence - _EDGES[low], _EDGES[high] - confidence
        if low == floor or confidence - _EDGES[low - 1] > _MOST_WIDENED:
            below = np.inf
        if high == ceiling or _EDGES[high + 1] - confidence > _MOST_WIDENED:
            above = np.inf
        if np.isinf(min(below, above)):
            break
        if below <= above:  # the nearer end moves, so that the band stays around the probability
            low -= 1
        else:
            high += 1
    return _EDGES[low], _EDGES[high]


def _cell(probability: float) -> int:
    """Number of the last edge that a probability reaches."""
    return int(np.searchsorted(_EDGES, probability, side="right")) - 1


def _inside(sure: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    """Which probabilities lie in a band; those that are no numbers lie in none."""
    upper = sure <= high if high == 1 else sure < high
    return (sure >= low) & upper


def _band_text(found: Evidence) -> str:
    low, high = f"{100 * found.low:.0f}", f"{100 * found.high:.0f}"
    return f"at least {low}%" if found.high == 1 else f"{low} to {high}%"


def _right_text(right: int, count: int) -> str:
    """A share with its interval; never all or none for what only comes close."""
    low, high = wilson(right, count)
    front = f"{_points(right / count)}% were"
    if right in (0, count):
        front = "all were" if right else "none was"
    return f"{front} right ({_points(low)} to {_points(high)}%)"


def _points(share: float) -> str:
    """Percentage points without the sign, whole ones except close to either end."""
    close = 0 < share < 0.005 or 0.995 <= share < 1
    return percent(share).removesuffix("%") if close else f"{100 * share:.0f}"
