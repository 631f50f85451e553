"""Telling pictures of a network's classes from all others, by distance and doubt.

Strangeness is how far a picture is from the training pictures that are most like it, plus a
weighted share of how much the network doubts its answer. Both are measured in standard deviations
of the validation pictures. Distance is the mean cosine distance of the features to the nearest
training pictures (nearest neighbours: Sun et al. 2022, "Out-of-distribution detection with deep
nearest neighbors"); doubt is the negative logarithm of the highest calibrated probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.calibration import apply_temperature, fit_temperature
from cnnlab.evaluation.intervals import Interval, wilson

if TYPE_CHECKING:
    from cnnlab.evaluation.predictions import FloatArray, IntArray

VERSION = 1
KEPT = 0.95  # share of real pictures that the threshold keeps
FEWEST_PICTURES = 20  # of validation: with fewer, a threshold at 95 % means nothing
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # of doubt beside distance
_SMALLEST = 1e-12

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """What a figure is measured by: its mean and standard deviation over validation pictures."""

    mean: float
    deviation: float

    def of(self, values: FloatArray | Floats) -> Floats:
        """Values in standard deviations from the mean."""
        scaled: Floats = (np.asarray(values, dtype=np.float64) - self.mean) / self.deviation
        return scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How negatives of one kind were told apart; none of them helped to fit the rule.

    Attributes:
        accepted: Taken for one of the classes.
        accepted_by_confidence: The same where only the highest probability decides.
    """

    name: str
    pictures: int
    accepted: int
    accepted_by_confidence: int

    @property
    def interval(self) -> Interval:
        """Of the share that is accepted, 95 %."""
        return wilson(self.accepted, self.pictures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A fitted rule, and how well it does.

    Attributes:
        threshold: Up to this strangeness a picture counts as known.
        weight: Of doubt beside distance.
        temperature: Of the probabilities.
        distance, doubt: What both are measured by.
        confidence_threshold: From this highest probability on, plain confidence would keep a
            picture; it keeps as many validation pictures as the rule does.
        fitted_on: Validation pictures.
        judged_by: Name of the split that `kept` was counted in; "validation" where there is no
            other one, each half then with the threshold of the other half.
        judged, kept, kept_by_confidence: Real pictures, and how many of them are kept.
        kinds: Negatives by kind.
    """

    threshold: float
    weight: float
    temperature: float
    distance: Scale
    doubt: Scale
    confidence_threshold: float
    fitted_on: int
    judged_by: str
    judged: int
    kept: int
    kept_by_confidence: int
    kinds: tuple[Kind, ...]

    @property
    def negatives(self) -> int:
        """Pictures of none of the classes that the rule was judged by."""
        return sum(kind.pictures for kind in self.kinds)

    @property
    def accepted(self) -> int:
        """How many of them were taken for one of the classes."""
        return sum(kind.accepted for kind in self.kinds)

    @property
    def accepted_by_confidence(self) -> int:
        """The same by plain confidence."""
        return sum(kind.accepted_by_confidence for kind in self.kinds)

    @property
    def interval(self) -> Interval:
        """Of the share of negatives that is accepted, 95 %."""
        return wilson(self.accepted, self.negatives)

    @property
    def kept_interval(self) -> Interval:
        """Of the share of real pictures that is kept, 95 %."""
        return wilson(self.kept, self.judged)

    def strangeness(self, probabilities: FloatArray, distances: FloatArray) -> Floats:
        """The rule's figure; infinite where something is no number.

        Args:
            probabilities: Shape (n_images, n_classes).
            distances: To the nearest training pictures, shape (n_images,).
        """
        found = self.distance.of(distances) + self.weight * self.doubt.of(
            doubts(probabilities, self.temperature)
        )
        return np.where(np.isfinite(found), found, np.inf)

    def to_json(self) -> dict[str, Any]:
        """As a JSON document, with intervals of the shares; `rejection_of` reads it back."""
        kinds = [{**asdict(kind), "interval": list(kind.interval)} for kind in self.kinds]
        return {
            "version": VERSION,
            **asdict(self),
            "kinds": kinds,
            "accepted_interval": list(self.interval),
            "kept_interval": list(self.kept_interval),
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of some pictures.

    Attributes:
        probabilities: Shape (n_images, n_classes).
        distances: To the nearest training pictures, shape (n_images,).
    """

    probabilities: FloatArray
    distances: FloatArray

    def __getitem__(self, chosen: Any) -> Measured:
        return Measured(self.probabilities[chosen], self.distances[chosen])

    def __len__(self) -> int:
        return len(self.distances)


def fit_rejection(
    validation: Measured,
    true: IntArray,
    test: Measured,
    negatives: Measured,
    kinds: Sequence[str],
) -> Rejection:
    """Fit the rule, and measure it on pictures that it was not fitted on.

    Of the negatives, every other one helps to choose the weight; the others judge.

    Args:
        validation: At least `FEWEST_PICTURES`.
        true: Class indices of the validation pictures.
        test: May be empty.
        negatives: Pictures of none of the classes.
        kinds: What each of those is.
    """
    mistakes = (validation.probabilities.argmax(axis=1) != true).any()
    temperature = fit_temperature(true, validation.probabilities) if mistakes else 1.0
    scales = [_scale(validation.distances), _scale(doubts(validation.probabilities, temperature))]

    def strange(measured: Measured, weight: float) -> Floats:
        doubt = scales[1].of(doubts(measured.probabilities, temperature))
        return scales[0].of(measured.distances) + weight * doubt

    fitting, judging = slice(0, None, 2), slice(1, None, 2)
    weight = min(
        WEIGHTS,
        key=lambda tried: float(
            np.mean(strange(negatives[fitting], tried) <= _threshold(strange(validation, tried)))
            if len(negatives[fitting])
            else 0.0
        ),
    )
    threshold = _threshold(strange(validation, weight))
    least = -_threshold(-_confidence(validation))
    accepted = strange(negatives[judging], weight) <= threshold
    confident = _confidence(negatives[judging]) >= least
    if len(test):
        judged_by, kept = "test", strange(test, weight) <= threshold
        sure = _confidence(test) >= least
    else:
        judged_by = "validation"
        kept = _kept_across(strange(validation, weight))
        sure = _kept_across(-_confidence(validation))
    return Rejection(
        threshold=threshold,
        weight=weight,
        temperature=temperature,
        distance=scales[0],
        doubt=scales[1],
        confidence_threshold=least,
        fitted_on=len(validation),
        judged_by=judged_by,
        judged=len(kept),
        kept=int(kept.sum()),
        kept_by_confidence=int(sure.sum()),
        kinds=_by_kind(kinds[judging], accepted, confident),
    )


def rejection_of(document: Mapping[str, Any]) -> Rejection:
    """Read what `Rejection.to_json` gave.

    Raises:
        ValueError, KeyError, TypeError: If it is something else, or of another version.
    """
    if document["version"] != VERSION:
        raise ValueError(f"version must be {VERSION}. Received: {document['version']!r}")
    values = {field.name: document[field.name] for field in fields(Rejection)}
    values |= {name: Scale(**document[name]) for name in ("distance", "doubt")}
    values["kinds"] = tuple(
        Kind(**{field.name: kind[field.name] for field in fields(Kind)})
        for kind in document["kinds"]
    )
    return Rejection(**values)


def doubts(probabilities: FloatArray, temperature: float) -> Floats:
    """Negative logarithms of the highest probabilities at a temperature, shape (n_images,)."""
    if not len(probabilities):
        return np.zeros(0)
    highest = apply_temperature(probabilities, temperature).max(axis=1)
    found: Floats = -np.log(np.maximum(highest, _SMALLEST))
    return found


def _confidence(measured: Measured) -> Floats:
    found: Floats = measured.probabilities.max(axis=1, initial=0.0).astype(np.float64)
    return found


def _threshold(strangeness: Floats) -> float:
    """The smallest value of a picture up to which at least 95 % of all are kept."""
    return float(np.quantile(strangeness, KEPT, method="inverted_cdf"))


def _kept_across(strangeness: Floats) -> NDArray[np.bool_]:
    """Which pictures are kept, each half by the threshold of the other half."""
    even, odd = strangeness[::2], strangeness[1::2]
    return np.concatenate([even <= _threshold(odd), odd <= _threshold(even)])


def _scale(values: FloatArray | Floats) -> Scale:
    numbers = np.asarray(values, dtype=np.float64)
    deviation = float(numbers.std())
    return Scale(float(numbers.mean()), deviation if deviation > _SMALLEST else 1.0)


def _by_kind(
    kinds: Sequence[str], accepted: NDArray[np.bool_], confident: NDArray[np.bool_]
) -> tuple[Kind, ...]:
    names = np.array(kinds, dtype=str)
    return tuple(
        Kind(
            name=name,
            pictures=int((names == name).sum()),
            accepted=int(accepted[names == name].sum()),
            accepted_by_confidence=int(confident[names == name].sum()),
        )
        for name in dict.fromkeys(kinds)
    )
