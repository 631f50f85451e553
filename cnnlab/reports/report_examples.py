"""Pictures that a report shows, small enough to be part of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cnnlab.datasets.images import Pixels, load, thumbnail
from cnnlab.errors import ImageError
from cnnlab.evaluation.mistakes import confident_mistakes, random_sample
from cnnlab.evaluation.predictions import Predictions

SHOWN = 10
SIDE_PX = 224
_SEED = 0  # the same pictures from every network that was judged by them


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One picture and what the network said about it.

    Attributes:
        path: As the data set names it.
        jpeg: The picture, small; None where there is none to show.
        probability: Of the predicted class.
        of_true: Of the class that it belongs to.
    """

    path: str
    jpeg: bytes | None
    true: str
    predicted: str
    probability: float
    of_true: float

    @property
    def right(self) -> bool:
        """Whether the network is right."""
        return self.predicted == self.true


def random_examples(predictions: Predictions, folder: Path | None) -> tuple[Example, ...]:
    """Ten pictures drawn at random; all if there are fewer.

    Args:
        predictions: To draw from.
        folder: Where the pictures lie; None shows none.
    """
    return _examples(predictions, random_sample(predictions, SHOWN, _SEED).tolist(), folder)


def worst_examples(predictions: Predictions, folder: Path | None) -> tuple[Example, ...]:
    """At most ten mistakes, those first that the network was surest of."""
    return _examples(predictions, confident_mistakes(predictions)[:SHOWN].tolist(), folder)


def _examples(
    predictions: Predictions, rows: Iterable[int], folder: Path | None
) -> tuple[Example, ...]:
    names, predicted = predictions.class_names, predictions.predicted
    return tuple(
        Example(
            path=predictions.paths[row],
            jpeg=None if folder is None else _jpeg(folder / predictions.paths[row]),
            true=names[predictions.true[row]],
            predicted=names[predicted[row]],
            probability=float(predictions.probabilities[row, predicted[row]]),
            of_true=float(predictions.probabilities[row, predictions.true[row]]),
        )
        for row in rows
    )


def _jpeg(file: Path) -> bytes | None:
    try:
        return thumbnail(_enlarged(load(file, file.name)), SIDE_PX)
    except ImageError:
        return None


def _enlarged(pixels: Pixels) -> Pixels:
    """Tiny pictures pixel by pixel, so that they show what the network was given."""
    factor = SIDE_PX // max(pixels.shape[:2])
    return pixels if factor < 2 else pixels.repeat(factor, axis=0).repeat(factor, axis=1)
