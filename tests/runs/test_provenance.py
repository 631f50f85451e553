"""A run whose data changed since says so."""

import shutil

import pytest

from cnnlab.datasets.edits import Edit
from cnnlab.runs import runs
from cnnlab.runs.corrections import correct, undo
from cnnlab.runs.datasets import get_dataset, move_dataset, remove_dataset
from cnnlab.runs.provenance import corrections_used, data_changes
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.store import open_store


@pytest.fixture
def run_and_store(trained):
    place, dataset_id, run_id = trained
    store = open_store(place)
    yield store, place, get_dataset(store, dataset_id), runs.get_run(store, run_id)
    store.close()


def test_nothing_is_said_while_nothing_changed(run_and_store):
    store, place, dataset, run = run_and_store
    assert data_changes(store, run) is None
    scan_dataset(store, place, dataset)
    assert data_changes(store, run) is None
    assert corrections_used(run) is None


def test_corrections_since_are_counted_and_forgotten_when_undone(run_and_store):
    store, place, dataset, run = run_and_store
    correct(store, place, dataset, ["red/000.png", "red/001.png"], Edit.EXCLUDE)
    said = data_changes(store, run)
    assert "60 in use then, 58 now" in said
    assert "0 excluded then, 2 now" in said
    undo(store, place, dataset)
    assert data_changes(store, run) is None


def test_relabelling_is_told(run_and_store):
    store, place, dataset, run = run_and_store
    correct(store, place, dataset, ["red/000.png"], Edit.RELABEL, "blue")
    assert "(0 relabelled then, 1 now)" in data_changes(store, run)


def test_a_picture_swapped_for_another_is_told(run_and_store, tmp_path):
    store, place, dataset, run = run_and_store
    copy = shutil.copytree(dataset.location, tmp_path / "copy")
    move_dataset(store, dataset.id, str(copy))
    dataset = get_dataset(store, dataset.id)
    scan_dataset(store, place, dataset)
    assert data_changes(store, run) is None  # the same pictures in another place
    first, second = (copy / "red" / name for name in ("000.png", "001.png"))
    first.write_bytes(second.read_bytes())
    scan_dataset(store, place, dataset)
    assert "as many pictures, but not the same" in data_changes(store, run)


def test_a_removed_data_set_is_told(run_and_store):
    store, _, dataset, run = run_and_store
    remove_dataset(store, dataset.id)
    assert "no longer in this workspace" in data_changes(store, run)
