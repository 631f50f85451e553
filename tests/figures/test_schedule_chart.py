"""The chart of the planned learning rate."""

import pytest

from cnnlab.config import FineTuning, Schedule, TrainingConfig
from cnnlab.figures.schedule import draw_schedule, plot_schedule, schedule_info
from cnnlab.schedules import planned_rates


def _info(training: TrainingConfig, steps: int = 10):
    return schedule_info(training, planned_rates(training, steps), steps=steps)


@pytest.mark.parametrize("schedule", list(Schedule))
@pytest.mark.parametrize("dark", [False, True])
def test_every_schedule_is_drawn_below_its_peak(schedule, dark):
    training = TrainingConfig(epochs=4, learning_rate=0.01, schedule=schedule)
    info = _info(training)
    assert max(info.rates) == pytest.approx(0.01, rel=0.05)
    figure = plot_schedule(training, planned_rates(training, 10), steps=10, dark=dark)
    assert figure.layout.xaxis.range[1] == pytest.approx(3.9, abs=0.2)


def test_steps_and_what_a_plateau_does_are_said():
    training = TrainingConfig(
        epochs=4, schedule=Schedule.REDUCE_ON_PLATEAU, plateau_patience=1, plateau_factor=0.2
    )
    remark = _info(training, steps=1).remark
    assert "1 batch an epoch, 4 steps" in remark
    assert "times 0.2 after 1 epoch without" in remark


def test_the_rate_leaps_where_the_fine_tuning_begins():
    training = TrainingConfig(epochs=4, fine_tuning=FineTuning(epochs=2, learning_rate=1e-5))
    info = _info(training)
    assert info.tuning_from == 4
    at_four = [rate for epoch, rate in zip(info.epochs, info.rates, strict=True) if epoch == 4]
    assert at_four == [training.learning_rate, 1e-5]
    assert info.epochs[-1] == 6
    assert "60 steps" in info.remark
    assert draw_schedule(info, dark=False).layout.shapes


def test_one_epoch_of_one_step_is_drawn():
    training = TrainingConfig(epochs=1)
    assert plot_schedule(training, planned_rates(training, 1), steps=1).layout.xaxis.range[1] == 1
