"""Accuracies of networks and recipes in one chart."""

import math

import pytest

from cnnlab.figures.accuracies import AccuracyRow, accuracies_info, plot_accuracies


def test_the_axis_of_accuracies_holds_all_that_is_drawn():
    rows = [
        AccuracyRow("a", 0.9, (0.86, 0.93)),
        AccuracyRow("recipe, 3 seeds", 0.91, seeds=(0.9, 0.92, 0.955)),
        AccuracyRow("broken", math.nan),
    ]
    info = accuracies_info(rows, "test")
    assert [row.name for row in info.rows] == ["a", "recipe, 3 seeds"]
    low, high = info.value_range
    assert low == pytest.approx(0.85)
    assert high == pytest.approx(1.0)


def test_intervals_and_seeds_are_drawn():
    rows = [AccuracyRow("a", 0.9, (0.86, 0.93)), AccuracyRow("r", 0.91, seeds=(0.9, 0.92))]
    figure = plot_accuracies(rows, "test")
    by_uid = {trace.uid: trace for trace in figure.data}
    assert by_uid["accuracy-0"].error_x.array == pytest.approx((0.03,))
    assert by_uid["accuracy-0"].error_x.arrayminus == pytest.approx((0.04,))
    assert by_uid["seeds-1"].x == (0.9, 0.92)
    assert plot_accuracies([], "test").layout.title.text
