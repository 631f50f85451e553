"""Shapes of learning curves, measured so that one noisy epoch decides nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FINE_TUNING = "fine_tuning"  # in the records of those epochs

Floats = NDArray[np.float64]

_WINDOW = 3
_SHORT, _MOST_NOISE = 8, 0.05
_MAD_OF_NORMAL = 0.6745  # median of |x| for a standard normal x


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The figures of consecutive epochs, each of shape (n_epochs,); what is missing is NaN.

    Attributes:
        epochs: Their numbers, from 1.
        loss, validation_loss, accuracy, validation_accuracy: As the training recorded them.
        rate: Learning rate at the end of each epoch.
        exploded_at: The first epoch with a loss that is infinite or no number, or None. From
            there on nothing is measured.
    """

    epochs: NDArray[np.int64]
    loss: Floats
    validation_loss: Floats
    accuracy: Floats
    validation_accuracy: Floats
    rate: Floats
    exploded_at: int | None = None

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def complete(self) -> bool:
        """Whether both losses are known in every epoch."""
        return bool(np.isfinite(self.loss).all() and np.isfinite(self.validation_loss).all())

    @property
    def best_accuracy(self) -> float:
        """The higher one of both accuracies in the last epochs; NaN if neither is known.

        Dropout, mixup and augmentation hold down that of training.
        """
        return max_known(tail_mean(self.accuracy), tail_mean(self.validation_accuracy))

    @property
    def accuracy_gap(self) -> float:
        """How far the accuracy on training pictures ends above the other; NaN if not known."""
        return tail_mean(self.accuracy) - tail_mean(self.validation_accuracy)


def curves_of(records: Sequence[Mapping[str, Any]], *, fine_tuning: bool = False) -> Curves:
    """The curves of one part of a training, up to where a loss explodes.

    Args:
        records: One an epoch, with "epoch", "loss", "validation_loss" and so on.
        fine_tuning: Take the epochs of the fine-tuning, else those before it.
    """
    chosen = [record for record in records if bool(record.get(FINE_TUNING)) == fine_tuning]
    exploded_at = next((int(record["epoch"]) for record in chosen if _exploded(record)), None)
    if exploded_at is not None:
        chosen = [record for record in chosen if record["epoch"] < exploded_at]

    def values(name: str) -> Floats:
        return np.array([_number(record.get(name)) for record in chosen], dtype=np.float64)

    return Curves(
        epochs=np.array([int(record["epoch"]) for record in chosen], dtype=np.int64),
        loss=values("loss"),
        validation_loss=values("validation_loss"),
        accuracy=values("accuracy"),
        validation_accuracy=values("validation_accuracy"),
        rate=values("learning_rate"),
        exploded_at=exploded_at,
    )


def smooth(values: Floats) -> Floats:
    """Centred means of three; of two at both ends."""
    if len(values) < _WINDOW:
        return values.copy()
    kernel = np.ones(_WINDOW)
    counts = np.convolve(np.ones(len(values)), kernel, mode="same")
    return np.convolve(values, kernel, mode="same") / counts


def noise(values: Floats) -> float:
    """Standard deviation of what is left beside a smooth course.

    From the median of the second differences, whose variance is six times that of the values; a
    few wild epochs do not change it. In a short course they are the bends of the course itself,
    so that no more than `_MOST_NOISE` of the values is believed.
    """
    if len(values) < _WINDOW:
        return 0.0
    bends = np.abs(np.diff(values, 2))
    found = float(np.median(bends)) / _MAD_OF_NORMAL / math.sqrt(6)
    return min(found, _MOST_NOISE * float(np.median(values))) if len(values) < _SHORT else found


def tail_length(count: int) -> int:
    """How many epochs stand for the end of a course: a quarter, at least two."""
    return min(count, max(2, count // 4))


def tail_mean(values: Floats) -> float:
    """Mean of the last epochs that are known; NaN without any."""
    known = values[np.isfinite(values)]
    return float(known[-tail_length(len(known)) :].mean()) if len(known) else math.nan


def falls(values: Floats, *, share: float, highest: float = math.inf) -> bool:
    """Whether a course still falls at its end, and has some way to go.

    The last epochs must lie below as many before them by more than the noise and by more than a
    share; and the limit of an exponential through its beginning, middle and end (Aitken's delta
    squared) must lie below the end by more than that share.

    Args:
        values: Shape (n_epochs,), all known and positive.
        share: Of the height.
        highest: Where the course begins at most: a first epoch may be beyond all measure.
    """
    length = tail_length(len(values))
    if len(values) < 2 * length:
        return False
    last, before = values[-length:].mean(), values[-2 * length : -length].mean()
    if before - last <= max(share * before, 2 * noise(values) * math.sqrt(2 / length)):
        return False
    even = smooth(values)
    end = even[-1]
    middle = even[len(values) // 2]
    first_half, second_half = min(values[0], highest) - middle, middle - end
    if second_half >= first_half:  # as steep as before, or steeper
        return True
    return bool(second_half**2 / (first_half - second_half) > share * end)


def steadiness(values: Floats, rate: Floats) -> float:
    """How the second half of the way went, held against the first: 1 for a straight line.

    The way is the sum of the learning rates, so that a schedule does not look like a bend.
    """
    steps = np.where(np.isfinite(rate) & (rate > 0), rate, 0.0)
    way = np.cumsum(steps if steps.sum() > 0 else np.ones(len(values)))
    middle = int(np.clip(np.searchsorted(way, (way[0] + way[-1]) / 2), 1, len(values) - 2))
    course = smooth(values)
    first = (course[0] - course[middle]) / max(way[middle] - way[0], 1e-300)
    second = (course[middle] - course[-1]) / max(way[-1] - way[middle], 1e-300)
    return float(second / first) if first > 0 else 0.0


def max_known(*values: float) -> float:
    """The largest one that is a number, else NaN."""
    return max((value for value in values if math.isfinite(value)), default=math.nan)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _exploded(record: Mapping[str, Any]) -> bool:
    """Whether one of the losses was recorded and is no finite number."""
    losses = (record.get("loss"), record.get("validation_loss"))
    return any(value is not None and not math.isfinite(value) for value in losses)
