"""How good a network is on pictures that it has not learnt from, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cnnlab.datasets.balance import is_uneven
from cnnlab.datasets.splits import Split
from cnnlab.evaluation.calibration import Coverage, at_threshold
from cnnlab.evaluation.confidence import ConfidenceReport, confidence_report
from cnnlab.evaluation.final import SCORED, judged_splits
from cnnlab.evaluation.intervals import Interval, wilson
from cnnlab.evaluation.metrics import ConfusedPair, Evaluation, evaluate, most_confused_pairs
from cnnlab.evaluation.per_class import ClassFigures, class_figures
from cnnlab.evaluation.predictions import Predictions

SURE = 0.9
MOST_PAIRS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """All figures of one network on the pictures by which it is judged.

    Attributes:
        split: TEST, or VALIDATION where there are no test pictures.
        predictions: Of these pictures only.
        confidence: How far its probabilities can be believed; None where too few pictures tell, or
            where some are no numbers.
    """

    split: Split
    predictions: Predictions
    evaluation: Evaluation
    confidence: ConfidenceReport | None

    @cached_property
    def right(self) -> int:
        """Pictures that it names right."""
        return int(np.trace(self.evaluation.confusion))

    @cached_property
    def interval(self) -> Interval:
        """95 % interval of the accuracy."""
        return wilson(self.right, self.evaluation.images)

    @property
    def uneven(self) -> bool:
        """Whether some classes have far more pictures than others."""
        return is_uneven(self.evaluation.class_counts)

    @cached_property
    def classes(self) -> tuple[ClassFigures, ...]:
        """The classes, those first that are found least often; those without pictures last."""
        rows = class_figures(self.evaluation)
        rows.sort(key=lambda row: (row.scores.support == 0, row.scores.recall))
        return tuple(rows)

    @property
    def weakest(self) -> ClassFigures | None:
        """The class that is found least often; None where every picture is recognised."""
        row = self.classes[0]
        return row if row.scores.support and row.scores.recall < 1 else None

    @property
    def confused(self) -> list[ConfusedPair]:
        """The classes that are most often taken for each other."""
        return most_confused_pairs(self.evaluation.confusion, MOST_PAIRS)

    @cached_property
    def sure(self) -> Coverage:
        """The answers that it gave with a probability of `SURE` or more."""
        hits = self.predictions.predicted == self.predictions.true
        return at_threshold(self.predictions.confidence, hits, SURE)


def scores_of(predictions: Predictions) -> Scores | None:
    """Figures by the test pictures, else by those of validation; None without either."""
    split = next(iter(judged_splits(predictions)), None)
    if split is None:
        return None
    chosen = predictions.select(split.value)
    return Scores(
        split=split,
        predictions=chosen,
        evaluation=evaluate(chosen),
        confidence=_confidence(predictions),
    )


def _confidence(predictions: Predictions) -> ConfidenceReport | None:
    return confidence_report(*(predictions.select(split.value) for split in SCORED))
