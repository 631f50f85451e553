"""Runs that have ended, with the files and rows that a worker leaves, without a training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnnlab.config import RunConfig
from cnnlab.evaluation.metrics import evaluate
from cnnlab.evaluation.predictions import Predictions, read_predictions, write_predictions
from cnnlab.runs import jobs, runs
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, Workspace

CLASSES = ("green", "red")


def answers(
    right: Sequence[bool],
    *,
    split: str = "test",
    start: int = 0,
    class_names: tuple[str, ...] = CLASSES,
) -> Predictions:
    """Predictions for pictures "class/NUMBER.png", right where it says so, surer and surer."""
    count, classes = len(right), len(class_names)
    true = np.array([(start + place) % classes for place in range(count)], dtype=np.int64)
    said = np.where(np.array(right, dtype=bool), true, (true + 1) % classes)
    sure = np.linspace(0.6, 0.9, count).astype(np.float32)
    probabilities = np.repeat(((1 - sure) / (classes - 1))[:, None], classes, axis=1)
    probabilities[np.arange(count), said] = sure
    return Predictions(
        class_names=class_names,
        paths=tuple(
            f"{class_names[label]}/{start + place}.png" for place, label in enumerate(true)
        ),
        splits=np.array([split] * count, dtype=np.str_),
        true=true,
        probabilities=probabilities.astype(np.float32),
    )


def joined(*parts: Predictions) -> Predictions:
    """The predictions of several splits as one."""
    return Predictions(
        class_names=parts[0].class_names,
        paths=tuple(path for part in parts for path in part.paths),
        splits=np.concatenate([part.splits for part in parts]),
        true=np.concatenate([part.true for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
    )


def finished_run(
    store: Store,
    place: Workspace,
    dataset_id: str,
    config: RunConfig,
    predictions: Predictions,
    *,
    fingerprint: str = "as-it-was",
    continues: str | None = None,
    epochs: int = 3,
) -> str:
    """A completed run with these predictions; returns its id."""
    run_id = runs.submit_run(store, dataset_id, config, continues=continues)
    for epoch in range(1, epochs + 1):
        figures = {"loss": 1 / epoch, "validation_loss": 1.2 / epoch}
        figures |= {"accuracy": epoch / 4, "validation_accuracy": epoch / 5}
        runs.record_epoch(store, run_id, epoch, figures)
    write_predictions(predictions, RunFiles(place.run_folder(run_id)).predictions)
    metrics = {}
    for split in dict.fromkeys(predictions.splits.tolist()):
        found = evaluate(predictions.select(split))
        metrics |= {
            f"{split}_accuracy": found.accuracy,
            f"{split}_loss": found.log_loss,
            f"{split}_macro_f1": found.macro_f1,
            f"{split}_balanced_accuracy": found.balanced_accuracy,
        }
    results = {
        "metrics": metrics,
        "epochs": epochs,
        "best_epoch": epochs - 1,
        "seconds": 12.0,
        "parameters": {"total": 1234, "trainable": 1234},
        "class_names": list(predictions.class_names),
        "data": {"fingerprint": fingerprint, "usable": 60},
    }
    runs.save_results(store, run_id, results)
    jobs.finish(store, runs.get_run(store, run_id).job.id, RunState.COMPLETED)
    return run_id


def turn_answers_round(files: RunFiles) -> None:
    """Let a run's predictions be those of another network: every answer the other way round."""
    said = read_predictions(files.predictions)
    others = replace(said, probabilities=said.probabilities[:, ::-1].copy())
    write_predictions(others, files.predictions)
