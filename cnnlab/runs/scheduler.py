"""The scheduler: one process per workspace that starts, watches, ends and buries jobs."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import takewhile
from types import FrameType
from typing import Protocol

from filelock import Timeout

from cnnlab.errors import CnnlabError
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import Dataset, forget_dataset, removed_datasets
from cnnlab.runs.jobs import Job
from cnnlab.runs.launcher import LocalLauncher
from cnnlab.runs.processes import spawn_detached
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import Workspace

log = logging.getLogger(__name__)

LOCK_NAME = "scheduler"
SPARE_VARIABLE = "CNNLAB_WARM_WORKER"  # "off" saves its memory and costs time at each start
POLL_SECONDS = 0.1
AT_ONCE = {  # trainings are counted by `_start_trainings`
    JobKind.TRIAL: 1,
    JobKind.SCAN: 2,
    JobKind.AUDIT: 1,
    JobKind.MAP: 1,
    JobKind.EXPORT: 1,
    JobKind.EXPORT_MODEL: 1,
    JobKind.INSPECT: 1,
}
TROUBLE_PAUSE_SECONDS = 2.0
STOP_GRACE_SECONDS = 120.0
IDLE_SECONDS = 15 * 60.0
SPARE_DELAY_SECONDS = 2.0  # the first page comes first


def ensure_scheduler(workspace: Workspace) -> None:
    """Start the workspace's scheduler unless it runs, and note that somebody is here."""
    workspace.attention_file.touch()
    if not scheduler_runs(workspace):
        spawn_detached(["scheduler", "--workspace", str(workspace.root)], workspace.scheduler_log)


def scheduler_runs(workspace: Workspace) -> bool:
    """True while a process holds the scheduler's lock."""
    try:
        with workspace.lock(LOCK_NAME, timeout_seconds=0):
            return False
    except Timeout:
        return True


class Duty(Protocol):
    """Something else that the scheduler does, a little at each of its steps."""

    def step(self) -> None:
        """Do what there is to do now."""

    def has_work(self) -> bool:
        """True while there is something to do, now or after the jobs that are open."""


def run_scheduler(workspace: Workspace, *duties: Callable[[Workspace, Store], Duty]) -> None:
    """Work until nobody has needed the workspace for a while; a second scheduler ends at once.

    Args:
        workspace: Whose jobs are started.
        duties: Make what else is done at each step.
    """
    try:
        with workspace.lock(LOCK_NAME, timeout_seconds=3):
            store = open_store(workspace)
            Scheduler(workspace, store, [duty(workspace, store) for duty in duties]).run()
    except Timeout:
        return


