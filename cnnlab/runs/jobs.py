"""Jobs: work for a worker process, and the queue they stand in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from cnnlab.errors import CnnlabError, RunError
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.schema import jobs
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, Workspace

REPORT_SECONDS = 0.25
SWEEP, THREADS = "sweep", "threads"  # parameters of trainings
_LATELY = 200  # trainings; more than there can be at a time
PRUNED = "pruned"  # reason of a stop after which no network is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work.

    Attributes:
        parameters: What its kind needs to know.
        progress: What the worker said last: phase, done, total and more.
        reason: Short name of why it failed, or None.
        message: The sentence for the user that goes with its state, or None.
    """

    id: int
    kind: JobKind
    state: RunState
    dataset_id: str
    run_id: str | None
    parameters: Mapping[str, Any]
    created_at: float
    started_at: float | None
    finished_at: float | None
    stop_requested_at: float | None
    process: ProcessIdentity | None
    progress: Mapping[str, Any]
    reason: str | None
    message: str | None

    @property
    def sweep_id(self) -> str | None:
        """The sweep that it is a trial of, or None."""
        sweep_id: str | None = self.parameters.get(SWEEP)
        return sweep_id

    @property
    def pruned(self) -> bool:
        """Whether it ended, or is to end, because its sweep has better trials."""
        return self.reason == PRUNED


class JobStopped(CnnlabError):
    """The user asked for the job to end."""

    def __init__(self) -> None:
        super().__init__("stopped", "Stopped on request.")


def insert_job(
    connection: Connection,
    kind: JobKind,
    dataset_id: str,
    run_id: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> int:
    """Put a job at the end of the queue, inside the caller's transaction; returns its id."""
    return int(
        connection.execute(
            insert(jobs)
            .values(
                kind=kind,
                state=RunState.QUEUED,
                dataset_id=dataset_id,
                run_id=run_id,
                parameters=dict(parameters or {}),
                created_at=time.time(),
            )
            .returning(jobs.c.id)
        ).scalar_one()
    )


def submit_job(
    store: Store,
    kind: JobKind,
    dataset_id: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    run_id: str | None = None,
) -> int:
    """Ask for work on a data set; the same work that is already waiting is enough.

    So is work that runs already, but for a scan or an audit: those may have passed by what is new.

    Args:
        store: Of the workspace.
        kind: What to do.
        dataset_id: The data set.
        parameters: What the kind needs to know.
        run_id: The run that the work is for, if it is for one.

    Returns:
        The job's id.
    """
    wanted = dict(parameters or {})
    with store.write() as connection:
        same = connection.execute(
            select(jobs.c.id, jobs.c.parameters).where(
                jobs.c.kind == kind,
                jobs.c.dataset_id == dataset_id,
                jobs.c.run_id.is_not_distinct_from(run_id),
                jobs.c.state.in_(
                    [RunState.QUEUED]
                    if kind in (JobKind.SCAN, JobKind.AUDIT)
                    else [RunState.QUEUED, RunState.RUNNING]
                ),
            )
        ).all()
        for row in same:
            if (row.parameters or {}) == wanted:
                return int(row.id)
        return insert_job(connection, kind, dataset_id, run_id, wanted)


def log_of(workspace: Workspace, job: Job) -> Path:
    """Where the worker of a job prints: a run has its own log, other work the scheduler's."""
    if job.run_id is None:
        return workspace.scheduler_log
    return RunFiles(workspace.run_folder(job.run_id)).log


def get_job(store: Store, job_id: int) -> Job:
    """The job with this id.

    Raises:
        RunError: If there is none.
    """
    with store.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise RunError("unknown-job", f"There is no job {job_id}.")
    return job_from_row(row)


def unfinished_jobs(store: Store) -> list[Job]:
    """Every job that waits or runs, in the order of the queue."""
    open_states = [state for state in RunState if not state.final]
    with store.read() as connection:
        rows = connection.execute(
            select(jobs).where(jobs.c.state.in_(open_states)).order_by(jobs.c.id)
        ).all()
    return [job_from_row(row) for row in rows]


def latest_job(store: Store, kind: JobKind, dataset_id: str) -> Job | None:
    """The newest job of a kind on a data set, whatever its state."""
    with store.read() as connection:
        row = connection.execute(
            select(jobs)
            .where(jobs.c.kind == kind, jobs.c.dataset_id == dataset_id)
            .order_by(jobs.c.id.desc())
            .limit(1)
        ).one_or_none()
    return None if row is None else job_from_row(row)


def latest_job_of_run(
    store: Store, kind: JobKind, run_id: str, parameters: Mapping[str, Any] | None = None
) -> Job | None:
    """The newest job of a kind for a run, whatever its state.

    Args:
        store: Of the workspace.
        kind: What it does.
        run_id: The run.
        parameters: Look only at jobs that were asked for with exactly these; None takes any.
    """
    query = select(jobs).where(jobs.c.kind == kind, jobs.c.run_id == run_id)
    with store.read() as connection:
        rows = connection.execute(query.order_by(jobs.c.id.desc())).all()
    for row in rows:
        if parameters is None or (row.parameters or {}) == dict(parameters):
            return job_from_row(row)
    return None


def count_jobs(store: Store, run_id: str, *, state: RunState | None = None) -> int:
    """How many jobs have worked on a run, those that wait included; or those in a state."""
    query = select(func.count()).where(jobs.c.run_id == run_id, jobs.c.kind == JobKind.TRAIN)
    if state is not None:
        query = query.where(jobs.c.state == state)
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def trial_processes(store: Store, sweep_id: str) -> set[ProcessIdentity]:
    """Processes that have worked on a sweep's trials lately."""
    query = (
        select(jobs)
        .where(jobs.c.kind == JobKind.TRAIN, jobs.c.process_id.is_not(None))
        .order_by(jobs.c.id.desc())
        .limit(_LATELY)
    )
    with store.read() as connection:
        lately = [job_from_row(row) for row in connection.execute(query)]
    return {job.process for job in lately if job.process and job.sweep_id == sweep_id}


def queue_position(store: Store, job: Job) -> int:
    """How many jobs of the same kind are before this one."""
    with store.read() as connection:
        count = connection.execute(
            select(func.count())
            .select_from(jobs)
            .where(
                jobs.c.kind == job.kind,
                jobs.c.id < job.id,
                jobs.c.state.in_([state for state in RunState if not state.final]),
            )
        ).scalar_one()
    return int(count)


def claim(store: Store, job_id: int, process: ProcessIdentity) -> bool:
    """Give a waiting job to a process; False if it no longer waits."""
    return _change(
        store,
        job_id,
        (RunState.QUEUED,),
        state=RunState.RUNNING,
        started_at=time.time(),
        process_id=process.pid,
        process_started_at=process.started_at,
    )


def request_stop(store: Store, job_id: int) -> bool:
    """Ask a job to end; a waiting one ends at once. False if it had ended already."""
    now = time.time()
    waiting = _change(
        store,
        job_id,
        (RunState.QUEUED,),
        state=RunState.STOPPED,
        stop_requested_at=now,
        finished_at=now,
        message="Stopped before it began.",
    )
    return waiting or _change(
        store, job_id, (RunState.RUNNING,), state=RunState.STOPPING, stop_requested_at=now
    )


def prune(store: Store, job_id: int, message: str) -> bool:
    """Ask a trial's training to end without keeping a network. False if it does not run.

    Args:
        store: Of the workspace.
        job_id: The training.
        message: Why, as a sentence.
    """
    return _change(
        store,
        job_id,
        (RunState.RUNNING,),
        state=RunState.STOPPING,
        stop_requested_at=time.time(),
        reason=PRUNED,
        message=message,
    )


def claim_next_trial(store: Store, sweep_id: str, process: ProcessIdentity) -> int | None:
    """Give a process that has finished a sweep's trial the next one, if it stands first in line.

    Returns:
        The job's id, or None: nothing waits, or another training does.
    """
    for job in unfinished_jobs(store):
        if job.kind is JobKind.TRAIN and job.state is RunState.QUEUED:
            if job.sweep_id != sweep_id:
                return None
            if claim(store, job.id, process):
                return job.id
    return None


def finish(
    store: Store,
    job_id: int,
    state: RunState,
    *,
    reason: str | None = None,
    message: str | None = None,
) -> bool:
    """Give an active job its final state; False if it has one.

    A job that stops keeps the reason and the message that the request to stop came with, unless it
    has others.
    """
    said = {"reason": reason, "message": message}
    if state is RunState.STOPPED:
        said = {name: value for name, value in said.items() if value is not None}
    return _change(
        store,
        job_id,
        (RunState.QUEUED, RunState.RUNNING, RunState.STOPPING),
        state=state,
        finished_at=time.time(),
        **said,
    )


def report(store: Store, job_id: int, progress: Mapping[str, Any]) -> RunState:
    """Note how far an active job is; returns its state, which tells whether to stop."""
    with store.write() as connection:
        row = connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id)
            .values(progress={**progress, "at": time.time()})
            .returning(jobs.c.state)
        ).one_or_none()
    return RunState.INTERRUPTED if row is None else RunState(row.state)


