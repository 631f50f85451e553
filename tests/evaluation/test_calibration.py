"""Confidence against accuracy, temperature, coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from cnnlab.evaluation.calibration import (
    apply_temperature,
    at_threshold,
    calibrate,
    coverage_curve,
    fit_temperature,
)


def answers(seed: int, images: int, classes: int, sharpness: float = 1.0):
    """True classes drawn from the very probabilities, which are then sharpened."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, (images, classes))
    honest = softmax(scores, axis=1)
    true = np.array([rng.choice(classes, p=row) for row in honest])
    return true, softmax(scores * sharpness, axis=1).astype(np.float32)


def plain_error(true, probabilities, bins):
    """The expected calibration error, picture by picture."""
    members = {}
    for label, row in zip(true, probabilities, strict=True):
        confidence = float(row.max())
        place = next(
            place for place in range(bins) if confidence <= (place + 1) / bins or place == bins - 1
        )
        members.setdefault(place, []).append((confidence, int(row.argmax()) == label))
    return sum(
        len(each) / len(true) * abs(np.mean([c for c, _ in each]) - np.mean([r for _, r in each]))
        for each in members.values()
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("bins", [1, 10, 15])
def test_expected_error_equals_the_plain_sum(seed, bins):
    true, probabilities = answers(seed, 500, 4, sharpness=2.0)
    found = calibrate(true, probabilities, bins)
    assert found.expected_error == pytest.approx(plain_error(true, probabilities, bins), abs=1e-6)
    assert sum(each.count for each in found.bins) == 500
    assert sum(each.right for each in found.bins) == round(found.accuracy * 500)


def test_certain_answers_belong_to_the_last_bin():
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    found = calibrate(np.array([0, 0]), probabilities)
    assert found.bins[-1].count == 2
    assert found.bins[-1].accuracy == 0.5
    assert found.expected_error == pytest.approx(0.5)


def test_no_picture_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        calibrate(np.zeros(0, int), np.zeros((0, 2)))


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 2.5])
def test_temperature_is_found_by_an_independent_search_too(sharpness):
    true, probabilities = answers(3, 2_000, 5, sharpness)

    def loss(logarithm):
        scaled = log_softmax(np.log(probabilities.astype(float)) / np.exp(logarithm), axis=1)
        return -scaled[np.arange(len(true)), true].mean()

    expected = np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    found = fit_temperature(true, probabilities)
    assert found == pytest.approx(expected, rel=1e-3)
    assert found == pytest.approx(sharpness, rel=0.15)


def test_temperature_never_makes_the_fitted_pictures_worse():
    true, probabilities = answers(4, 800, 3, sharpness=3.0)
    mended = apply_temperature(probabilities, fit_temperature(true, probabilities))
    assert log_loss(true, mended) < log_loss(true, apply_temperature(probabilities, 1.0))
    assert calibrate(true, mended).expected_error < calibrate(true, probabilities).expected_error


@settings(max_examples=60)
@given(st.integers(0, 1_000), st.floats(0.05, 20))
def test_temperature_moves_no_winner(seed, temperature):
    _, probabilities = answers(seed, 40, 6)
    mended = apply_temperature(probabilities, temperature)
    np.testing.assert_allclose(mended.sum(axis=1), 1)
    np.testing.assert_array_equal(mended.argmax(axis=1), probabilities.argmax(axis=1))


def test_certain_and_perfect_answers_stay_within_the_bounds():
    certain = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    assert 0.05 <= fit_temperature(np.array([0, 1, 2, 0]), certain) <= 20
    assert fit_temperature(np.array([1, 2, 0, 1]), certain) == pytest.approx(20, rel=1e-2)
    assert fit_temperature(np.zeros(0, int), np.zeros((0, 3))) == 1.0


def test_one_class_alone_and_all_alike_need_no_temperature():
    assert 0.05 <= fit_temperature(np.zeros(9, int), np.ones((9, 1), np.float32)) <= 20
    even = np.full((9, 3), 1 / 3, np.float32)
    assert 0.05 <= fit_temperature(np.zeros(9, int), even) <= 20


def test_pieces_give_the_temperature_of_the_whole(monkeypatch):
    true, probabilities = answers(6, 700, 4, sharpness=2.0)
    whole = fit_temperature(true, probabilities)
    monkeypatch.setattr("cnnlab.evaluation.calibration._PIECE_NUMBERS", 64)
    assert fit_temperature(true, probabilities) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("images", [150, 1_000])
def test_error_that_chance_makes_is_that_of_simulations(images):
    """Of networks whose probabilities are exactly right."""
    found = [calibrate(*answers(seed, images, 4)) for seed in range(60)]
    simulated = np.mean([each.expected_error for each in found])
    assert np.mean([each.chance_error for each in found]) == pytest.approx(simulated, rel=0.15)


def test_a_level_is_rarely_called_off_by_chance():
    found = [calibrate(*answers(seed, 500, 4)).worst_level for seed in range(300)]
    assert np.mean([each is not None for each in found]) <= 0.06


def test_the_level_that_is_off_most_is_found():
    levels = np.repeat([0.6, 0.95], [100, 400])
    right = np.concatenate([np.arange(100) < 60, np.arange(400) < 320])
    probabilities = np.stack([levels, 1 - levels], axis=1).astype(np.float32)
    worst = calibrate(np.where(right, 0, 1), probabilities).worst_level
    assert worst.count == 400
    assert worst.accuracy == pytest.approx(0.8)
    assert worst.confidence == pytest.approx(0.95)
    few = calibrate(np.ones(9, int), probabilities[-9:])
    assert few.worst_level is None


def test_impossible_temperature_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        apply_temperature(np.ones((1, 1)), 0)


@given(st.integers(0, 500), st.integers(1, 60))
def test_every_point_of_the_curve_is_what_its_threshold_gives(seed, images):
    rng = np.random.default_rng(seed)
    confidence = rng.integers(1, 8, images) / 8  # many of them equal
    right = rng.random(images) < confidence
    for point in coverage_curve(confidence, right):
        assert point == at_threshold(confidence, right, point.threshold)


def test_curve_begins_with_all_pictures_and_thins_out():
    confidence = np.linspace(0.3, 1, 5_000)
    points = coverage_curve(confidence, confidence > 0.5, points=100)
    assert points[0].share == 1
    assert len(points) <= 101
    shares = [point.share for point in points]
    assert shares == sorted(shares, reverse=True)


def test_a_threshold_above_everything_answers_nothing():
    nothing = at_threshold(np.array([0.4, 0.5]), np.array([True, False]), 0.9)
    assert nothing.answered == 0
    assert nothing.accuracy is None
    assert nothing.interval == (0.0, 1.0)
    assert coverage_curve(np.zeros(0), np.zeros(0, bool)) == ()
