"""What a calibration says in words."""

import numpy as np
import pytest

from cnnlab.evaluation.calibration import at_threshold
from cnnlab.evaluation.confidence import (
    confidence_report,
    confidence_sentence,
    coverage_sentence,
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
    assert "fitted on the validation pictures and judged by 200 test pictures" in mended


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


def test_the_same_pictures_never_fit_and_judge():
    report = confidence_report(predictions("validation", 101, 0.97, 0.8), NOTHING)
    assert report.fitted_on == "half of the validation pictures"
    assert report.judged_by == "the other 51 validation pictures"
    assert report.before.images == 51


def test_too_few_pictures_give_no_report():
    assert confidence_report(predictions("validation", 1, 0.9, 1), NOTHING) is None
    assert confidence_report(NOTHING, NOTHING) is None


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (0.0, "answers 100.0% of the pictures and is right about 75.0% of them"),
        (0.5, "the other 1 go to a person"),
        (1.0, "it answers none of the 4 pictures"),
    ],
)
def test_a_threshold_is_said_in_words(threshold, words):
    confidence = np.array([0.4, 0.6, 0.7, 0.9])
    right = np.array([False, True, True, True])
    assert words in coverage_sentence(at_threshold(confidence, right, threshold))
