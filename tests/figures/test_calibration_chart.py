"""Charts of calibration and coverage."""

import numpy as np
import pytest

from cnnlab.evaluation.calibration import at_threshold, calibrate, coverage_curve
from cnnlab.figures.calibration import (
    coverage_info,
    plot_coverage,
    plot_reliability,
    reliability_line,
)

TRUE = np.array([0, 0, 0, 0, 1, 1])
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6], [0.45, 0.55]], dtype=np.float32
)


def test_a_line_has_the_filled_bins_only():
    calibration = calibrate(TRUE, PROBABILITIES, 10)
    line = reliability_line(calibration, "as it is")
    assert sum(line.counts) == 6
    assert len(line.counts) == sum(each.count > 0 for each in calibration.bins)
    assert line.accuracy[-1] == pytest.approx(2 / 3)
    assert line.confidence[-1] == pytest.approx(0.9)
    assert line.intervals[-1] == calibration.bins[8].interval
    assert max(line.sizes_px) == pytest.approx(22)


@pytest.mark.parametrize("dark", [False, True])
def test_both_calibrations_are_drawn_beside_the_diagonal(dark):
    calibration = calibrate(TRUE, PROBABILITIES, 10)
    figure = plot_reliability(calibration, calibration, dark=dark)
    # The one that matters is drawn last, over the other.
    assert [trace.uid for trace in figure.data] == ["diagonal", "with temperature", "as it is"]
    assert [len(trace.error_y.array or ()) > 0 for trace in figure.data] == [False, False, True]
    assert {words.text for words in figure.layout.annotations} == {"too careful", "too sure"}
    assert "as it is, " in figure.layout.title.text


def test_coverage_leaves_out_thresholds_that_answer_nothing():
    confidence, right = PROBABILITIES.max(axis=1), PROBABILITIES.argmax(axis=1) == TRUE
    points = (*coverage_curve(confidence, right), at_threshold(confidence, right, 1.0))
    info = coverage_info(points)
    assert len(info.shares) == len(points) - 1
    assert info.shares[0] == 1


def test_the_chosen_threshold_is_marked_where_it_answers_something():
    confidence, right = PROBABILITIES.max(axis=1), PROBABILITIES.argmax(axis=1) == TRUE
    points = coverage_curve(confidence, right)
    figure = plot_coverage(points, at_threshold(confidence, right, 0.7))
    marked = figure.data[-1]
    assert marked.uid == "chosen"
    assert marked.x[0] == pytest.approx(0.5)
    assert marked.y[0] == pytest.approx(2 / 3)
    assert len(plot_coverage(points, at_threshold(confidence, right, 1.0)).data) == 1


def test_no_pictures_give_an_empty_chart():
    assert coverage_info(()).shares == ()
    assert len(plot_coverage(()).data) == 1
