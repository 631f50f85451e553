"""ROC and precision-recall curves of one class."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from cnnlab.evaluation.ranking import ranking_curves, thinned


@given(st.integers(0, 10_000), st.integers(2, 120), st.sampled_from([3, 10, 10_000]))
def test_curves_equal_those_of_scikit_learn(seed, images, levels):
    rng = np.random.default_rng(seed)
    positive = rng.random(images) < 0.4
    assume(0 < positive.sum() < images)
    scores = (rng.integers(0, levels, images) / levels).astype(np.float32)  # with ties
    curves = ranking_curves(positive, scores)
    assert curves.area == pytest.approx(roc_auc_score(positive, scores))
    assert curves.average_precision == pytest.approx(average_precision_score(positive, scores))
    false_rate, recall, thresholds = roc_curve(positive, scores, drop_intermediate=False)
    np.testing.assert_allclose(curves.false_positive_rate, false_rate)
    np.testing.assert_allclose(curves.recall, recall)
    np.testing.assert_allclose(curves.thresholds, thresholds)
    precision, recall, _ = precision_recall_curve(positive, scores)
    # scikit-learn goes the other way.
    np.testing.assert_allclose(curves.precision, precision[::-1])
    np.testing.assert_allclose(curves.recall, recall[::-1])


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_one_kind_of_picture_alone_has_no_curve(positive):
    assert ranking_curves(np.array(positive), np.array([0.1, 0.9])) is None


def test_scores_that_are_no_numbers_have_no_curve():
    assert ranking_curves(np.array([True, False]), np.array([0.1, np.nan])) is None


def test_lists_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="equal length"):
        ranking_curves(np.array([True]), np.array([0.1, 0.9]))


def test_few_points_are_enough_for_a_chart():
    rng = np.random.default_rng(0)
    positive = rng.random(25_000) < 0.1
    curves = ranking_curves(positive, rng.normal(positive * 2.0, 1))
    places = thinned(curves, most=300)
    assert len(places) <= 600
    assert places[0] == 0
    assert places[-1] == len(curves.thresholds) - 1
    kept = np.trapezoid(curves.recall[places], curves.false_positive_rate[places])
    assert kept == pytest.approx(curves.area, abs=1e-3)


def test_all_points_of_a_short_curve_are_kept():
    curves = ranking_curves(np.array([True, False, True]), np.array([0.9, 0.5, 0.1]))
    assert list(thinned(curves)) == [0, 1, 2, 3]
