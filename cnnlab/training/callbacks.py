"""What happens beside the training itself: progress, stopping, the best epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnlab.config import Monitor, Precision, Schedule, TrainingConfig
from cnnlab.runs.runs import FINE_TUNING_EPOCH
from cnnlab.schedules import Plateau, learning_rate_at
from cnnlab.training.batches import TrainingFeed
from cnnlab.training.checkpoints import ENDED, PATIENT_FROM, STAGE_BEGAN, save_checkpoint
from cnnlab.training.pace import Pace
from cnnlab.training.stages import Stage

Logs = Mapping[str, float] | None
REPORT_SECONDS = 0.25
STOP_CHECK_SECONDS = 0.02  # longer than this, and every batch is followed by a check


class StopRequested(Exception):
    """The user has asked the run to end; raised between two batches."""


class Diverged(Exception):
    """The loss is no longer a number."""


class Conductor(keras.callbacks.Callback):
    """Sets epoch and learning rate before each step, and stops a run that was asked to stop.

    Attributes:
        plateau: Follows the monitor where the schedule is reduce_on_plateau.
    """

    def __init__(
        self,
        training: TrainingConfig,
        feed: TrainingFeed,
        stop_requested: Callable[[], bool],
        *,
        fine_tuning: bool = False,
    ) -> None:
        super().__init__()
        self._training = training
        self._feed = feed
        self._fine_tuning = training.fine_tuning if fine_tuning else None
        self._stop_requested = stop_requested
        self._checked_at = 0.0
        self._epoch = 0
        self._rate: float | None = None
        self._total_steps = feed.steps * training.epochs
        self.plateau = Plateau(training)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Tell the feed which epoch's order to use."""
        self._epoch = self._feed.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Follow the schedule."""
        rate = self._rate_at(self._epoch * self._feed.steps + batch)
        if rate != self._rate:  # setting it costs time in each step
            self._rate = self.model.optimizer.learning_rate = rate

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Raise when the loss is no number or the user has asked to stop."""
        if logs and not math.isfinite(logs.get("loss", 0.0)):
            raise Diverged
        self._check_stop()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Validation can be stopped as well."""
        self._check_stop()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Lower the rate if the monitored figure stays where it is."""
        if self._training.schedule is Schedule.REDUCE_ON_PLATEAU:
            self.plateau.epoch_ended(monitored(logs, self._training.monitor))

    def _rate_at(self, step: int) -> float:
        if self._fine_tuning is not None:
            return self._fine_tuning.learning_rate
        rate = learning_rate_at(self._training, step, self._total_steps)
        return rate * self.plateau.factor

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
        fine_tuning: bool = False,
    ) -> None:
        super().__init__()
        self._training = training
        self._steps = steps
        self._report = report
        self._epoch_finished = epoch_finished
        self._fine_tuning = fine_tuning
        self._pace = Pace(epochs=training.total_epochs, steps=steps)
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
            name.replace("val_", "validation_"): float(f"{v:.7g}")  # what float32 knows of it
            for name, v in (logs or {}).items()
        }
        figures["learning_rate"] = float(self.model.optimizer.learning_rate)
        figures["seconds"] = time.monotonic() - self._epoch_began_at
        if self._fine_tuning:
            figures[FINE_TUNING_EPOCH] = 1.0
        self._epoch_finished(epoch + 1, figures)

    def _progress(self, batch: int, logs: Mapping[str, float]) -> dict[str, Any]:
        return {
            "phase": "training",
            "epoch": self._epoch + 1,
            "epochs": self._training.total_epochs,
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
        best_value: Its value of the monitor.
        patient_from: Epochs that do not count for early stopping.
        stop_reason: Why the run was ended early, or None.
    """

    def __init__(self, training: TrainingConfig, save: Callable[[keras.Model], object]) -> None:
        super().__init__()
        self._monitor: Monitor = training.monitor
        self._early_stopping = training.early_stopping
        self._save = save
        self.best_value = math.nan
        self.best_epoch: int | None = None
        self.stop_reason: str | None = None
        self.patient_from = 0

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with the best epoch that a checkpoint knows."""
        if state["best_epoch"] is not None:
            self.best_epoch, self.best_value = state["best_epoch"], state["best_value"]

    def begin_stage(self, first_epoch: int) -> None:
        """A new part of the training gets a patience of its own."""
        self.patient_from = first_epoch
        self.stop_reason = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare with the best epoch so far."""
        number = epoch + 1
        value = monitored(logs, self._monitor)
        if self._improves(value):
            self.best_value, self.best_epoch = value, number
            self._save(self.model)
        rule = self._early_stopping
        if rule is None or self.best_epoch is None:
            return
        waited = number - max(self.best_epoch, rule.start_epoch - 1, self.patient_from)
        if waited >= rule.patience:
            self.model.stop_training = True
            self.stop_reason = (
                f"Stopped early after epoch {number}: {self._monitor.replace('_', ' ')} has not "
                f"become better for {waited} epochs (best {self.best_value:.4g} in epoch "
                f"{self.best_epoch})."
            )

    def _improves(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self.best_epoch is None:
            return True
        better = value - self.best_value
        return better > 0 if self._monitor.higher_is_better else better < 0


class Checkpointer(keras.callbacks.Callback):
    """Leaves a checkpoint at the end of every epoch; it must be the last of the callbacks."""

    def __init__(
        self,
        path: Path,
        stage: Stage,
        precision: Precision,
        conductor: Conductor,
        best: BestEpoch,
        extra: Callable[[], Mapping[str, np.ndarray]] = dict,
    ) -> None:
        super().__init__()
        self._path = path
        self._stage = stage
        self._precision = precision
        self._conductor = conductor
        self._best = best
        self._extra = extra

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write it aside, then in place of the one before."""
        plateau = self._conductor.plateau
        state = {
            "precision": self._precision.value,
            STAGE_BEGAN: self._stage.first_epoch,
            "best_epoch": self._best.best_epoch,
            "best_value": self._best.best_value if self._best.best_epoch else None,
            PATIENT_FROM: self._best.patient_from,
            ENDED: bool(self.model.stop_training),
            "plateau": [plateau.factor, plateau.best, plateau.waited],
        }
        save_checkpoint(
            self._path,
            self.model,
            epoch=epoch + 1,
            stage=self._stage.name,
            state=state,
            extra=self._extra(),
        )

    @staticmethod
    def restore_state(state: Mapping[str, Any], conductor: Conductor, best: BestEpoch) -> None:
        """Let the other callbacks go on where a checkpoint was written."""
        plateau = conductor.plateau
        plateau.factor, plateau.best, plateau.waited = state["plateau"]
        best.patient_from = max(best.patient_from, state[PATIENT_FROM])


def monitored(logs: Logs, monitor: Monitor) -> float:
    """An epoch's value of the monitor, out of Keras' figures."""
    return float((logs or {})[monitor.replace("validation_", "val_")])
