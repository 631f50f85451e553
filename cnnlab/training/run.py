"""One training from its configuration to its results."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnnlab.config import Optimizer, RunConfig, TrainingConfig
from cnnlab.datasets.pixels import PreparationStopped, open_pixels
from cnnlab.datasets.selection import select
from cnnlab.datasets.splits import Split, SplitAssignment, assign_splits
from cnnlab.errors import RunError
from cnnlab.inference.model import ModelFacts, load_model
from cnnlab.networks.builder import build
from cnnlab.runs import jobs, runs
from cnnlab.runs.audits import find_near_copies
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.jobs import Job
from cnnlab.runs.provenance import data_record
from cnnlab.runs.runs import Run
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.settings import pixel_budget_bytes
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store
from cnnlab.training.batches import LabelledPixels, TrainingFeed, evaluation_dataset
from cnnlab.training.callbacks import (
    BestEpoch,
    Conductor,
    Diverged,
    ProgressReporter,
    StopRequested,
)
from cnnlab.training.export import check_export, export_model, load_weights, save_weights
from cnnlab.training.scoring import score
from cnnlab.workspace import RunFiles, Workspace, write_atomically

CHECKED_PICTURES = 32
EVALUATION_BATCH = 128


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the training part of a run ended."""

    state: RunState
    best_epoch: int | None
    stop_reason: str | None


