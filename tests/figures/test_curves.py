"""Learning curves show every epoch, the best one, and stand still while a run goes on."""

import math

import pytest

from cnnlab.figures.curves import (
    accuracy_floor,
    curve_info,
    loss_top,
    plot_accuracy,
    plot_loss,
    smoothed,
)
from cnnlab.figures.rate_curve import plot_learning_rate, rate_info


def epochs(count):
    return [
        {
            "epoch": number,
            "loss": 2 / number,
            "validation_loss": 2.2 / number,
            "accuracy": 1 - 0.7 / number,
            "validation_accuracy": 1 - 0.75 / number,
            "learning_rate": 1e-3,
            "seconds": 1.5,
        }
        for number in range(1, count + 1)
    ]


def trace(figure, uid):
    return next((trace for trace in figure.data if trace.uid == uid), None)


def test_info_picks_a_metric_and_its_validation_twin():
    info = curve_info(epochs(2), "loss", best_epoch=2, planned_epochs=10)

    assert info.epochs == (1, 2)
    assert info.train == (2, 1)
    assert info.validation == (2.2, 1.1)
    assert info.best_value == 1.1
    assert info.last_epoch == 10


def test_values_that_are_missing_or_not_finite_are_gaps():
    records = [{"epoch": 1, "loss": math.nan}, {"epoch": 2, "loss": math.inf}, {"epoch": 3}]
    info = curve_info(records, "loss", best_epoch=1)

    assert info.train == (None, None, None)
    assert info.validation == (None, None, None)
    assert info.best_value is None
    plot_loss(records, best_epoch=1).to_json()


def test_a_best_epoch_that_has_not_arrived_yet_is_left_out():
    assert curve_info(epochs(2), "loss", best_epoch=3).best_epoch is None


@pytest.mark.parametrize("plot", [plot_loss, plot_accuracy])
@pytest.mark.parametrize("count", [0, 1, 500])
def test_any_number_of_epochs_can_be_drawn(plot, count):
    figure = plot(epochs(count), best_epoch=count or None)

    assert len(trace(figure, "train").x) == count
    assert (trace(figure, "best") is not None) == (count > 0)
    assert trace(figure, "train").mode == ("lines" if count == 500 else "lines+markers")
    figure.to_json()


@pytest.mark.parametrize("plot", [plot_loss, plot_accuracy])
def test_axis_and_identity_stay_while_epochs_arrive(plot):
    before, after = plot(epochs(2), planned_epochs=20), plot(epochs(3), planned_epochs=20)

    assert before.layout.xaxis.range == after.layout.xaxis.range
    assert before.layout.xaxis.range[1] > 20
    assert before.layout.uirevision == after.layout.uirevision
    assert [t.uid for t in before.data] == [t.uid for t in after.data]
    assert before.layout.margin.t == after.layout.margin.t
    # the first best epoch must not move the chart either
    assert plot(epochs(3), best_epoch=3).layout.margin.t == before.layout.margin.t


def test_the_best_epoch_is_marked_and_named():
    figure = plot_accuracy(epochs(5), best_epoch=4)

    assert list(trace(figure, "best").x) == [4]
    assert list(trace(figure, "best").y) == [1 - 0.75 / 4]
    assert "best epoch 4: 81.2%" in figure.layout.title.text


def test_the_baseline_is_a_dashed_line_across_the_chart():
    figure = plot_accuracy(epochs(5), baseline=0.172)
    line = trace(figure, "baseline")

    assert list(line.y) == [0.172, 0.172]
    assert line.x[0] <= figure.layout.xaxis.range[0]
    assert line.x[1] >= figure.layout.xaxis.range[1]
    assert line.line.dash == "dash"
    assert "majority class 17.2%" in figure.layout.title.text


def test_accuracy_starts_below_everything_that_is_drawn():
    info = curve_info([{"epoch": 1, "accuracy": 0.83, "validation_accuracy": 0.91}], "accuracy")

    assert accuracy_floor(info, None) == 0.8
    assert accuracy_floor(info, 0.3) == pytest.approx(0.2)
    assert accuracy_floor(curve_info([], "accuracy"), None) == 0


def test_one_spike_of_validation_loss_does_not_flatten_the_rest():
    records = epochs(10)
    records[2]["validation_loss"] = 480.0
    info = curve_info(records, "loss")

    assert loss_top(info) < 10
    assert "peak 480 not shown" in plot_loss(records).layout.title.text
    assert "peak" not in plot_loss(epochs(10)).layout.title.text
    assert loss_top(curve_info(epochs(10), "loss")) > 2.2


def test_first_epoch_on_raw_pixels_does_not_flatten_the_rest():
    """Pixels of 0-255 begin with a huge loss."""
    records = epochs(5)
    records[0]["loss"] = 58.0

    assert loss_top(curve_info(records, "loss")) < 10
    assert "peak 58 not shown" in plot_loss(records).layout.title.text
    assert loss_top(curve_info(records[:2], "loss")) > 58
    records[0]["loss"] = 8 * records[1]["loss"]
    assert loss_top(curve_info(records, "loss")) > records[0]["loss"]


