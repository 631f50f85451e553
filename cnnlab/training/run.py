"""One training from its configuration to its results."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import cnnlab
from cnnlab.config import Precision, RunConfig, TrainingConfig
from cnnlab.datasets.pixels import PreparationStopped, file_name_of
from cnnlab.datasets.splits import Split
from cnnlab.errors import RunError
from cnnlab.evaluation.final import final_metrics
from cnnlab.evaluation.predictions import read_predictions
from cnnlab.inference.latency import latency_ms
from cnnlab.inference.model import ModelFacts, load_model
from cnnlab.networks.builder import build
from cnnlab.networks.description import NetworkDescription
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.jobs import Job
from cnnlab.runs.runs import Run
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store
from cnnlab.scorer import PHASE, score_in_fresh_process
from cnnlab.training.averaging import WeightAverage
from cnnlab.training.baselines import baselines_of
from cnnlab.training.batches import TrainingFeed, evaluation_dataset
from cnnlab.training.callbacks import (
    BestEpoch,
    Checkpointer,
    Conductor,
    Diverged,
    ProgressReporter,
    StopRequested,
)
from cnnlab.training.checkpoints import Checkpoint, restore_checkpoint
from cnnlab.training.continuing import Continuation
from cnnlab.training.devices import limit_threads
from cnnlab.training.export import (
    check_export,
    export_model,
    load_trained,
    load_weights,
    save_weights,
)
from cnnlab.training.logs import EpochTable, tensorboard_callback
from cnnlab.training.memory import MemoryWatch, not_enough_memory, require_memory
from cnnlab.training.preparing import PreparedData, bring_weights, prepare_data
from cnnlab.training.stages import FINE_TUNING, Stage, Stages
from cnnlab.training.trial import candidates, deserves_trial, try_steps
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
        limit_threads(job.parameters.get(jobs.THREADS))
        self._run: Run = runs.get_run(store, job.run_id)
        self._config: RunConfig = self._run.config
        self._files = RunFiles(workspace.run_folder(job.run_id))
        self._precision = self._config.training.precision
        self._spent_before = float(self._run.results.get("seconds", 0.0))
        self._continuation = Continuation(store, workspace, self._run)
        self._facts: dict[str, Any] = {}  # what is known before the end, for the results

    def execute(self) -> tuple[RunState, str | None]:
        """Do it all; returns the final state and a sentence that goes with it.

        Raises:
            CnnlabError: If the run fails for a reason that has a name.
        """
        try:
            data, weights = self._prepare()
        except (jobs.JobStopped, PreparationStopped):
            return RunState.STOPPED, "Stopped before the training began; there is no model."
        try:
            checkpoint = self._continuation.checkpoint()
            stages = self._plan(data, weights, checkpoint)
            with MemoryWatch() as watch:
                outcome = self._train(stages, checkpoint)
        except (jobs.JobStopped, StopRequested):
            return RunState.STOPPED, "Stopped before the training began; there is no model."
        except tf.errors.ResourceExhaustedError as error:
            network, pictures = data.describe(self._config), len(data.images[Split.TRAIN])
            raise not_enough_memory(self._config, network, pictures) from error
        if outcome.state is RunState.STOPPED and jobs.get_job(self._store, self._job.id).pruned:
            self._files.checkpoint.unlink(missing_ok=True)
            self._files.best_weights.unlink(missing_ok=True)
            return outcome.state, None  # the one who pruned it has said why
        if outcome.best_epoch is None:
            return outcome.state, "Stopped before the first epoch was finished; there is no model."
        self._facts["peak_memory_bytes"] = watch.peak_bytes
        self._keep(outcome, data, weights)
        return outcome.state, outcome.stop_reason

    def _prepare(self) -> tuple[PreparedData, Path | None]:
        """The pictures, and the backbone's weights where there is one."""
        config = self._config
        text = config.to_json().encode()
        write_atomically(self._files.config, lambda file: file.write(text))
        report = jobs.reporter(self._store, self._job.id)
        dataset = get_dataset(self._store, self._run.dataset_id)
        data = prepare_data(
            self._store, self._workspace, dataset, config, report, self._stop_requested
        )
        self._continuation.require_same_data(data)
        said = {event.message for event in runs.run_events(self._store, self._run.id)}
        for warning in (*data.assignment.warnings, *_warnings(config, data)):
            if warning not in said:  # a resumed run has said it before
                runs.record_event(self._store, self._run.id, warning, level="warning")
        split = data.assignment.frame.assign(
            content_hash=data.assignment.frame["path"].map(data.contents)
        )
        write_atomically(self._files.split, lambda file: split.to_parquet(file, index=False))
        return data, bring_weights(config, report)

    def _plan(
        self, data: PreparedData, weights: Path | None, checkpoint: Checkpoint | None
    ) -> Stages:
        """Memory, precision and time, before anything is trained."""
        config, training = self._config, self._config.training
        network = data.describe(config)
        require_memory(config, network, len(data.images[Split.TRAIN]))
        if training.deterministic:
            tf.config.experimental.enable_op_determinism()
        stages = Stages(
            self._store,
            self._workspace,
            config,
            data,
            weights,
            jobs.reporter(self._store, self._job.id),
        )
        if checkpoint is not None:
            self._precision = Precision(checkpoint.state["precision"])
            if "prediction" in self._run.results:
                self._facts["prediction"] = self._run.results["prediction"]
        elif self._worth_a_trial(network, len(data.images[Split.TRAIN])) and not stages.cached:
            self._say("trying a few steps")
            prediction = try_steps(
                config,
                data.images,
                data.class_count,
                stages.build_whole,
                stop_requested=self._stop_requested,
            )
            self._precision = prediction.precision
            self._facts["prediction"] = prediction.to_json()
        elif self._precision is Precision.AUTO:
            self._precision = Precision.FLOAT32
        self._facts["precision"] = self._precision.value
        return stages

    def _worth_a_trial(self, network: NetworkDescription, pictures: int) -> bool:
        """Whether to try a few steps first: not in a sweep, unless there is a choice to make."""
        alone = self._job.sweep_id is None
        chooses = len(candidates(self._precision)) > 1
        return (alone or chooses) and deserves_trial(self._config, network, pictures)

    def _train(self, stages: Stages, checkpoint: Checkpoint | None) -> Outcome:
        """All stages, from the checkpoint on if there is one."""
        finished = 0 if checkpoint is None else checkpoint.epoch
        runs.forget_epochs(self._store, self._run.id, after=finished)
        table = EpochTable(self._files.epochs, runs.epoch_records(self._store, self._run.id))
        best = BestEpoch(
            self._config.training, lambda model: save_weights(model, self._files.best_weights)
        )
        if checkpoint is not None:
            best.restore(checkpoint.state)
        began_at = time.monotonic()
        state, reason = RunState.COMPLETED, None
        try:
            for stage in stages.remaining(checkpoint):
                if reason is not None:  # why the stage before ended early
                    runs.record_event(self._store, self._run.id, reason)
                self._train_stage(stage, stages, best, table, checkpoint)
                checkpoint, reason = None, best.stop_reason
        except StopRequested:
            state = RunState.STOPPED
            reason = "Stopped by request; the best model so far is kept."
        except Diverged as error:
            reason = "The loss became infinite or no number at all: "
            reason += f"{rate_in_words(stage, self._config.training)} is probably too high. "
            reason += "Try a tenth of it."
            if best.best_epoch is None:
                raise RunError("diverged", reason) from error
            state = RunState.STOPPED
            reason += f" The model of epoch {best.best_epoch} is kept."
        if state is RunState.COMPLETED and best.best_epoch is None:
            raise RunError(
                "diverged",
                f"The {self._config.training.monitor.replace('_', ' ')} was never a number, so no "
                "epoch could be the best. Try a tenth of the learning rate.",
            )
        spent_before = float(self._run.results.get("training_seconds", 0.0))
        self._facts["training_seconds"] = time.monotonic() - began_at + spent_before
        return Outcome(state, best.best_epoch, reason)

    def _train_stage(
        self,
        stage: Stage,
        stages: Stages,
        best: BestEpoch,
        table: EpochTable,
        checkpoint: Checkpoint | None,
    ) -> None:
        config, training = self._config, self._config.training
        self._say("building the network")
        keras.utils.set_random_seed(training.seed)
        model, images = stages.make(stage, self._precision, self._files.best_weights)
        feed = TrainingFeed(images[Split.TRAIN], stages.class_count, training, config.augmentation)
        fine_tuning = stage.name == FINE_TUNING
        conductor = Conductor(training, feed, self._stop_requested, fine_tuning=fine_tuning)
        reporter = ProgressReporter(
            training,
            feed.steps,
            report=lambda progress: jobs.report(self._store, self._job.id, progress),
            epoch_finished=lambda epoch, figures: self._note_epoch(table, epoch, figures),
            fine_tuning=fine_tuning,
        )
        callbacks: list[keras.callbacks.Callback] = [conductor, reporter, best]
        if training.tensorboard:
            callbacks.append(tensorboard_callback(self._workspace, self._run))
        average = WeightAverage(training.weight_average) if training.weight_average else None
        if average is not None:
            callbacks.append(average)
        callbacks.append(
            Checkpointer(
                self._files.checkpoint,
                stage,
                self._precision,
                conductor,
                best,
                extra=dict if average is None else average.arrays,
            )
        )
        best.begin_stage(stage.first_epoch)
        if checkpoint is not None:
            Checkpointer.restore_state(checkpoint.state, conductor, best)
            if checkpoint.stage == stage.name:
                restore_checkpoint(model, checkpoint)
                if average is not None and checkpoint.extra:
                    average.restore(checkpoint.extra)
        history = model.fit(
            feed.dataset(),
            validation_data=evaluation_dataset(
                images[Split.VALIDATION], stages.class_count, batch_size=EVALUATION_BATCH
            ),
            initial_epoch=stage.finished,
            epochs=stage.last_epoch,
            shuffle=False,  # the feed decides the order
            callbacks=callbacks,
            verbose=0,
        )
        stage.finished += len(history.epoch)

    def _note_epoch(self, table: EpochTable, epoch: int, figures: dict[str, float]) -> None:
        runs.record_epoch(self._store, self._run.id, epoch, figures)
        table.add({"epoch": epoch, **figures})

    def _keep(self, outcome: Outcome, data: PreparedData, weights: Path | None) -> None:
        """Export the best epoch's network and compute the final figures with it."""
        self._say("saving the network")
        config, class_names = self._config, data.assignment.class_names
        model = build(  # anew: in float32, whatever it was trained in
            config.network,
            config.data.picture_shape,
            data.class_count,
            config.training.seed,
            backbone_weights=weights,
        )
        self._load_best(model)
        facts = ModelFacts(run_id=self._run.id, class_names=class_names, data=config.data)
        shutil.rmtree(self._files.exports_folder, ignore_errors=True)  # those of an earlier network
        export_model(model, facts, self._files)
        lite = load_model(self._files)
        validation = data.images[Split.VALIDATION]
        difference = check_export(
            model, lite, validation.pixels[validation.rows[:CHECKED_PICTURES]]
        )
        self._facts["latency_ms"] = latency_ms(lite)
        del lite
        self._say(PHASE)
        score_in_fresh_process(self._workspace, self._run.id, file_name_of(validation.pixels))
        metrics = final_metrics(read_predictions(self._files.predictions))
        self._say("computing the baselines")
        records = runs.epoch_records(self._store, self._run.id)
        runs.save_results(
            self._store,
            self._run.id,
            {
                **self._facts,
                "metrics": metrics,
                "baselines": baselines_of(data.images, data.class_count, seed=config.training.seed),
                "epochs": len(records),
                "seconds_per_epoch": float(np.median([row["seconds"] for row in records]))
                if records
                else None,
                "best_epoch": outcome.best_epoch,
                "stop_reason": outcome.stop_reason,
                "class_names": list(class_names),
                "data": dict(data.record),
                "parameters": _parameters(model),
                "export_difference": difference,
                "versions": {
                    "cnnlab": cnnlab.__version__,
                    "tensorflow": tf.__version__,
                    "keras": keras.__version__,
                },
                "seconds": time.monotonic() - self._began_at + self._spent_before,
            },
        )
        with contextlib.suppress(FileNotFoundError):  # model.keras holds the same weights
            if outcome.state is RunState.COMPLETED:
                self._files.best_weights.unlink()

    def _load_best(self, model: keras.Model) -> None:
        """Set the weights of the best epoch.

        A worker that died between the export and its last word has left them in the export only.
        """
        if self._files.best_weights.exists():
            load_weights(model, self._files.best_weights)
        elif self._files.keras_model.exists():
            model.set_weights(load_trained(self._files).get_weights())
        else:
            raise RunError(
                "no-weights",
                "The weights of the best epoch are gone from the run's folder. Start the run anew.",
            )

    def _stop_requested(self) -> bool:
        return jobs.get_job(self._store, self._job.id).state is not RunState.RUNNING

    def _say(self, phase: str) -> None:
        jobs.report(self._store, self._job.id, {"phase": phase})


def _warnings(config: RunConfig, data: PreparedData) -> list[str]:
    """What the user should know about this configuration on these pictures."""
    warnings = []
    pictures, batch = len(data.images[Split.TRAIN]), config.training.batch_size
    if batch > pictures:
        warnings.append(
            f"A batch of {batch} is larger than the training set: each epoch is one batch of all "
            f"{pictures} pictures. Lower training.batch_size to take several steps an epoch."
        )
    return warnings


def rate_in_words(stage: Stage, training: TrainingConfig) -> str:
    """The learning rate of a part of the training, in words."""
    if stage.name == FINE_TUNING and training.fine_tuning is not None:
        return f"the learning rate {training.fine_tuning.learning_rate:g} of the fine-tuning"
    return f"the learning rate {training.learning_rate:g}"


def _parameters(model: keras.Model) -> dict[str, int]:
    trainable = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    return {"total": model.count_params(), "trainable": trainable}