class TrainingRun:
    """Carries out one job of kind "train" and records what it does."""

    def __init__(self, store: Store, workspace: Workspace, job: Job) -> None:
        if job.run_id is None:
            raise RunError("unknown-run", f"The training job {job.id} belongs to no run.")
        self._store = store
        self._workspace = workspace
        self._job = job
        self._began_at = time.monotonic()
        self._run: Run = runs.get_run(store, job.run_id)
        self._config: RunConfig = self._run.config
        self._files = RunFiles(workspace.run_folder(job.run_id))
        self._data: dict[str, Any] = {}  # what was trained on

    def execute(self) -> tuple[RunState, str | None]:
        """Do it all; returns the final state and a sentence that goes with it.

        Raises:
            CnnlabError: If the run fails for a reason that has a name.
        """
        try:
            images, assignment = self._prepare()
        except (jobs.JobStopped, PreparationStopped):
            return RunState.STOPPED, "Stopped before the training began; there is no model."
        model = self._build(assignment)
        outcome = self._train(model, images, assignment)
        self._keep(model, outcome, images, assignment)
        return outcome.state, outcome.stop_reason

    def _prepare(self) -> tuple[dict[Split, LabelledPixels], SplitAssignment]:
        """Index, selection, split and pixels."""
        config = self._config
        text = config.to_json().encode()
        write_atomically(self._files.config, lambda file: file.write(text))
        dataset = get_dataset(self._store, self._run.dataset_id)
        report = jobs.reporter(self._store, self._job.id)
        index, _ = scan_dataset(self._store, self._workspace, dataset, report)
        pairs = find_near_copies(self._workspace, dataset, index, report)
        chosen = select(index, config.data, config.split.seed)
        assignment = assign_splits(chosen, config.split, pairs)
        self._data = {**data_record(index), "pictures": len(assignment.frame)}
        for warning in assignment.warnings:
            runs.record_event(self._store, self._run.id, warning, level="warning")
        write_atomically(
            self._files.split, lambda file: assignment.frame.to_parquet(file, index=False)
        )
        is_part = config.data.classes is not None or config.data.limit is not None
        pixels = open_pixels(
            self._workspace,
            dataset.location,
            chosen.usable if is_part else index.readable,  # corrections then need no new file
            config.data,
            budget_bytes=pixel_budget_bytes(self._store),
            progress=lambda done, total: report("preparing the pictures", done, total),
            should_stop=self._stop_requested,
        )
        images = {}
        for split in Split:
            part = assignment.frame[assignment.frame["split"] == split.value]
            images[split] = LabelledPixels(
                pixels.pixels, pixels.rows(part["path"]), part["label"].to_numpy(np.int64)
            )
        return images, assignment

    def _build(self, assignment: SplitAssignment) -> keras.Model:
        self._say("building the network")
        training, data = self._config.training, self._config.data
        keras.utils.set_random_seed(training.seed)
        model = build(
            self._config.network,
            (data.size, data.size, data.colour.channels),
            len(assignment.class_names),
            training.seed,
        )
        model.compile(
            optimizer=_optimizer(training),
            loss=keras.losses.CategoricalCrossentropy(),
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
            jit_compile=False,  # on a CPU it makes these networks many times slower
        )
        return model

    def _train(
        self,
        model: keras.Model,
        images: dict[Split, LabelledPixels],
        assignment: SplitAssignment,
    ) -> Outcome:
        training, class_count = self._config.training, len(assignment.class_names)
        feed = TrainingFeed(
            images[Split.TRAIN],
            class_count,
            batch_size=training.batch_size,
            seed=training.seed,
            augmentation=self._config.augmentation,
            label_smoothing=training.label_smoothing,
        )
        best = BestEpoch(training, lambda model: save_weights(model, self._files.best_weights))
        reporter = ProgressReporter(
            training,
            feed.steps,
            report=lambda progress: jobs.report(self._store, self._job.id, progress),
            epoch_finished=lambda epoch, figures: runs.record_epoch(
                self._store, self._run.id, epoch, figures
            ),
        )
        state, reason = RunState.COMPLETED, None
        try:
            model.fit(
                feed.dataset(),
                validation_data=evaluation_dataset(
                    images[Split.VALIDATION], class_count, batch_size=EVALUATION_BATCH
                ),
                epochs=training.epochs,
                shuffle=False,  # the feed decides the order
                callbacks=[Conductor(training, feed, self._stop_requested), reporter, best],
                verbose=0,
            )
            reason = best.stop_reason
        except StopRequested:
            state = RunState.STOPPED
            reason = "Stopped by request; the best model so far is kept."
        except Diverged as error:
            reason = "The loss became infinite or no number at all: the learning rate "
            reason += f"{training.learning_rate:g} is probably too high. Try a tenth of it."
            if best.best_epoch is None:
                raise RunError("diverged", reason) from error
            state = RunState.STOPPED
            reason += f" The model of epoch {best.best_epoch} is kept."
        return Outcome(state, best.best_epoch, reason)

    def _keep(
        self,
        model: keras.Model,
        outcome: Outcome,
        images: dict[Split, LabelledPixels],
        assignment: SplitAssignment,
    ) -> None:
        """Export the best epoch's network and compute the final figures with it."""
        self._say("saving the network")
        if outcome.best_epoch is not None:
            load_weights(model, self._files.best_weights)
        facts = ModelFacts(
            run_id=self._run.id,
            class_names=assignment.class_names,
            data=self._config.data,
        )
        export_model(model, facts, self._files)
        lite = load_model(self._files)
        validation = images[Split.VALIDATION]
        difference = check_export(
            model, lite, validation.pixels[validation.rows[:CHECKED_PICTURES]]
        )
        self._say("computing the final figures")
        metrics = score(lite, images, assignment, self._files)
        trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
        records = runs.epoch_records(self._store, self._run.id)
        runs.save_results(
            self._store,
            self._run.id,
            {
                "metrics": metrics,
                "epochs": len(records),
                "best_epoch": outcome.best_epoch,
                "stop_reason": outcome.stop_reason,
                "class_names": list(assignment.class_names),
                "data": self._data,
                "parameters": {"total": model.count_params(), "trainable": trainable},
                "export_difference": difference,
                "seconds": time.monotonic() - self._began_at,
            },
        )
        with contextlib.suppress(FileNotFoundError):  # model.keras holds the same weights
            self._files.best_weights.unlink()

    def _stop_requested(self) -> bool:
        return jobs.get_job(self._store, self._job.id).state is not RunState.RUNNING

    def _say(self, phase: str) -> None:
        jobs.report(self._store, self._job.id, {"phase": phase})


def _optimizer(training: TrainingConfig) -> keras.optimizers.Optimizer:
    rate = training.learning_rate
    match training.optimizer:
        case Optimizer.ADAM:
            return keras.optimizers.Adam(rate)
        case Optimizer.ADAMW:
            return keras.optimizers.AdamW(rate, weight_decay=training.weight_decay)
        case Optimizer.SGD:
            return keras.optimizers.SGD(
                rate, momentum=0.9, nesterov=True, weight_decay=training.weight_decay or None
            )
        case Optimizer.RMSPROP:
            return keras.optimizers.RMSprop(rate)
