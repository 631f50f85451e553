"""The scheduler and its workers as real processes."""

import os
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from cnnlab.config import RunConfig, change_config
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset, get_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scheduler import Scheduler, ensure_scheduler, scheduler_runs
from cnnlab.runs.states import JobKind, RunState
from tests.trained import SMALL

pytestmark = pytest.mark.slow
LONG = {**SMALL, "training.epochs": 5000, "training.early_stopping": False}


def wait_until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def config(changes: dict[str, object]) -> RunConfig:
    return change_config(recipe("quick").config, changes)


def trains(store, run_id: str) -> bool:
    return runs.get_run(store, run_id).job.progress.get("phase") == "training"


def test_scan_job_is_carried_out_by_a_worker(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    job_id = jobs.submit_job(store, JobKind.SCAN, dataset.id)
    ensure_scheduler(workspace)
    wait_until(lambda: jobs.get_job(store, job_id).state.final)
    assert jobs.get_job(store, job_id).state is RunState.COMPLETED
    assert get_dataset(store, dataset.id).summary["usable"] == 60


def test_scan_of_a_folder_that_is_gone_fails_with_its_reason(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    class_folders.rename(class_folders.with_name("moved"))
    job_id = jobs.submit_job(store, JobKind.SCAN, dataset.id)
    ensure_scheduler(workspace)
    wait_until(lambda: jobs.get_job(store, job_id).state.final)
    job = jobs.get_job(store, job_id)
    assert job.state is RunState.FAILED
    assert job.reason == "missing-path"
    assert str(class_folders) in job.message


def test_queue_training_kill_of_worker_and_scheduler(store, workspace, class_folders):
    """One story, since each process takes seconds to start."""
    dataset = add_dataset(store, workspace, class_folders)
    first = runs.submit_run(store, dataset.id, config(LONG))
    second = runs.submit_run(store, dataset.id, config(LONG))
    ensure_scheduler(workspace)
    wait_until(lambda: trains(store, first))
    assert runs.get_run(store, second).state is RunState.QUEUED
    assert jobs.queue_position(store, runs.get_run(store, second).job) == 1

    # a worker that is killed is buried with a sentence, and the next run starts
    os.kill(runs.get_run(store, first).job.process.pid, signal.SIGKILL)
    wait_until(lambda: runs.get_run(store, first).state.final)
    killed = runs.get_run(store, first)
    assert killed.state is RunState.INTERRUPTED
    assert "SIGKILL" in killed.job.message
    wait_until(lambda: trains(store, second))

    # a scheduler that is killed leaves the training alone; its successor takes it over
    worker = runs.get_run(store, second).job.process
    scheduler = next(
        process
        for process in psutil.process_iter()
        if "scheduler" in (command := _command(process)) and str(workspace.root) in command
    )
    scheduler.kill()
    scheduler.wait(timeout=10)
    assert worker.alive
    epochs = len(runs.epoch_records(store, second))
    wait_until(lambda: len(runs.epoch_records(store, second)) > epochs)
    assert not scheduler_runs(workspace)
    ensure_scheduler(workspace)
    wait_until(lambda: scheduler_runs(workspace))
    assert runs.get_run(store, second).state is RunState.RUNNING

    # a stop request ends it and keeps the best model
    assert jobs.request_stop(store, runs.get_run(store, second).job.id)
    wait_until(lambda: runs.get_run(store, second).state.final)
    stopped = runs.get_run(store, second)
    assert stopped.state is RunState.STOPPED
    assert stopped.results["best_epoch"] >= 1
    wait_until(lambda: not worker.alive)

    # deletion is the scheduler's work
    runs.request_delete(store, second)
    assert second not in [run.id for run in runs.list_runs(store)]
    wait_until(lambda: not workspace.run_folder(second).exists())
    wait_until(lambda: second not in runs.runs_to_delete(store))


def test_spare_worker_takes_the_run_and_ends_with_its_scheduler(
    store, workspace, class_folders, monkeypatch
):
    monkeypatch.setenv("CNNLAB_WARM_WORKER", "on")
    dataset = add_dataset(store, workspace, class_folders)
    ensure_scheduler(workspace)
    wait_until(lambda: _workers(workspace))
    (spare,) = _workers(workspace)
    run_id = runs.submit_run(store, dataset.id, config(SMALL))
    wait_until(lambda: runs.get_run(store, run_id).state.active)
    assert runs.get_run(store, run_id).job.process.pid == spare.pid
    wait_until(lambda: runs.get_run(store, run_id).state.final)
    assert runs.get_run(store, run_id).state is RunState.COMPLETED
    wait_until(lambda: not spare.is_running() or spare.status() == psutil.STATUS_ZOMBIE)
    wait_until(lambda: any(worker.pid != spare.pid for worker in _workers(workspace)))
    successor = next(worker for worker in _workers(workspace) if worker.pid != spare.pid)
    for process in psutil.process_iter():
        command = _command(process)
        if "scheduler" in command and str(workspace.root) in command:
            process.kill()
    wait_until(lambda: not successor.is_running() or successor.status() == psutil.STATUS_ZOMBIE)


def test_second_scheduler_ends_at_once(workspace, store):
    ensure_scheduler(workspace)
    wait_until(lambda: scheduler_runs(workspace))
    from cnnlab.runs.processes import spawn

    second = spawn(["scheduler", "--workspace", str(workspace.root)], workspace.scheduler_log)
    assert second.wait(timeout=60) == 0
    assert scheduler_runs(workspace)


def _workers(workspace) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter()
        if "worker" in (command := _command(process)) and str(workspace.root) in command
    ]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_duty_that_fails_rests_and_the_jobs_go_on(store, workspace, class_folders):
    class Broken:
        steps = 0

        def step(self) -> None:
            self.steps += 1
            raise ValueError("a mistake")

        def has_work(self) -> bool:
            return False

    dataset = add_dataset(store, workspace, class_folders)
    job_id = jobs.submit_job(store, JobKind.SCAN, dataset.id)
    jobs.claim(store, job_id, ProcessIdentity(2**22 + 1, 1.0))
    broken = Broken()
    scheduler = Scheduler(workspace, store, [broken])
    scheduler.step()
    scheduler.step()
    assert broken.steps == 1
    assert jobs.get_job(store, job_id).state is RunState.INTERRUPTED
