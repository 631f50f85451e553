"""Chart of accuracy over the number of training pictures."""

import pytest

from cnnlab.evaluation.intervals import wilson
from cnnlab.evaluation.more_data import CurvePoint, LearningCurve
from cnnlab.figures.learning_curve import learning_curve_info, plot_learning_curve

POINTS = tuple(
    CurvePoint(share=share, pictures=pictures, right=right, judged=200, run_id=f"run-{share}")
    for share, pictures, right in ((0.25, 150, 140), (0.5, 300, 160), (1.0, 600, 180))
)


def test_each_point_has_its_interval():
    info = learning_curve_info(LearningCurve(split="test", points=POINTS))
    assert info.pictures == (150, 300, 600)
    assert info.accuracies == pytest.approx((0.7, 0.8, 0.9))
    assert info.intervals[2] == wilson(180, 200)
    assert info.judged == 200


@pytest.mark.parametrize("dark", [False, True])
def test_bars_and_axis_hold_all_that_is_known(dark):
    figure = plot_learning_curve(LearningCurve(split="validation", points=POINTS), dark=dark)
    (trace,) = figure.data
    assert list(trace.x) == [150, 300, 600]
    bottom, top = figure.layout.yaxis.range
    assert bottom < 0.7 - trace.error_y.arrayminus[0]
    assert top > 0.9 + trace.error_y.array[2]
    assert "validation" in figure.layout.title.text


def test_a_curve_without_points_says_so():
    figure = plot_learning_curve(LearningCurve(split="test", points=()))
    assert "No network" in figure.layout.title.text
