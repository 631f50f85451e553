"""The worker process: one job, then it ends and gives all its memory back."""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path

from cnnlab.errors import CnnlabError
from cnnlab.runs import jobs
from cnnlab.runs.audits import audit_dataset
from cnnlab.runs.corrections import load_index
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.exports import ExportRequest, export_dataset
from cnnlab.runs.jobs import Job, JobStopped
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import Workspace

FINISH_TRIES = 5
FINISH_PAUSE_SECONDS = 2.0
NEXT_TRIAL_SECONDS = 5.0
NEXT_TRIAL_POLL_SECONDS = 0.05


def wait_and_work(workspace: Workspace, kind: JobKind) -> None:
    """Get ready for a kind of job, read a job's number from standard input, and carry it out.

    Behind a trial of a sweep the next one follows, since a new process takes seconds to begin.
    Ends without work when standard input closes, which is how a spare worker is dismissed.
    """
    if kind.needs_tensorflow:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import cnnlab.training.warm_up  # noqa: F401 - TensorFlow's import is what takes long
    line = sys.stdin.readline().strip()
    job_id = int(line) if line else None
    while job_id is not None:
        work(workspace, job_id)
        job_id = _next_trial(workspace, job_id)


def work(workspace: Workspace, job_id: int, *, own_process: bool = True) -> None:
    """Carry out one job and give it its final state, whatever happens.

    Args:
        workspace: Where the job is.
        job_id: Its number; it has been claimed for this process.
        own_process: Send what this process prints into the run's log.
    """
    store = open_store(workspace)
    job = jobs.get_job(store, job_id)
    if own_process and job.run_id is not None:
        _print_into(jobs.log_of(workspace, job))
    try:
        state, message = _execute(store, workspace, job)
        _finish(store, job, state, None, message)
    except JobStopped as stopped:
        _finish(store, job, RunState.STOPPED, None, str(stopped))
    except CnnlabError as error:
        _finish(store, job, RunState.FAILED, error.reason, str(error))
    except MemoryError:
        _finish(
            store,
            job,
            RunState.FAILED,
            "out-of-memory",
            "Memory ran out. Try smaller pictures (data.size) or smaller batches "
            "(training.batch_size)."
            if job.kind.needs_tensorflow
            else "Memory ran out. Close other programs, or try it on a machine with more.",
        )
    except Exception as error:  # noqa: BLE001 - the last line of defence: the process ends
        traceback.print_exc()
        _finish(
            store,
            job,
            RunState.FAILED,
            "unexpected",
            f"Something unexpected went wrong ({type(error).__name__}). The details are in "
            f"{jobs.log_of(workspace, job)}.",
        )


def _execute(store: Store, workspace: Workspace, job: Job) -> tuple[RunState, str | None]:
    if job.kind is JobKind.TRAIN:
        from cnnlab.training.run import TrainingRun

        return TrainingRun(store, workspace, job).execute()
    if job.kind is JobKind.TRIAL:
        from cnnlab.training.trial_job import carry_out

        carry_out(store, workspace, job)
        return RunState.COMPLETED, None
    if job.kind is JobKind.INSPECT:
        from cnnlab.training import inspection

        inspection.carry_out(store, workspace, job)
        return RunState.COMPLETED, None
    report = jobs.reporter(store, job.id)
    if job.kind is JobKind.EXPORT_MODEL:
        from cnnlab.exporter import export_model

        return RunState.COMPLETED, export_model(store, workspace, job, report).sentence
    dataset = get_dataset(store, job.dataset_id)
    match job.kind:
        case JobKind.SCAN:
            scan_dataset(store, workspace, dataset, report)
            jobs.submit_job(store, JobKind.AUDIT, dataset.id)
        case JobKind.AUDIT:
            audit_dataset(workspace, dataset, load_index(store, workspace, dataset), report)
        case JobKind.MAP:
            from cnnlab.training.image_map import map_dataset

            map_dataset(workspace, dataset, load_index(store, workspace, dataset), report)
        case JobKind.EXPORT:
            request = ExportRequest.from_json(job.parameters)
            exported = export_dataset(store, workspace, dataset, request, report)
            message = f"{exported.files:,} pictures were written to {exported.folder}."
            return RunState.COMPLETED, message
    return RunState.COMPLETED, None


def _next_trial(workspace: Workspace, job_id: int) -> int | None:
    """The next trial of the sweep that a finished job belongs to, claimed for this process.

    None for a job that is no trial or went wrong, where this process has taken too much memory,
    and where none comes soon.
    """
    store = open_store(workspace)
    job = jobs.get_job(store, job_id)
    if job.sweep_id is None or job.state not in (RunState.COMPLETED, RunState.STOPPED):
        return None
    from cnnlab.training.reuse import make_room

    me = ProcessIdentity.of(os.getpid())
    until = time.monotonic() + NEXT_TRIAL_SECONDS
    if not make_room():
        return None
    while time.monotonic() < until:
        following = jobs.claim_next_trial(store, job.sweep_id, me)
        if following is not None:
            return following
        time.sleep(NEXT_TRIAL_POLL_SECONDS)
    return None


def _finish(
    store: Store, job: Job, state: RunState, reason: str | None, message: str | None
) -> None:
    """Record the end; a store that is locked or whose disk is full gets some time."""
    for patience in range(FINISH_TRIES, 0, -1):
        try:
            jobs.finish(store, job.id, state, reason=reason, message=message)
            return
        except CnnlabError:
            if patience == 1:
                raise
            time.sleep(FINISH_PAUSE_SECONDS)


def _print_into(log: Path) -> None:
    """Send what this process prints into a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
