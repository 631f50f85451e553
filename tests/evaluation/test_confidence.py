"""What a calibration says in words."""

import numpy as np
import pytest

from cnnlab.evaluation.calibration import at_threshold
from cnnlab.evaluation.confidence import (
    chance_sentence,
    confidence_report,
    confidence_sentence,
    count_without_numbers,
    coverage_sentence,
    level_sentence,
    temperature_sentence,
)
from cnnlab.evaluation.predictions import Predictions

NAMES = ("cat", "dog")


def predictions(split: str, images: int, confidence: float, accuracy: float) -> Predictions:
    """So many pictures of cats, all answered with one confidence."""
    right = np.arange(images) < round(images * accuracy)
    probabilities = np.where(
        right[:, None], [confidence, 1 - confidence], [1 - confidence, confidence]
    )
    return Predictions(
        class_names=NAMES,
        paths=tuple(f"{split}/{number}.png" for number in range(images)),
        splits=np.full(images, split),
        true=np.zeros(images, dtype=np.int64),
        probabilities=probabilities.astype(np.float32),
    )


NOTHING = predictions("test", 0, 0.9, 0.9)


def test_a_network_that_is_too_sure_is_told_so_and_mended():
    report = confidence_report(
        predictions("validation", 400, 0.97, 0.8), predictions("test", 200, 0.97, 0.8)
    )
    said = confidence_sentence(report)
    assert "97.0%" in said
    assert "80.0%" in said
    assert "too sure of itself, by 17.0 points" in said
    assert report.temperature > 1
    assert report.after.expected_error < 0.01
    mended = temperature_sentence(report)
    assert "from 17.0 to 0.0 points" in mended
    assert "fitted on the validation pictures" in mended
    assert "judged by 200 test pictures" in mended
    assert level_sentence(report) == (
        "Where it says about 97.0%, it is right in 80.0% of 200 pictures (73.9% to 85.0%)."
    )


def test_a_careful_network_is_told_so():
    report = confidence_report(
        predictions("validation", 400, 0.7, 0.95), predictions("test", 200, 0.7, 0.95)
    )
    assert "more careful than it need be, by 25.0 points" in confidence_sentence(report)
    assert report.temperature < 1


def test_an_honest_network_is_taken_at_its_word():
    report = confidence_report(
        predictions("validation", 400, 0.8, 0.8), predictions("test", 200, 0.8, 0.8)
    )
    assert "taken at its word" in confidence_sentence(report)


def test_a_gap_that_chance_may_make_is_not_called_a_fault():
    report = confidence_report(
        predictions("validation", 40, 0.95, 0.9), predictions("test", 40, 0.95, 0.9)
    )
    said = confidence_sentence(report)
    assert "with 40 pictures, that may be chance" in said
    assert level_sentence(report) is None


def test_faults_that_cancel_out_on_average_are_not_hidden():
    """Too sure at 95 %, too careful at 65 %: the means agree."""
    halves = predictions("test", 300, 0.95, 0.8), predictions("test", 300, 0.65, 0.8)
    both = Predictions(
        class_names=NAMES,
        paths=tuple(str(number) for number in range(600)),
        splits=np.full(600, "test"),
        true=np.zeros(600, dtype=np.int64),
        probabilities=np.concatenate([each.probabilities for each in halves]),
    )
    report = confidence_report(NOTHING, both)
    assert "on average, the two agree" in confidence_sentence(report)
    assert level_sentence(report) is not None


def test_each_half_is_judged_by_the_temperature_of_the_other():
    report = confidence_report(predictions("validation", 401, 0.97, 0.8), NOTHING)
    assert report.judged_by == (
        "the same 401 pictures, each half with the other half's temperature"
    )
    assert report.before.images == report.after.images == 401
    assert report.before.accuracy == pytest.approx(0.8, abs=0.002)
    assert 0 < report.after.expected_error < report.before.expected_error


def test_pictures_without_a_mistake_fit_no_temperature():
    report = confidence_report(
        predictions("validation", 50, 0.8, 1.0), predictions("test", 50, 0.8, 0.9)
    )
    assert report.temperature == 1
    assert report.after.expected_error == pytest.approx(report.before.expected_error)
    assert "no temperature is fitted" in temperature_sentence(report)


def test_a_temperature_at_its_bound_is_said_to_be_one():
    report = confidence_report(
        predictions("validation", 100, 0.99, 0.3), predictions("test", 100, 0.99, 0.3)
    )
    assert report.temperature == 20
    assert "highest temperature that is tried, 20" in temperature_sentence(report)


def test_a_temperature_that_does_not_help_is_said_to_gain_nothing():
    report = confidence_report(
        predictions("validation", 100, 0.9, 0.7), predictions("test", 100, 0.9, 0.9)
    )
    assert "gains nothing" in temperature_sentence(report)


def test_error_of_chance_is_named_beside_the_error():
    report = confidence_report(NOTHING, predictions("test", 100, 0.8, 0.8))
    assert "With 100 pictures" in chance_sentence(report)
    assert "about 3.2 points" in chance_sentence(report)


def test_probabilities_that_are_no_numbers_give_no_report():
    broken = predictions("test", 20, 0.9, 0.9)
    broken.probabilities[3] = np.nan
    assert count_without_numbers(broken) == 1
    assert confidence_report(NOTHING, broken) is None


def test_too_few_pictures_give_no_report():
    assert confidence_report(predictions("validation", 1, 0.9, 1), NOTHING) is None
    assert confidence_report(NOTHING, NOTHING) is None


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (0.0, "answers all pictures and is right about 75.0% of them"),
        (
            0.5,
            "answers 75.0% of the pictures and is right about 100% of them (43.9% to 100%); "
            "the other 25.0% go to a person",
        ),
        (1.0, "it answers none of the 4 pictures"),
    ],
)
def test_a_threshold_is_said_in_words(threshold, words):
    confidence = np.array([0.4, 0.6, 0.7, 0.9])
    right = np.array([False, True, True, True])
    assert words in coverage_sentence(at_threshold(confidence, right, threshold))


def test_nearly_all_is_not_called_all():
    confidence = np.append(np.full(9_999, 0.95), 0.5)
    said = coverage_sentence(at_threshold(confidence, np.arange(10_000) != 7, 0.9))
    assert "answers >99.9% of the pictures and is right about >99.9% of them" in said
    assert "the other <0.1% go to a person" in said
