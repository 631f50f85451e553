"""How often a network was right about as sure as it is now."""

import numpy as np
import pytest

from cnnlab.evaluation.evidence import (
    ENOUGH,
    Evidence,
    class_sentence,
    evidence,
    evidence_sentence,
)
from cnnlab.evaluation.intervals import wilson
from cnnlab.evaluation.predictions import Predictions

NAMES = ("cat", "dog")


def answers(*groups: tuple[float, int, int], split: str = "validation") -> Predictions:
    """Pictures that were all taken for the first class: (confidence, how many, how many right)."""
    sure = np.concatenate([np.full(count, value) for value, count, _ in groups] or [np.zeros(0)])
    true = np.concatenate(
        [np.arange(count) >= right for _, count, right in groups] or [np.zeros(0)]
    )
    return Predictions(
        class_names=NAMES,
        paths=tuple(f"{number}.png" for number in range(len(sure))),
        splits=np.full(len(sure), split),
        true=true.astype(np.int64),
        probabilities=np.stack([sure, 1 - sure], axis=1).astype(np.float32),
    )


NONE = answers()


def looked_up(known: Predictions, confidence: float, predicted: int = 0) -> Evidence:
    found = evidence(known, NONE, confidence, predicted)
    assert found is not None
    return found


def test_pictures_that_were_as_sure_are_counted_and_said():
    found = looked_up(answers((0.92, 412, 363), (0.6, 100, 50)), 0.93)
    assert (found.low, found.high, found.count, found.right) == (0.9, 0.95, 412, 363)
    assert found.interval == wilson(363, 412)
    assert evidence_sentence(found) == (
        "Of 412 validation pictures scored 90 to 95%, 88% were right (85 to 91%)."
    )


def test_the_band_is_widened_until_it_holds_enough():
    found = looked_up(answers((0.92, 10, 9), (0.87, 25, 20), (0.55, 400, 200)), 0.92)
    assert (found.low, found.high) == (0.85, 0.95)
    assert found.count == 35 >= ENOUGH


def test_surer_answers_do_not_vouch_for_one_below_99_percent():
    known = answers((0.999, 500, 500), (0.96, 31, 20))
    assert looked_up(known, 0.97).count == 31
    assert "scored at least 99%" in evidence_sentence(looked_up(known, 0.995))
    assert looked_up(known, 0.995).count == 500


def test_where_few_are_that_sure_less_sure_ones_are_asked():
    found = looked_up(answers((0.999, 5, 5), (0.93, 60, 50)), 1.0)
    assert (found.low, found.high, found.count) == (0.9, 1.0, 65)
    assert "scored at least 90%" in evidence_sentence(found)


def test_too_few_pictures_are_said_plainly():
    found = looked_up(answers((0.7, 4, 3), (0.999, 100, 100)), 0.7)
    said = evidence_sentence(found)
    assert said.startswith("Only 4 of 104 validation pictures scored ")
    assert said.endswith("too few to say how often that is right.")
    none = evidence_sentence(looked_up(answers((0.999, 100, 100)), 0.7))
    assert none.startswith("None of 100 validation pictures")


def test_the_band_never_goes_below_what_a_highest_probability_can_be():
    assert looked_up(answers((0.999, 100, 100)), 0.51).low == 0.5


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (200, "all were right (98 to 100%)"),
        (0, "none was right (0 to 2%)"),
        (199, "99.5% were right (97 to >99.9%)"),
    ],
)
def test_all_and_none_are_said_only_of_all_and_none(right, said):
    assert said in evidence_sentence(looked_up(answers((0.92, 200, right)), 0.92))


def test_pictures_taken_for_the_same_class_are_told_where_there_are_enough():
    known = answers((0.92, 40, 38))
    mixed = Predictions(
        class_names=NAMES,
        paths=known.paths + tuple(f"other {path}" for path in known.paths),
        splits=np.concatenate([known.splits, known.splits]),
        true=np.concatenate([known.true, np.zeros(40, dtype=np.int64)]),
        probabilities=np.concatenate([known.probabilities, known.probabilities[:, ::-1]]),
    )
    assert class_sentence(looked_up(mixed, 0.92, 0)) == (
        "Of the 40 among them that it took for “cat”, 95% were right (83 to 99%)."
    )
    assert "“dog”, none was right" in str(class_sentence(looked_up(mixed, 0.92, 1)))
    assert class_sentence(looked_up(known, 0.92, 0)) is None  # says the same as all together
    assert class_sentence(looked_up(known, 0.92, 1)) is None  # there are none


def test_test_pictures_stand_in_where_there_are_no_others():
    test = answers((0.92, 50, 50), split="test")
    found = evidence(NONE, test, 0.92, 0)
    assert found is not None
    assert "Of 50 test pictures" in evidence_sentence(found)
    found = evidence(answers((0.92, 40, 40)), test, 0.92, 0)
    assert found is not None
    assert found.split == "validation"
    assert evidence(NONE, NONE, 0.92, 0) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_has_no_evidence(value):
    assert evidence(answers((0.92, 50, 50)), NONE, value, 0) is None


def test_pictures_without_numbers_count_for_nothing():
    known = answers((0.92, 50, 40))
    known.probabilities[:5] = np.nan
    found = looked_up(known, 0.92)
    assert found.count == 45


@pytest.mark.parametrize("confidence", np.linspace(0.5, 1, 21))
def test_the_probability_lies_in_its_band(confidence):
    found = looked_up(answers((0.7, 50, 40), (0.999, 50, 50)), float(confidence))
    assert found.low <= confidence <= found.high
