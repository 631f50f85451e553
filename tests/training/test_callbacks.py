"""Which epoch is the best, and when a run is ended early."""

import keras
import pytest

from cnnlab.config import EarlyStopping, Monitor, TrainingConfig
from cnnlab.training.callbacks import BestEpoch


def follow(values: list[float], training: TrainingConfig) -> tuple[BestEpoch, list[int], int]:
    """Feed a figure per epoch; returns the callback, the epochs saved, and the last one run."""
    saved: list[int] = []
    model = keras.Sequential([keras.layers.Dense(1)])
    model.stop_training = False
    number = 0
    best = BestEpoch(training, lambda _: saved.append(number))
    best.set_model(model)
    name = training.monitor.replace("validation_", "val_")
    for number, value in enumerate(values, start=1):
        best.on_epoch_end(number - 1, {name: value})
        if model.stop_training:
            break
    return best, saved, number


def rule(monitor: Monitor, **stopping: int) -> TrainingConfig:
    return TrainingConfig(
        monitor=monitor, early_stopping=EarlyStopping(**stopping) if stopping else None
    )


def test_highest_accuracy_is_kept():
    best, saved, _ = follow([0.5, 0.7, 0.6, 0.7], rule(Monitor.VALIDATION_ACCURACY))
    assert best.best_epoch == 2
    assert saved == [1, 2]
    assert best.stop_reason is None


def test_lowest_loss_is_kept():
    best, saved, _ = follow([1.0, 0.7, 0.8, 0.6], rule(Monitor.VALIDATION_LOSS))
    assert best.best_epoch == 4
    assert saved == [1, 2, 4]


def test_run_ends_after_patience_and_says_why():
    values = [0.5, 0.6, 0.55, 0.55, 0.55, 0.9]
    best, _, last = follow(values, rule(Monitor.VALIDATION_ACCURACY, patience=3))
    assert last == 5
    assert best.best_epoch == 2
    assert "has not become better for 3 epochs (best 0.6 in epoch 2)" in best.stop_reason


@pytest.mark.parametrize(("start_epoch", "last"), [(1, 4), (4, 6), (6, 8)])
def test_patience_counts_from_the_start_epoch(start_epoch: int, last: int):
    training = rule(Monitor.VALIDATION_ACCURACY, patience=3, start_epoch=start_epoch)
    assert follow([0.33] * 10, training)[2] == last


def test_figure_that_is_no_number_is_never_the_best():
    best, saved, _ = follow([float("nan"), 0.4], rule(Monitor.VALIDATION_ACCURACY))
    assert best.best_epoch == 2
    assert saved == [2]
