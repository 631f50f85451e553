"""What happens beside the training itself: progress, stopping, the best epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras

from cnnlab.config import Monitor, TrainingConfig
from cnnlab.schedules import learning_rate_at
from cnnlab.training.batches import TrainingFeed
from cnnlab.training.pace import Pace

Logs = Mapping[str, float] | None
REPORT_SECONDS = 0.25
STOP_CHECK_SECONDS = 0.02  # longer than this, and every batch is followed by a check


class StopRequested(Exception):
    """The user has asked the run to end; raised between two batches."""


class Diverged(Exception):
    """The loss is no longer a number."""


class Conductor(keras.callbacks.Callback):
    """Sets epoch and learning rate before each step, and stops a run that was asked to stop."""

    def __init__(
        self, training: TrainingConfig, feed: TrainingFeed, stop_requested: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._training = training
        self._feed = feed
        self._stop_requested = stop_requested
        self._checked_at = 0.0
        self._epoch = 0
        self._total_steps = feed.steps * training.epochs

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Tell the feed which epoch's order to use."""
        self._epoch = self._feed.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Follow the schedule."""
        step = self._epoch * self._feed.steps + batch
        rate = learning_rate_at(self._training, step, self._total_steps)
        self.model.optimizer.learning_rate = rate

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Raise when the loss is no number or the user has asked to stop."""
        if logs and not math.isfinite(logs.get("loss", 0.0)):
            raise Diverged
        self._check_stop()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Validation can be stopped as well."""
        self._check_stop()

    def _check_stop(self) -> None:
        now = time.monotonic()
        if now - self._checked_at >= STOP_CHECK_SECONDS:
            self._checked_at = now
            if self._stop_requested():
                raise StopRequested


class ProgressReporter(keras.callbacks.Callback):
    """Says how far the run is, a few times a second, and hands over each finished epoch."""

    def __init__(
        self,
        training: TrainingConfig,
        steps: int,
        *,
        report: Callable[[dict[str, Any]], object],
        epoch_finished: Callable[[int, dict[str, float]], object],
    ) -> None:
        super().__init__()
        self._training = training
        self._steps = steps
        self._report = report
        self._epoch_finished = epoch_finished
        self._pace = Pace(epochs=training.epochs, steps=steps)
        self._reported_at = 0.0
        self._epoch = 0
        self._epoch_began_at = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Start the epoch's clock."""
        self._epoch = epoch
        self._epoch_began_at = time.monotonic()
        self._pace.epoch_began(epoch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Report the batch, unless the last report was just now."""
        self._pace.step_ended(batch)
        now = time.monotonic()
        first_ever = self._reported_at == 0.0
        if first_ever or now - self._reported_at >= REPORT_SECONDS or batch + 1 == self._steps:
            self._reported_at = now
            self._report(self._progress(batch + 1, logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Hand over the epoch's figures under their full names, epochs counted from 1."""
        self._pace.epoch_ended()
        figures = {
            name.replace("val_", "validation_"): float(v) for name, v in (logs or {}).items()
        }
        figures["learning_rate"] = float(self.model.optimizer.learning_rate)
        figures["seconds"] = time.monotonic() - self._epoch_began_at
        self._epoch_finished(epoch + 1, figures)

    def _progress(self, batch: int, logs: Mapping[str, float]) -> dict[str, Any]:
        return {
            "phase": "training",
            "epoch": self._epoch + 1,
            "epochs": self._training.epochs,
            "batch": batch,
            "batches": self._steps,
            "loss": float(logs.get("loss", math.nan)),
            "accuracy": float(logs.get("accuracy", math.nan)),
            "seconds_left": self._pace.seconds_left,
        }


class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best epoch and ends a run that no longer gets better.

    Attributes:
        best_epoch: Counted from 1; None before the first epoch has ended.
        stop_reason: Why the run was ended early, or None.
    """

    def __init__(self, training: TrainingConfig, save: Callable[[keras.Model], object]) -> None:
        super().__init__()
        self._monitor: Monitor = training.monitor
        self._early_stopping = training.early_stopping
        self._save = save
        self._best_value = math.nan
        self.best_epoch: int | None = None
        self.stop_reason: str | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare with the best epoch so far."""
        number = epoch + 1
        value = float((logs or {})[self._monitor.replace("validation_", "val_")])
        if self._improves(value):
            self._best_value, self.best_epoch = value, number
            self._save(self.model)
        rule = self._early_stopping
        if rule is None or self.best_epoch is None:
            return
        waited = number - max(self.best_epoch, rule.start_epoch - 1)
        if waited >= rule.patience:
            self.model.stop_training = True
            self.stop_reason = (
                f"Stopped early after epoch {number}: {self._monitor.replace('_', ' ')} has not "
                f"become better for {waited} epochs (best {self._best_value:.4g} in epoch "
                f"{self.best_epoch})."
            )

    def _improves(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self.best_epoch is None:
            return True
        better = value - self._best_value
        return better > 0 if self._monitor.higher_is_better else better < 0