def reporter(store: Store, job_id: int) -> Callable[[str, int, int], None]:
    """A function of (phase, done, total) that notes how far a job is, a few times a second.

    It raises `JobStopped` when the job is to end.
    """
    reported_at = 0.0
    reported_phase = ""

    def note(phase: str, done: int, total: int) -> None:
        nonlocal reported_at, reported_phase
        now = time.monotonic()
        if phase != reported_phase or now - reported_at >= REPORT_SECONDS or done == total:
            reported_at, reported_phase = now, phase
            said = {"phase": phase, "done": done, "total": total}
            if report(store, job_id, said) is not RunState.RUNNING:
                raise JobStopped

    return note


def job_from_row(row: Row[Any]) -> Job:
    """Read a job from a row of its table."""
    process = None
    if row.process_id is not None and row.process_started_at is not None:
        process = ProcessIdentity(row.process_id, row.process_started_at)
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        state=RunState(row.state),
        dataset_id=row.dataset_id,
        run_id=row.run_id,
        parameters=row.parameters or {},
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        stop_requested_at=row.stop_requested_at,
        process=process,
        progress=row.progress or {},
        reason=row.reason,
        message=row.message,
    )


def _change(store: Store, job_id: int, from_states: tuple[RunState, ...], **values: Any) -> bool:
    """The one way a job changes its state: an UPDATE that names the states it may come from."""
    with store.write() as connection:
        changed = connection.execute(
            update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(from_states)).values(**values)
        )
        return changed.rowcount == 1
