"""Runs are deleted by the scheduler, once nothing works in their folder any more."""

import os

import psutil
import pytest

from cnnlab.runs import jobs, runs
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scheduler import Scheduler
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import open_store


@pytest.fixture
def unwanted(trained):
    """A finished run whose deletion is asked for while somebody looks inside its network."""
    place, _, run_id = trained
    store = open_store(place)
    run = runs.get_run(store, run_id)
    job_id = jobs.submit_job(
        store, JobKind.INSPECT, run.dataset_id, {"what": "filters"}, run_id=run_id
    )
    yield place, store, run_id, job_id
    store.close()


def test_a_waiting_job_of_a_deleted_run_never_begins(unwanted):
    place, store, run_id, job_id = unwanted
    runs.request_delete(store, run_id)
    scheduler = Scheduler(place, store)
    scheduler.step()
    assert jobs.get_job(store, job_id).state is RunState.STOPPED
    scheduler.step()
    assert not place.run_folder(run_id).exists()
    assert run_id not in runs.runs_to_delete(store)


def test_a_run_is_deleted_when_its_last_job_has_ended(unwanted):
    place, store, run_id, job_id = unwanted
    this = psutil.Process()
    assert jobs.claim(store, job_id, ProcessIdentity(os.getpid(), this.create_time()))
    runs.request_delete(store, run_id)
    scheduler = Scheduler(place, store)
    scheduler.step()
    assert jobs.get_job(store, job_id).state is RunState.STOPPING
    assert place.run_folder(run_id).exists()
    jobs.finish(store, job_id, RunState.STOPPED)
    scheduler.step()
    assert not place.run_folder(run_id).exists()
