"""Runs: one training each, from its configuration to its results."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from cnnlab.config import RunConfig, change_config, parse_config
from cnnlab.errors import RunError
from cnnlab.runs.jobs import SWEEP, THREADS, Job, insert_job, job_from_row
from cnnlab.runs.schema import datasets, epochs, events, jobs, runs
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store

EpochRecord = dict[str, float]
RESUMABLE = (RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED)
FINE_TUNING_EPOCH = "fine_tuning"  # in the records of those epochs
_IDS_AT_ONCE = 500  # databases take a limited number of values in one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth telling that happened during a run."""

    at: float
    level: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training.

    Attributes:
        job: The job that runs it; its state is the run's state.
        results: What is known at the end: metrics of the saved model, best_epoch, epochs,
            parameters, seconds, stop_reason, class_names; empty before.
        continues: Id of the run from whose last checkpoint it started, or None.
        sweep_id: Id of the sweep that it is a trial of, or None.
    """

    id: str
    dataset_id: str
    dataset_name: str
    recipe: str
    config: RunConfig
    created_at: float
    job: Job
    results: Mapping[str, Any] = field(default_factory=dict)
    continues: str | None = None
    sweep_id: str | None = None

    @property
    def state(self) -> RunState:
        """Where the run stands."""
        return self.job.state

    @property
    def has_model(self) -> bool:
        """True when a finished network can be used."""
        return bool(self.results)

    @property
    def metrics(self) -> Mapping[str, float]:
        """Figures of the saved model by name; empty before the end."""
        metrics: Mapping[str, float] = self.results.get("metrics", {})
        return metrics

    @property
    def data_fingerprint(self) -> str | None:
        """Of the pictures and classes that it learnt from; None before the end."""
        fingerprint: str | None = self.results.get("data", {}).get("fingerprint")
        return fingerprint


def require_model(run: Run) -> None:
    """Refuse a run without a finished network.

    Raises:
        RunError: "no-model".
    """
    if not run.has_model:
        raise RunError(
            "no-model",
            f"The run {run.id!r} has no finished network. Wait until it has ended, or choose a "
            "completed run.",
        )


def submit_run(
    store: Store, dataset_id: str, config: RunConfig, *, continues: str | None = None
) -> str:
    """Put a training into the queue; returns the run's id.

    Args:
        store: Of the workspace.
        dataset_id: What to train on.
        config: How.
        continues: A run from whose last checkpoint to start, or None.
    """
    with store.write() as connection:
        return insert_run(connection, dataset_id, config, continues=continues)


def insert_run(
    connection: Connection,
    dataset_id: str,
    config: RunConfig,
    *,
    continues: str | None = None,
    sweep_id: str | None = None,
    threads: int | None = None,
) -> str:
    """Put a training into the queue, inside the caller's transaction; returns the run's id.

    Args:
        connection: Of a transaction that writes.
        dataset_id, config, continues: As for `submit_run`.
        sweep_id: The sweep that it is a trial of, or None.
        threads: Threads that it may compute with, or None for all.
    """
    run_id = f"{config.recipe}-{secrets.token_hex(3)}"
    parameters: dict[str, int | str] = {} if threads is None else {THREADS: threads}
    if sweep_id is not None:
        parameters[SWEEP] = sweep_id
    job_id = insert_job(connection, JobKind.TRAIN, dataset_id, run_id, parameters)
    connection.execute(
        insert(runs).values(
            id=run_id,
            dataset_id=dataset_id,
            job_id=job_id,
            recipe=config.recipe,
            config=json.loads(config.to_json()),
            created_at=time.time(),
            continues=continues,
            sweep_id=sweep_id,
        )
    )
    return run_id


def resume_run(store: Store, run_id: str, *, by_sweep: bool = False) -> Run:
    """Put a run that ended before its time back into the queue; it goes on where it was.

    Args:
        store: Of the workspace.
        run_id: The run.
        by_sweep: Whether its sweep wants it, beside other trials; else it is trained alone.

    Raises:
        RunError: If there is no such run, it has not ended, or it is complete.
    """
    run = get_run(store, run_id)
    if run.state not in RESUMABLE:
        raise RunError(
            "not-resumable",
            f"Only a run that ended before its time can be resumed. Received: {run_id!r}, "
            f"which is {run.state}."
            + (" Train it longer instead." if run.state is RunState.COMPLETED else ""),
        )
    parameters = run.job.parameters if by_sweep else None  # a sweep's share of the cores
    with store.write() as connection:
        job_id = insert_job(connection, JobKind.TRAIN, run.dataset_id, run_id, parameters)
        changed = connection.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.job_id == run.job.id)
            .values(job_id=job_id)
        )
        if changed.rowcount != 1:  # somebody else was faster
            connection.execute(delete(jobs).where(jobs.c.id == job_id))
    return get_run(store, run_id)


def train_longer(store: Store, run_id: str, epochs: int) -> str:
    """Put a new run into the queue that goes on from the last epoch of another one.

    Args:
        store: Of the workspace.
        run_id: A run that has ended and has finished an epoch.
        epochs: How many more.

    Returns:
        The new run's id.

    Raises:
        RunError: If there is no such run, it has not ended, or it has no finished epoch.
        ConfigError: If the number of epochs is not allowed.
    """
    run = get_run(store, run_id)
    records = epoch_records(store, run_id)
    done, tuned = len(records), sum(FINE_TUNING_EPOCH in record for record in records)
    if not run.state.final:
        raise RunError("run-active", f"The run {run_id!r} is {run.state}. Wait until it has ended.")
    if not done:
        raise RunError(
            "no-checkpoint",
            f"The run {run_id!r} has no finished epoch to go on from. Start it anew.",
        )
    if tuned:
        change = {"training.fine_tuning.epochs": tuned + epochs}
    else:
        change = {"training.epochs": done + epochs}
    return submit_run(store, run.dataset_id, change_config(run.config, change), continues=run_id)


def get_run(store: Store, run_id: str) -> Run:
    """The run with this id.

    Raises:
        RunError: If there is none.
    """
    with store.read() as connection:
        row = connection.execute(_runs_with_jobs().where(runs.c.id == run_id)).one_or_none()
    if row is None:
        raise RunError(
            "unknown-run",
            f"There is no run {run_id!r} in this workspace. Home and `cnnlab runs list` name "
            "those there are.",
        )
    return _run(row)


def list_runs(
    store: Store, *, dataset_id: str | None = None, limit: int | None = None
) -> list[Run]:
    """Runs, newest first; those that are about to be deleted are left out."""
    query = _runs_with_jobs().where(runs.c.delete_requested_at.is_(None))
    if dataset_id is not None:
        query = query.where(runs.c.dataset_id == dataset_id)
    query = query.order_by(runs.c.created_at.desc(), runs.c.job_id.desc()).limit(limit)
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [_run(row) for row in rows]


def run_json(run: Run) -> dict[str, Any]:
    """One run as the command line prints it; metrics belong to the saved model."""
    return {
        "run": run.id,
        "state": run.state.value,
        "recipe": run.recipe,
        "dataset": run.dataset_id,
        "epochs": run.results.get("epochs", run.job.progress.get("epoch", 0)),
        "best_epoch": run.results.get("best_epoch"),
        "metrics": dict(run.metrics),
        "parameters": run.results.get("parameters"),
        "seconds": run.results.get("seconds"),
        "training_seconds": run.results.get("training_seconds"),
        "continues": run.continues,
        "sweep": run.sweep_id,
        "reason": run.job.reason,
        "message": run.job.message,
    }


def record_epoch(store: Store, run_id: str, epoch: int, metrics: Mapping[str, float]) -> None:
    """Note one finished epoch, counted from 1."""
    with store.write() as connection:
        connection.execute(insert(epochs).values(run_id=run_id, epoch=epoch, metrics=dict(metrics)))


def epoch_records(store: Store, run_id: str) -> list[EpochRecord]:
    """Every finished epoch: {"epoch": 1, "loss": .., "validation_accuracy": .., ..}."""
    with store.read() as connection:
        rows = connection.execute(
            select(epochs.c.epoch, epochs.c.metrics)
            .where(epochs.c.run_id == run_id)
            .order_by(epochs.c.epoch)
        ).all()
    return [{"epoch": row.epoch, **row.metrics} for row in rows]


def epochs_by_run(store: Store, run_ids: Iterable[str]) -> dict[str, list[EpochRecord]]:
    """Every finished epoch of many runs at once, by the run's id; see `epoch_records`."""
    found: dict[str, list[EpochRecord]] = {run_id: [] for run_id in run_ids}
    ids = list(found)
    with store.read() as connection:
        for start in range(0, len(ids), _IDS_AT_ONCE):
            query = select(epochs).where(epochs.c.run_id.in_(ids[start : start + _IDS_AT_ONCE]))
            for row in connection.execute(query.order_by(epochs.c.epoch)):
                found[row.run_id].append({"epoch": row.epoch, **row.metrics})
    return found


