"""A workspace with a finished run, made once and copied for the tests that need one."""

import shutil
from pathlib import Path

from cnnlab.config import change_config
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset, get_dataset, move_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.store import open_store
from cnnlab.worker import work
from cnnlab.workspace import Workspace, open_workspace
from tests.pictures import write_class_folders

SMALL = {
    "data.size": 28,
    "network.width": 0.25,
    "training.epochs": 3,
    "training.batch_size": 8,
}


def make_trained_workspace(folder: Path) -> tuple[Workspace, str, str]:
    """A workspace, the id of its data set, and the id of its finished run."""
    place = open_workspace(folder / "workspace")
    store = open_store(place)
    dataset = add_dataset(store, place, write_class_folders(folder / "colours"))
    run_id = runs.submit_run(store, dataset.id, change_config(recipe("quick").config, SMALL))
    job_id = runs.get_run(store, run_id).job.id
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(place, job_id, own_process=False)
    assert runs.get_run(store, run_id).has_model
    store.close()
    return place, dataset.id, run_id


def give_own_pictures(place: Workspace, dataset_id: str) -> Path:
    """Copy a data set's pictures into its workspace, so that they can be deleted; their folder."""
    store = open_store(place)
    folder = place.root / "own-pictures"
    shutil.copytree(get_dataset(store, dataset_id).location, folder)
    move_dataset(store, dataset_id, str(folder))
    store.close()
    return folder
