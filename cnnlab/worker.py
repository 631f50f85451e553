"""The worker process: one job, then it ends and gives all its memory back."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from cnnlab.errors import CnnlabError
from cnnlab.runs import jobs
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.jobs import Job
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import RunFiles, Workspace


def wait_and_work(workspace: Workspace, kind: JobKind) -> None:
    """Get ready for a kind of job, read a job's number from standard input, and carry it out.

    Ends without work when standard input closes, which is how a spare worker is dismissed.
    """
    if kind is JobKind.TRAIN:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import cnnlab.training.warm_up  # noqa: F401 - TensorFlow's import is what takes long
    line = sys.stdin.readline().strip()
    if line:
        work(workspace, int(line))


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
        _print_into(RunFiles(workspace.run_folder(job.run_id)).log)
    try:
        state, message = _execute(store, workspace, job)
        jobs.finish(store, job.id, state, message=message)
    except CnnlabError as error:
        jobs.finish(store, job.id, RunState.FAILED, reason=error.reason, message=str(error))
    except MemoryError:
        jobs.finish(
            store,
            job.id,
            RunState.FAILED,
            reason="out-of-memory",
            message="Memory ran out. Try smaller pictures (data.size) or smaller batches "
            "(training.batch_size).",
        )
    except Exception as error:  # noqa: BLE001 - the last line of defence: the process ends
        traceback.print_exc()
        jobs.finish(
            store,
            job.id,
            RunState.FAILED,
            reason="unexpected",
            message=f"Something unexpected went wrong ({type(error).__name__}); the run's "
            "worker.log has the details.",
        )


def _execute(store: Store, workspace: Workspace, job: Job) -> tuple[RunState, str | None]:
    match job.kind:
        case JobKind.TRAIN:
            from cnnlab.training.run import TrainingRun

            return TrainingRun(store, workspace, job).execute()
        case JobKind.SCAN:
            dataset = get_dataset(store, job.dataset_id)
            scan_dataset(store, workspace, dataset, jobs.reporter(store, job.id, "scanning"))
            return RunState.COMPLETED, None


def _print_into(log: Path) -> None:
    """Send what this process prints into a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