class Scheduler:
    """Decides what runs when; workers execute, the store records."""

    def __init__(self, workspace: Workspace, store: Store, duties: Sequence[Duty] = ()) -> None:
        self._workspace = workspace
        self._store = store
        self._duties = duties
        self._launcher = LocalLauncher(workspace)
        self._began_at = time.time()
        self._ending = False
        self._forget_again_at = 0.0
        self._rests_until: dict[int, float] = {}
        self._last_trouble = ""

    def run(self) -> None:
        """Step until idle or asked to end; jobs that run are left running."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            while not self._ending:
                self._step_and_rest()
        finally:
            self._launcher.end_spare()

    def _step_and_rest(self) -> None:
        try:
            self.step()
            self._ending = self._ending or self._idle()
            time.sleep(POLL_SECONDS)
        except Exception as error:  # noqa: BLE001 - one mistake does not end all other work
            self._report(error)
            time.sleep(TROUBLE_PAUSE_SECONDS)

    def _report(self, error: Exception) -> None:
        """Log what may pass, such as a locked store or a full disk, in a line; once in a row."""
        if repr(error) == self._last_trouble:
            return
        self._last_trouble = repr(error)
        expected = isinstance(error, CnnlabError | OSError)
        log.warning("%s: %s", type(error).__name__, error, exc_info=None if expected else error)

    def step(self) -> None:
        """Look once at what is to be deleted, at every duty and at every open job."""
        self._delete_runs()
        for duty in self._duties:
            self._attend_to(duty)
        open_jobs = jobs.unfinished_jobs(self._store)
        for job in open_jobs:
            if job.state.active:
                self._watch(job)
        for kind, at_once in AT_ONCE.items():
            same_kind = [job for job in open_jobs if job.kind is kind]
            room = at_once - sum(job.state.active for job in same_kind)
            waiting = [job for job in same_kind if job.state is RunState.QUEUED]
            for job in waiting[: max(room, 0)]:
                self._start(job)
        self._start_trainings([job for job in open_jobs if job.kind is JobKind.TRAIN])
        for dataset in removed_datasets(self._store):
            if time.monotonic() >= self._forget_again_at:
                self._forget(dataset)
        self._launcher.reap()
        training = any(job.kind.needs_tensorflow for job in open_jobs)
        rested = time.time() - self._began_at > SPARE_DELAY_SECONDS
        self._launcher.keep_spare(
            wanted=not training and rested and _spare_allowed() and not self._forgotten()
        )

    def _attend_to(self, duty: Duty) -> None:
        """A step of a duty; one that fails rests for a moment, and the jobs go on."""
        if time.monotonic() < self._rests_until.get(id(duty), 0.0):
            return
        try:
            duty.step()
        except Exception as error:  # noqa: BLE001 - as above
            self._report(error)
            self._rests_until[id(duty)] = time.monotonic() + TROUBLE_PAUSE_SECONDS

    def _start(self, job: Job) -> None:
        """Claim first, hand over after, so that a job never has two processes."""
        process = self._launcher.start(job)
        if jobs.claim(self._store, job.id, process):
            self._launcher.hand_over(job, process)
        else:  # stopped in this very moment
            process.end()

    def _start_trainings(self, trainings: Sequence[Job]) -> None:
        """One training at a time; of a sweep, as many trials as it has made.

        A process that has finished a trial takes the next one by itself, so there is to be one
        for each trial that waits, and no more.
        """
        at_work = [job for job in trainings if job.state.active]
        waiting = [job for job in trainings if job.state is RunState.QUEUED]
        if not waiting:
            return
        sweep_id = waiting[0].sweep_id
        if sweep_id is None:
            if not at_work:
                self._start(waiting[0])
            return
        if any(job.sweep_id != sweep_id for job in at_work):
            return
        of_sweep = list(takewhile(lambda job: job.sweep_id == sweep_id, waiting))
        busy = {job.process for job in at_work}
        resting = jobs.trial_processes(self._store, sweep_id) - busy
        missing = len(of_sweep) - sum(not self._launcher.has_ended(each) for each in resting)
        for job in of_sweep[: max(missing, 0)]:
            self._start(job)

    def _watch(self, job: Job) -> None:
        if job.process is None or self._launcher.has_ended(job.process):
            self._bury(job)
        elif (
            job.stop_requested_at is not None
            and (job.kind is not JobKind.TRAIN or job.progress.get("phase") in (None, "training"))
            and time.time() - max(job.stop_requested_at, job.progress.get("at", 0.0))
            > STOP_GRACE_SECONDS
        ):
            job.process.end()  # the next step finds it ended

    def _bury(self, job: Job) -> None:
        """Give a job whose process is gone a final state, with what is known about its death."""
        code = None if job.process is None else self._launcher.exit_code(job.process)
        message = "Its process ended without a word."
        if code is not None and code < 0:
            with suppress(ValueError):
                name = signal.Signals(-code).name
                message = f"Its process was ended by the system ({name})."
                if name == "SIGKILL":
                    message += " That happens when memory runs out"
                    message += (
                        ": try smaller pictures or batches." if job.kind is JobKind.TRAIN else "."
                    )
        elif code:
            log_file = jobs.log_of(self._workspace, job)
            message = f"Its process ended with status {code}; {log_file} says more."
        jobs.finish(
            self._store, job.id, RunState.INTERRUPTED, reason="process-ended", message=message
        )

    def _delete_runs(self) -> None:
        """Delete what is to be deleted, once nothing works in its folder any more."""
        wanted = set(runs.runs_to_delete(self._store))
        if not wanted:
            return
        at_work = [job for job in jobs.unfinished_jobs(self._store) if job.run_id in wanted]
        for job in at_work:
            jobs.request_stop(self._store, job.id)
        for run_id in wanted - {job.run_id for job in at_work}:
            self._delete(run_id)

    def _delete(self, run_id: str) -> None:
        shutil.rmtree(self._workspace.run_folder(run_id), ignore_errors=True)
        if not self._workspace.run_folder(run_id).exists():
            runs.forget_run(self._store, run_id)

    def _forget(self, dataset: Dataset) -> None:
        """Delete what the workspace holds of a removed data set; other folders stay."""
        folders = [self._workspace.dataset_folder(dataset.id)]
        if dataset.source.owned and dataset.location.is_relative_to(self._workspace.root):
            folders.append(dataset.location)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._workspace.incoming_file(dataset.id).unlink(missing_ok=True)
        if any(folder.exists() for folder in folders):
            log.warning("%s could not be deleted", ", ".join(map(str, folders)))
            self._forget_again_at = time.monotonic() + TROUBLE_PAUSE_SECONDS
        else:
            forget_dataset(self._store, dataset.id)

    def _forgotten(self) -> bool:
        """True when no page and no command has been used for a while."""
        with suppress(OSError):
            return time.time() - self._workspace.attention_file.stat().st_mtime > IDLE_SECONDS
        return True

    def _idle(self) -> bool:
        return (
            self._forgotten()
            and not jobs.unfinished_jobs(self._store)
            and not any(duty.has_work() for duty in self._duties)
        )

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True


def _spare_allowed() -> bool:
    return os.environ.get(SPARE_VARIABLE, "on").lower() != "off"
