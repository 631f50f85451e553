"""Corrections in the store: step by step, undone step by step, the files never touched."""

import threading

import pytest

from cnnlab.datasets.edits import Edit
from cnnlab.errors import DatasetError
from cnnlab.runs import corrections
from cnnlab.runs.corrections import correct, load_index, steps, undo
from cnnlab.runs.datasets import add_dataset, get_dataset
from cnnlab.runs.scans import scan_dataset
from tests.pictures import tree_digest


@pytest.fixture
def dataset(store, workspace, class_folders):
    added = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, added)
    return get_dataset(store, added.id)


def test_corrections_leave_the_folder_byte_for_byte_as_it_was(
    store, workspace, dataset, class_folders
):
    before = tree_digest(class_folders)
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    correct(store, workspace, dataset, ["red/001.png"], Edit.RELABEL, "blue")
    undo(store, workspace, dataset)
    correct(store, workspace, dataset, ["red/000.png"], Edit.RESTORE)
    scan_dataset(store, workspace, dataset)
    assert tree_digest(class_folders) == before


def test_counts_of_the_data_set_follow_every_step(store, workspace, dataset):
    def summary():
        return get_dataset(store, dataset.id).summary

    first = summary()
    correct(store, workspace, dataset, ["red/000.png", "red/001.png"], Edit.EXCLUDE)
    assert (summary()["usable"], summary()["excluded"]) == (58, 2)
    assert summary()["classes"]["red"] == 18
    assert summary()["fingerprint"] != first["fingerprint"]
    correct(store, workspace, dataset, ["red/002.png"], Edit.RELABEL, "violet")
    assert summary()["classes"] == {"blue": 20, "green": 20, "red": 17, "violet": 1}
    undo(store, workspace, dataset)
    undo(store, workspace, dataset)
    assert summary() == first


def test_corrections_outlive_a_rescan_and_reach_what_is_trained(store, workspace, dataset):
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    index, found = scan_dataset(store, workspace, dataset)
    assert "red/000.png" in index.excluded
    assert found["usable"] == 59
    assert load_index(store, workspace, dataset).equals(index)


def test_any_step_can_be_undone_not_only_the_last(store, workspace, dataset):
    first = correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    correct(store, workspace, dataset, ["red/001.png"], Edit.EXCLUDE)
    assert undo(store, workspace, dataset, first.number) == first
    assert load_index(store, workspace, dataset).excluded == {"red/001.png"}
    assert [step.paths for step in steps(store, dataset.id)] == [("red/001.png",)]


def test_undoing_what_was_not_done_is_refused(store, workspace, dataset):
    with pytest.raises(DatasetError) as refused:
        undo(store, workspace, dataset)
    assert refused.value.reason == "nothing-to-undo"
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    with pytest.raises(DatasetError, match="step 7"):
        undo(store, workspace, dataset, 7)


@pytest.mark.parametrize(
    ("paths", "edit", "class_name", "reason"),
    [
        ([], Edit.EXCLUDE, None, "no-images"),
        (["red/nothing.png"], Edit.EXCLUDE, None, "unknown-picture"),
        (["red/000.png"], Edit.RELABEL, None, "class-name"),
        (["red/000.png"], Edit.RELABEL, "a/b", "class-name"),
    ],
)
def test_corrections_that_make_no_sense_change_nothing(
    store, workspace, dataset, paths, edit, class_name, reason
):
    before = corrections.version(store, dataset.id)
    with pytest.raises(DatasetError) as refused:
        correct(store, workspace, dataset, paths, edit, class_name)
    assert refused.value.reason == reason
    assert corrections.version(store, dataset.id) == before


def test_the_version_changes_with_every_step_also_after_an_undo(store, workspace, dataset):
    seen = [corrections.version(store, dataset.id)]
    for path in ("red/000.png", "red/001.png"):
        correct(store, workspace, dataset, [path], Edit.EXCLUDE)
        seen.append(corrections.version(store, dataset.id))
        undo(store, workspace, dataset)
    assert len(set(seen)) == 3


def test_corrections_made_at_once_are_all_kept(store, workspace, dataset):
    paths = [f"red/{number:03}.png" for number in range(12)]
    threads = [
        threading.Thread(target=correct, args=(store, workspace, dataset, [path], Edit.EXCLUDE))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load_index(store, workspace, dataset).excluded == set(paths)
    assert len({step.number for step in steps(store, dataset.id)}) == len(paths)
    now = get_dataset(store, dataset.id)
    assert now.summary["excluded"] == len(paths)
    assert now.fingerprint == load_index(store, workspace, dataset).fingerprint


def test_a_file_that_changed_since_is_used_again(store, workspace, dataset, class_folders):
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    (class_folders / "red" / "000.png").write_bytes(
        (class_folders / "green" / "000.png").read_bytes()
    )
    index, _ = scan_dataset(store, workspace, dataset)
    assert index.excluded == frozenset()
    assert any("left aside" in note for note in index.notes)
