"""Charts of sweeps show what is known of the trials, and bear none and one."""

import pytest

from cnnlab.figures.sweep_coordinates import plot_sweep_coordinates, sweep_coordinates_info
from cnnlab.figures.sweep_front import plot_sweep_front, sweep_front_info
from cnnlab.figures.sweep_history import plot_sweep_history, sweep_history_info
from cnnlab.figures.sweep_importance import plot_sweep_importance, sweep_importance_info
from cnnlab.figures.sweep_slices import plot_sweep_slices, sweep_slices_info
from cnnlab.figures.sweep_timeline import plot_sweep_timeline, sweep_timeline_info
from cnnlab.tuning.plan import Objective
from cnnlab.tuning.records import TrialState
from tests.tuning.made_trials import plan_of, trial

TRIALS = [
    trial(0, (0.5,)),
    trial(1, (0.7,)),
    trial(2, None),
    trial(3, (0.3,)),
    trial(4, None, state=TrialState.RUNNING, finished_at=None, message=None),
]
TWO = ["validation_accuracy", "parameters"]


def test_best_so_far_only_gets_better():
    info = sweep_history_info(Objective.VALIDATION_LOSS, TRIALS, {2: 0.8})
    assert info.numbers == (1, 2, 4)
    assert info.best_values == (0.5, 0.5, 0.3)
    assert (info.pruned, info.reached) == ((3,), (0.8,))
    higher = sweep_history_info(Objective.VALIDATION_ACCURACY, TRIALS, {})
    assert higher.best_values == (0.5, 0.7, 0.7)
    assert higher.pruned == ()


def test_coordinates_place_choices_by_their_order_and_rates_by_their_magnitude():
    info = sweep_coordinates_info(plan_of(), TRIALS)
    size, rate, optimizer, loss = info.axes
    assert size.places == (0, 1, 0)
    assert size.labels == ("32", "64", "128")
    assert rate.places == (-4, -3, -1)
    assert rate.labels == ("0.0001", "0.001", "0.01", "0.1")
    assert optimizer.labels == ("adam", "sgd")
    assert loss.places == (0.5, 0.7, 0.3)
    assert info.left_out == 2


def test_narrow_coordinates_show_the_first_fields_and_say_so():
    figure = plot_sweep_coordinates(plan_of(), TRIALS, most_fields=2)
    labels = [axis.label for axis in figure.data[0].dimensions]
    assert labels[:2] == ["layer size", "learning rate"]
    assert len(labels) == 3
    assert "2 of 3 fields fit" in figure.layout.title.text


def test_ticks_of_a_rate_stay_between_its_lowest_and_highest_value():
    space = {"training.learning_rate": {"low": 1e-5, "high": 1.0, "log": True}}
    trials = [
        trial(number, (0.5,), fields={"training.learning_rate": rate})
        for number, rate in enumerate([2e-4, 3e-3, 2.6e-2])
    ]
    rate = sweep_coordinates_info(plan_of(space), trials).axes[0]
    assert rate.labels == ("0.0002", "0.001", "0.01", "0.026")
    assert (rate.ticks[0], rate.ticks[-1]) == (rate.places[0], rate.places[-1])


def test_slices_keep_ranges_as_numbers_and_choices_as_words():
    info = sweep_slices_info(plan_of(), TRIALS)
    size, rate, optimizer = info.slices
    assert size.values == ("32", "64", "32")
    assert rate.values == (1e-4, 1e-3, 1e-1)
    assert rate.log
    assert optimizer.order == ("adam", "sgd")
    assert info.results == (0.5, 0.7, 0.3)


def test_timeline_counts_minutes_from_the_first_begin_and_ends_open_trials_now():
    bars = sweep_timeline_info(TRIALS, now=1300.0)
    assert [bar.begin for bar in bars] == [0, 1, 2, 3, 4]
    assert bars[0].minutes == 1
    assert bars[4].minutes == pytest.approx(1)
    assert bars[4].state is TrialState.RUNNING


def test_front_is_apart_from_the_others():
    plan = plan_of(objectives=TWO)
    trials = [trial(0, (0.9, 100.0)), trial(1, (0.8, 10.0)), trial(2, (0.7, 50.0))]
    info = sweep_front_info(plan, trials)
    assert [point.number for point in info.front] == [1, 2]
    assert [point.number for point in info.others] == [3]
    assert (info.x_title, info.y_title) == ("parameters", "validation accuracy")
    with pytest.raises(ValueError, match="two objectives"):
        sweep_front_info(plan_of(), trials)


def test_importance_is_ordered():
    info = sweep_importance_info({"training.epochs": 0.2, "network.layer_size": 0.8})
    assert info.labels == ("layer size", "epochs")
    assert info.shares == (0.8, 0.2)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("trials", [[], TRIALS[:1], TRIALS])
def test_every_chart_can_be_drawn(trials, dark):
    plan = plan_of()
    figures = [
        plot_sweep_history(plan.objective, trials, dark=dark),
        plot_sweep_coordinates(plan, trials, dark=dark),
        plot_sweep_slices(plan, trials, dark=dark),
        plot_sweep_timeline(trials, 2000.0, dark=dark),
        plot_sweep_importance({}, dark=dark),
    ]
    both = [trial(each.number, (each.results[0], 10.0)) for each in trials if each.results]
    figures.append(plot_sweep_front(plan_of(objectives=TWO), both, dark=dark))
    for figure in figures:
        assert figure.layout.title.text
        figure.to_json()


def test_names_with_markup_are_escaped():
    plan = plan_of({"training.optimizer": ["adam", "sgd"]})
    odd = trial(0, (0.5,), fields={"training.optimizer": "<b>adam</b>"})
    figure = plot_sweep_history(plan.objective, [odd])
    assert "<b>" not in figure.data[1].customdata[0][1]