def forget_epochs(store: Store, run_id: str, *, after: int) -> None:
    """Forget the epochs behind a checkpoint, which will be trained again."""
    with store.write() as connection:
        connection.execute(delete(epochs).where(epochs.c.run_id == run_id, epochs.c.epoch > after))


def copy_epochs(store: Store, from_run: str, to_run: str) -> None:
    """Let a run begin with the epochs of the one that it continues."""
    for record in epoch_records(store, from_run):
        figures = {name: value for name, value in record.items() if name != "epoch"}
        record_epoch(store, to_run, int(record["epoch"]), figures)


def record_event(store: Store, run_id: str, message: str, *, level: str = "info") -> None:
    """Note something that the user should be able to read later."""
    with store.write() as connection:
        connection.execute(
            insert(events).values(run_id=run_id, at=time.time(), level=level, message=message)
        )


def run_events(store: Store, run_id: str) -> list[Event]:
    """What happened during a run, oldest first."""
    with store.read() as connection:
        rows = connection.execute(
            select(events).where(events.c.run_id == run_id).order_by(events.c.id)
        ).all()
    return [Event(at=row.at, level=row.level, message=row.message) for row in rows]


def save_results(store: Store, run_id: str, results: Mapping[str, Any]) -> None:
    """Note what is known at the end of a run."""
    with store.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(results=dict(results)))


