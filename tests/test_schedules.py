"""Learning rates and the time that is left."""

import pytest

from cnnlab.config import FineTuning, Monitor, Schedule, TrainingConfig
from cnnlab.schedules import Plateau, learning_rate_at, planned_rates
from cnnlab.training.pace import Pace


def rates(schedule: Schedule, total: int = 100) -> list[float]:
    training = TrainingConfig(schedule=schedule, learning_rate=0.1, warm_up=0.3)
    return [learning_rate_at(training, step, total) for step in range(total)]


def test_constant_rate_stays():
    assert set(rates(Schedule.CONSTANT)) == {0.1}


def test_one_cycle_rises_to_the_peak_and_falls_to_a_thousandth():
    cycle = rates(Schedule.ONE_CYCLE)
    assert cycle[0] == pytest.approx(0.1 / 25)
    assert max(cycle) == pytest.approx(0.1)
    peak = cycle.index(max(cycle))
    assert peak == 30
    assert cycle[:peak] == sorted(cycle[:peak])
    assert cycle[peak:] == sorted(cycle[peak:], reverse=True)
    assert cycle[-1] == pytest.approx(0.1 / 1000)


def test_cosine_warms_up_and_falls_towards_zero():
    cosine = rates(Schedule.COSINE)
    assert cosine[0] == pytest.approx(0.1 / 25)
    assert cosine.index(max(cosine)) == 30
    assert cosine[65] == pytest.approx(0.05)
    assert 0 < cosine[-1] < 1e-4


def test_cosine_without_warm_up_starts_at_its_peak():
    training = TrainingConfig(schedule=Schedule.COSINE, learning_rate=0.1, warm_up=0.0)
    assert learning_rate_at(training, 0, 10) == pytest.approx(0.1)


def test_the_plan_spans_the_epochs_and_the_fine_tuning_behind_them():
    training = TrainingConfig(
        epochs=4, learning_rate=0.1, fine_tuning=FineTuning(epochs=2, learning_rate=1e-3)
    )
    plan = planned_rates(training, 10)
    assert plan[0] == (0.0, 0.1)
    assert plan[-2:] == [(4.0, 1e-3), (6.0, 1e-3)]
    assert [epoch for epoch, _ in plan] == sorted(epoch for epoch, _ in plan)


@pytest.mark.parametrize(
    ("monitor", "values"),
    [
        (Monitor.VALIDATION_LOSS, [1.0, 0.5, 0.6, 0.5, 0.4, 0.4, 0.4]),
        (Monitor.VALIDATION_ACCURACY, [0.1, 0.5, 0.4, 0.5, 0.6, 0.6, 0.6]),
    ],
)
def test_a_plateau_lowers_the_rate_after_its_patience(monitor, values):
    plateau = Plateau(TrainingConfig(monitor=monitor, plateau_patience=2, plateau_factor=0.1))
    fell = [plateau.epoch_ended(value) for value in values]
    assert fell == [False, False, False, True, False, False, True]
    assert plateau.factor == pytest.approx(0.01)


@pytest.mark.parametrize("total", [1, 2, 3])
def test_one_cycle_of_a_few_steps_stays_between_zero_and_the_peak(total):
    assert all(0 < rate <= 0.1 for rate in rates(Schedule.ONE_CYCLE, total))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_left_leaves_out_start_up_and_the_first_epoch():
    clock = Clock()
    pace = Pace(epochs=4, steps=10, clock=clock)
    assert pace.seconds_left is None
    for epoch, (first_step, step, validation) in enumerate([(30.0, 5.0, 9.0), (1.0, 1.0, 2.0)]):
        pace.epoch_began(epoch)
        clock.now += first_step
        pace.step_ended(0)
        for number in range(1, 10):
            clock.now += step
            pace.step_ended(number)
        clock.now += validation
        pace.epoch_ended()
    # two epochs of ten one-second batches and two-second validations are left, and the
    # validation that has just ended
    assert pace.seconds_left == pytest.approx(2 * 10 * 1.0 + 3 * 2.0)
