"""Curves of several runs in one chart."""

import math

import pytest

from cnnlab.figures.run_curves import RunLine, plot_run_curves, run_curves_info
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


def test_a_run_without_epochs_does_not_cut_off_the_curves_of_the_others():
    alone = [RunLine("high", records(9.0, 8.0))]
    for empty in (RunLine("new", []), RunLine("broken", records(math.nan))):
        info = run_curves_info([*alone, empty], "loss")
        assert info.value_range == run_curves_info(alone, "loss").value_range
        assert info.value_range[1] > 9.9


def test_a_run_without_epochs_does_not_stretch_the_axis_of_accuracies():
    lines = [RunLine("a", records(1.0)), RunLine("new", [])]
    assert run_curves_info(lines, "accuracy").value_range == (pytest.approx(0.4), 1.02)


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
def test_without_any_epoch_the_axes_are_those_of_an_empty_chart(metric):
    lines = [RunLine("new", []), RunLine("newer", [])]
    assert run_curves_info(lines, metric).value_range == run_curves_info([], metric).value_range


def test_of_thousands_of_epochs_no_more_are_sent_than_a_screen_can_show():
    lines = [RunLine("long", records(*[1 / epoch for epoch in range(1, 10_001)]), 7_654)]
    figure = plot_run_curves(lines, "loss", with_training=True)
    by_uid = {trace.uid: trace for trace in figure.data}
    for uid in ("train-0", "validation-0"):
        assert len(by_uid[uid].x) == len(by_uid[uid].y) <= 1_501
        assert {1, 7_654, 10_000} <= set(by_uid[uid].x)
    assert by_uid["validation-0"].mode == "lines"
    assert figure.layout.xaxis.range[1] > 10_000