def request_delete(store: Store, run_id: str) -> None:
    """Ask the scheduler to delete a run with its files.

    Raises:
        RunError: If there is no such run, or it has not ended.
    """
    run = get_run(store, run_id)
    if not run.state.final:
        raise RunError(
            "run-active",
            f"The run {run_id!r} is {run.state}. Stop it first, then delete it.",
        )
    with store.write() as connection:
        connection.execute(
            update(runs).where(runs.c.id == run_id).values(delete_requested_at=time.time())
        )


def runs_to_delete(store: Store) -> list[str]:
    """Ids of the runs whose deletion was asked for."""
    with store.read() as connection:
        return list(
            connection.execute(
                select(runs.c.id).where(runs.c.delete_requested_at.is_not(None))
            ).scalars()
        )


def forget_run(store: Store, run_id: str) -> None:
    """Delete a run's rows; the scheduler does it after the run's files are gone."""
    with store.write() as connection:
        connection.execute(delete(runs).where(runs.c.id == run_id))
        connection.execute(delete(jobs).where(jobs.c.run_id == run_id))


def _runs_with_jobs() -> Select[Any]:
    return (
        select(
            jobs,
            runs.c.id.label("the_run_id"),
            runs.c.dataset_id.label("the_dataset_id"),
            runs.c.recipe,
            runs.c.config,
            runs.c.created_at.label("run_created_at"),
            runs.c.results,
            runs.c.continues,
            runs.c.sweep_id,
            datasets.c.name.label("dataset_name"),
        )
        .join(jobs, runs.c.job_id == jobs.c.id)
        .join(datasets, runs.c.dataset_id == datasets.c.id)
    )


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.the_run_id,
        dataset_id=row.the_dataset_id,
        dataset_name=row.dataset_name,
        recipe=row.recipe,
        config=parse_config(row.config),
        created_at=row.run_created_at,
        job=job_from_row(row),
        results=row.results or {},
        continues=row.continues,
        sweep_id=row.sweep_id,
    )