def test_validation_loss_that_is_high_in_most_epochs_is_shown_whole():
    records = [
        {"epoch": epoch, "loss": loss, "validation_loss": validation}
        for epoch, loss, validation in [(1, 0.95, 2.49), (2, 0.59, 2.73), (3, 0.53, 2.3)]
    ]

    assert loss_top(curve_info(records, "loss")) > 2.73
    assert "not shown" not in plot_loss(records).layout.title.text


def test_perfect_networks_can_be_drawn():
    assert loss_top(curve_info([{"epoch": 1, "loss": 0.0, "validation_loss": 0.0}], "loss")) > 0


def test_smoothing_keeps_constants_and_beginnings():
    assert smoothed((2.0, 2.0, 2.0), 0.9) == pytest.approx((2.0, 2.0, 2.0))
    assert smoothed((1.0, 3.0), 0.5) == pytest.approx((1.0, (0.25 * 1 + 0.5 * 3) / 0.75))
    assert smoothed((5.0, 1.0), 0.0) == (5.0, 1.0)
    assert smoothed((), 0.5) == ()
    with pytest.raises(ValueError, match="below 1"):
        smoothed((1.0,), 1.0)


def test_smoothing_passes_over_gaps():
    assert smoothed((1.0, None, 1.0), 0.9) == pytest.approx((1.0, None, 1.0))
    assert smoothed((None, None), 0.9) == (None, None)


@pytest.mark.parametrize("plot", [plot_loss, plot_accuracy])
def test_smoothed_lines_leave_the_values_faint_behind(plot):
    figure = plot(epochs(9), best_epoch=4, smoothing=0.8)
    plain = plot(epochs(9), best_epoch=4)

    for name in ("train", "validation"):
        faint = trace(figure, f"{name}-raw")
        assert list(faint.y) == list(trace(plain, name).y)
        assert faint.opacity < 1
        assert list(trace(figure, name).y) != list(faint.y)
        assert trace(plain, f"{name}-raw") is None
    # the best epoch stays at its own value
    assert list(trace(figure, "best").y) == list(trace(plain, "best").y)
    assert "smoothed" in figure.layout.title.text
    assert "smoothed" not in plain.layout.title.text


def test_log_scale_shows_every_peak_and_no_zero():
    records = epochs(10)
    records[2]["validation_loss"] = 480.0
    records[5]["loss"] = 0.0
    figure = plot_loss(records, best_epoch=4, log_scale=True)
    low, high = figure.layout.yaxis.range

    assert figure.layout.yaxis.type == "log"
    assert 10**high > 480
    assert 10**low < 0.2
    assert "not shown" not in figure.layout.title.text
    assert "log scale" in figure.layout.yaxis.title.text


@pytest.mark.parametrize("values", [[], [0.0], [math.nan], [math.inf, None], [1e-12, 1e9]])
@pytest.mark.parametrize("log_scale", [False, True])
def test_any_values_can_be_drawn_on_both_scales(values, log_scale):
    records = [
        {"epoch": place, "loss": value, "validation_loss": value, "learning_rate": value}
        for place, value in enumerate(values, start=1)
    ]
    for smoothing in (0.0, 0.9):
        plot_loss(records, best_epoch=1, smoothing=smoothing, log_scale=log_scale).to_json()
    plot_learning_rate(records, best_epoch=1, log_scale=log_scale).to_json()


def test_very_long_runs_are_drawn_with_fewer_points_but_their_best_and_last_epoch():
    figure = plot_loss(epochs(10_000), best_epoch=7_771, smoothing=0.5)
    drawn = list(trace(figure, "validation").x)

    assert len(drawn) < 2_000
    assert 7_771 in drawn
    assert (drawn[0], drawn[-1]) == (1, 10_000)
    assert drawn == sorted(drawn)
    assert len(trace(plot_loss(epochs(1_000)), "train").x) == 1_000


def test_learning_rate_tells_its_peak_its_end_and_where_fine_tuning_begins():
    records = epochs(6)
    for place, rate in enumerate([0.004, 0.01, 0.005, 1e-5, 1e-5, 1e-5]):
        records[place]["learning_rate"] = rate
        records[place].update({"fine_tuning": 1.0} if place >= 3 else {})
    info = rate_info(records, best_epoch=5, planned_epochs=8)

    assert info.rates == (0.004, 0.01, 0.005, 1e-5, 1e-5, 1e-5)
    assert info.tuning_from == 4
    assert (info.best_epoch, info.last_epoch) == (5, 8)
    figure = plot_learning_rate(records, best_epoch=5, planned_epochs=8)
    assert "highest 0.01, last 1e-05" in figure.layout.title.text
    assert "fine-tuning from epoch 4" in figure.layout.title.text
    assert sorted(shape.x0 for shape in figure.layout.shapes) == [4, 5]
    assert figure.layout.xaxis.range == plot_loss(records, planned_epochs=8).layout.xaxis.range


def test_runs_without_learning_rates_get_an_empty_chart_that_says_so():
    records = [{"epoch": 1, "loss": 1.0}]
    assert rate_info(records).rates == (None,)
    assert "not known" in plot_learning_rate(records).layout.title.text
