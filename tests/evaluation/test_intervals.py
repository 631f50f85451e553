"""Confidence intervals of shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cnnlab.evaluation.intervals import f1_interval, wilson


@given(st.integers(1, 30_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_the_one_of_scipy(counts):
    successes, trials = counts
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_other_levels_are_right_too(level):
    expected = stats.binomtest(7, 40).proportion_ci(level, method="wilson")
    assert wilson(7, 40, level) == pytest.approx((expected.low, expected.high))


def test_no_trial_leaves_everything_open():
    assert wilson(0, 0) == (0.0, 1.0)
    assert f1_interval(0, 0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3)])
def test_impossible_numbers_are_refused(successes, trials):
    with pytest.raises(ValueError, match="between 0 and trials"):
        wilson(successes, trials)


def test_impossible_levels_are_refused():
    with pytest.raises(ValueError, match="level"):
        wilson(1, 2, level=1.0)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_f1_lies_in_its_interval(right, extra, missed):
    low, high = f1_interval(right, extra, missed)
    f1 = 2 * right / (2 * right + extra + missed) if right + extra + missed else 0.5
    assert 0 <= low <= f1 + 1e-12
    assert f1 - 1e-12 <= high <= 1


def test_f1_interval_holds_the_true_value_often_enough():
    rng = np.random.default_rng(0)
    shares = [0.35, 0.1, 0.08, 0.47]  # right, extra, missed, neither
    truth = 2 * 0.35 / (2 * 0.35 + 0.18)
    counts = rng.multinomial(400, shares, 4_000)
    held = [
        low <= truth <= high
        for low, high in (f1_interval(int(a), int(b), int(c)) for a, b, c, _ in counts)
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)
