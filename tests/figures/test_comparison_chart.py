"""Several runs in one chart."""

import math

import pytest

from cnnlab.figures.comparison import (
    AccuracyRow,
    RunLine,
    accuracies_info,
    plot_accuracies,
    plot_run_curves,
    run_curves_info,
)
from cnnlab.figures.theme import PALETTE


def records(*losses: float) -> list[dict[str, float]]:
    return [
        {
            "epoch": epoch,
            "loss": loss,
            "validation_loss": 1.1 * loss,
            "accuracy": 0.5,
            "validation_accuracy": 0.6,
        }
        for epoch, loss in enumerate(losses, start=1)
    ]


def test_each_run_has_its_curve_and_its_best_epoch():
    lines = [RunLine("a", records(1.0, 0.5), 2), RunLine("b", records(0.9), None)]
    info = run_curves_info(lines, "loss")
    assert info.names == ("a", "b")
    assert info.curves[0].validation == (pytest.approx(1.1), pytest.approx(0.55))
    assert info.curves[0].best_epoch == 2
    assert info.curves[1].best_epoch is None
    assert info.last_epoch == 2


def test_a_run_that_exploded_does_not_flatten_the_others():
    calm, wild = records(1.0, 0.5), records(1.0, 900.0)
    info = run_curves_info([RunLine("calm", calm), RunLine("wild", wild)], "loss")
    assert info.value_range[1] < 10


def test_runs_without_epochs_and_without_numbers_can_be_drawn():
    broken = records(math.nan, math.inf)
    info = run_curves_info([RunLine("new", []), RunLine("broken", broken)], "loss")
    assert info.curves[0].epochs == ()
    assert info.curves[1].validation == (None, None)
    assert plot_run_curves([RunLine("new", []), RunLine("broken", broken)], "loss").data


def test_one_colour_a_run_validation_solid_and_training_faint():
    lines = [RunLine("<b>a</b>", records(1.0, 0.5), 1), RunLine("b", records(0.9, 0.7), 2)]
    figure = plot_run_curves(lines, "accuracy", with_training=True, dark=True)
    by_uid = {trace.uid: trace for trace in figure.data}
    assert by_uid["validation-0"].line.color == by_uid["train-0"].line.color == PALETTE[0]
    assert by_uid["validation-1"].line.color == PALETTE[1]
    assert by_uid["train-0"].opacity < 1
    assert by_uid["best-1"].x == (2,)
    assert by_uid["validation-0"].name == "&lt;b&gt;a&lt;/b&gt;"
    without = plot_run_curves(lines, "accuracy")
    assert not [trace for trace in without.data if str(trace.uid).startswith("train")]


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
