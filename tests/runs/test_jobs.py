"""A job's states: who may change them, and that nobody changes them twice."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from cnnlab.config import RunConfig
from cnnlab.errors import RunError
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import JobKind, RunState

SOMEBODY = ProcessIdentity(1, 1.0)


@pytest.fixture
def dataset_id(store, workspace, class_folders) -> str:
    return add_dataset(store, workspace, class_folders).id


def submit(store, dataset_id: str) -> str:
    return runs.submit_run(store, dataset_id, RunConfig(recipe="quick"))


def test_of_eight_that_claim_a_job_one_gets_it(store, dataset_id):
    job_id = runs.get_run(store, submit(store, dataset_id)).job.id
    with ThreadPoolExecutor(8) as pool:
        claims = list(
            pool.map(
                lambda number: jobs.claim(store, job_id, ProcessIdentity(number + 1, 1.0)),
                range(8),
            )
        )
    assert sum(claims) == 1
    assert jobs.get_job(store, job_id).process.pid == claims.index(True) + 1


def test_stopping_a_waiting_run_ends_it_at_once(store, dataset_id):
    run_id = submit(store, dataset_id)
    assert jobs.request_stop(store, runs.get_run(store, run_id).job.id)
    assert runs.get_run(store, run_id).state is RunState.STOPPED
    assert not jobs.claim(store, runs.get_run(store, run_id).job.id, SOMEBODY)


def test_stopping_a_running_run_asks_its_worker(store, dataset_id):
    job_id = runs.get_run(store, submit(store, dataset_id)).job.id
    jobs.claim(store, job_id, SOMEBODY)
    assert jobs.report(store, job_id, {"phase": "training"}) is RunState.RUNNING
    assert jobs.request_stop(store, job_id)
    assert jobs.report(store, job_id, {"phase": "training"}) is RunState.STOPPING


@pytest.mark.parametrize("seed", range(5))
def test_final_state_never_changes_whatever_is_asked(store, dataset_id, seed):
    rng = random.Random(seed)
    job_id = runs.get_run(store, submit(store, dataset_id)).job.id
    actions = [
        lambda: jobs.claim(store, job_id, SOMEBODY),
        lambda: jobs.request_stop(store, job_id),
        lambda: jobs.finish(store, job_id, RunState.COMPLETED),
        lambda: jobs.finish(store, job_id, RunState.FAILED, reason="x", message="y"),
        lambda: jobs.report(store, job_id, {"phase": "z"}),
    ]
    final = None
    for _ in range(30):
        rng.choice(actions)()
        state = jobs.get_job(store, job_id).state
        if final is not None:
            assert state is final
        elif state.final:
            final = state


def test_queue_is_served_in_the_order_of_asking(store, dataset_id):
    asked = [submit(store, dataset_id) for _ in range(3)]
    waiting = jobs.unfinished_jobs(store)
    assert [job.run_id for job in waiting] == asked
    assert [jobs.queue_position(store, job) for job in waiting] == [0, 1, 2]


def test_scan_that_is_waiting_is_not_asked_for_twice(store, dataset_id):
    assert jobs.submit_job(store, JobKind.SCAN, dataset_id) == jobs.submit_job(
        store, JobKind.SCAN, dataset_id
    )
    (job,) = jobs.unfinished_jobs(store)
    assert job.kind is JobKind.SCAN
    jobs.finish(store, job.id, RunState.COMPLETED)
    assert jobs.submit_job(store, JobKind.SCAN, dataset_id) != job.id


def test_active_run_cannot_be_deleted(store, dataset_id):
    run_id = submit(store, dataset_id)
    with pytest.raises(RunError, match="Stop it first"):
        runs.request_delete(store, run_id)
    assert [run.id for run in runs.list_runs(store)] == [run_id]


def test_epochs_and_events_come_back_in_order(store, dataset_id):
    run_id = submit(store, dataset_id)
    for epoch in (1, 2, 3):
        runs.record_epoch(store, run_id, epoch, {"loss": 1 / epoch})
    runs.record_event(store, run_id, "first")
    runs.record_event(store, run_id, "second", level="warning")
    assert [record["epoch"] for record in runs.epoch_records(store, run_id)] == [1, 2, 3]
    assert runs.epoch_records(store, run_id)[1]["loss"] == 0.5
    assert [(event.level, event.message) for event in runs.run_events(store, run_id)] == [
        ("info", "first"),
        ("warning", "second"),
    ]
