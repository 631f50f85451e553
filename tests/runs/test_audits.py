"""Audits are kept by content: nothing is measured twice, and corrections need no new one."""

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets.edits import Edit
from cnnlab.datasets.findings import Kind
from cnnlab.datasets.shortcuts import Shortcuts
from cnnlab.runs.audits import (
    AuditFiles,
    audit_dataset,
    content_key,
    find_near_copies,
    findings,
    is_current,
    known_pairs,
    mean_images,
    read_shortcuts,
)
from cnnlab.runs.corrections import correct, load_index
from cnnlab.runs.datasets import add_dataset, get_dataset
from cnnlab.runs.jobs import JobStopped
from cnnlab.runs.scans import scan_dataset
from tests.pictures import tree_digest


@pytest.fixture
def dataset(store, workspace, class_folders):
    added = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, added)
    return get_dataset(store, added.id)


@pytest.fixture
def index(store, workspace, dataset):
    return load_index(store, workspace, dataset)


class Phases:
    """Which phases reported, and how much they did."""

    def __init__(self):
        self.done: dict[str, int] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        self.done[phase] = done


def test_a_second_audit_has_nothing_to_do(workspace, dataset, index):
    first, second = Phases(), Phases()
    audit_dataset(workspace, dataset, index, first)
    before = tree_digest(workspace.audit_folder(dataset.id))
    audit_dataset(workspace, dataset, index, second)
    assert first.done["measuring the pictures"] == 60
    assert "looking for copies" in first.done
    assert set(second.done) == {"looking for shortcuts"}
    assert tree_digest(workspace.audit_folder(dataset.id)) == before


def test_only_new_pictures_are_measured(store, workspace, dataset, index, class_folders):
    audit_dataset(workspace, dataset, index)
    Image.new("RGB", (40, 40), (9, 9, 9)).save(class_folders / "red" / "new.png")
    changed, _ = scan_dataset(store, workspace, dataset)
    phases = Phases()
    audit_dataset(workspace, dataset, changed, phases)
    assert phases.done["measuring the pictures"] == 1
    assert known_pairs(workspace, dataset, changed) is not None
    kept = list(workspace.audit_folder(dataset.id).glob("copies-*.parquet"))
    assert len(kept) == 1  # the pairs of before are of no use any more


def test_corrections_change_findings_without_a_new_audit(
    store, workspace, dataset, index, class_folders
):
    content = (class_folders / "green" / "003.png").read_bytes()
    (class_folders / "blue" / "lost.png").write_bytes(content)
    index, _ = scan_dataset(store, workspace, dataset)
    audit_dataset(workspace, dataset, index)

    def kinds():
        corrected = load_index(store, workspace, dataset)
        return {finding.kind: finding for finding in findings(workspace, dataset, corrected)}

    conflict = kinds()[Kind.LABEL_CONFLICT]
    assert conflict.groups == (("blue/lost.png", "green/003.png"),)
    correct(store, workspace, dataset, ["blue/lost.png"], Edit.RELABEL, "green")
    assert Kind.LABEL_CONFLICT not in kinds()
    assert Kind.EXACT_COPIES in kinds()
    correct(store, workspace, dataset, ["blue/lost.png"], Edit.EXCLUDE)
    assert Kind.EXACT_COPIES not in kinds()
    corrected = load_index(store, workspace, dataset)
    assert known_pairs(workspace, dataset, corrected) is not None


def test_near_copies_of_a_training_are_found_on_the_way(workspace, dataset, index):
    assert known_pairs(workspace, dataset, index) is None
    pairs = find_near_copies(workspace, dataset, index)
    assert known_pairs(workspace, dataset, index).equals(pairs)


def test_a_stopped_audit_keeps_what_it_had_before(workspace, dataset, index):
    def stop(phase: str, done: int, total: int) -> None:
        raise JobStopped

    with pytest.raises(JobStopped):
        audit_dataset(workspace, dataset, index, stop)
    assert known_pairs(workspace, dataset, index) is None
    audit_dataset(workspace, dataset, index)
    assert known_pairs(workspace, dataset, index) is not None


@pytest.mark.parametrize("name", ["measures.parquet", "shortcuts.json", "copies-*.parquet"])
def test_damaged_files_of_an_audit_are_made_anew(workspace, dataset, index, name):
    audit_dataset(workspace, dataset, index)
    expected = [finding.to_json() for finding in findings(workspace, dataset, index)]
    assert is_current(workspace, dataset, index)
    (file,) = workspace.audit_folder(dataset.id).glob(name)
    file.write_bytes(b"damaged")
    findings(workspace, dataset, index)  # says less, but does not fail
    assert not is_current(workspace, dataset, index)
    audit_dataset(workspace, dataset, index)
    assert is_current(workspace, dataset, index)
    assert [finding.to_json() for finding in findings(workspace, dataset, index)] == expected


def test_mean_pictures_are_the_means_of_the_classes(workspace, dataset, index):
    assert mean_images(workspace, dataset.id, index) == {}
    audit_dataset(workspace, dataset, index)
    means = mean_images(workspace, dataset.id, index)
    assert set(means) == {"blue", "green", "red"}
    assert means["red"].shape == (32, 32, 3)
    np.testing.assert_allclose(means["red"].mean(axis=(0, 1)), (208, 51, 41), atol=4)


def test_shortcuts_are_found_again_when_classes_change(store, workspace, dataset, index):
    audit_dataset(workspace, dataset, index)
    files = AuditFiles(workspace.audit_folder(dataset.id))
    before = read_shortcuts(files)
    correct(store, workspace, dataset, ["red/000.png"], Edit.RELABEL, "blue")
    corrected = load_index(store, workspace, dataset)
    audit_dataset(workspace, dataset, corrected)
    assert read_shortcuts(files).fingerprint == corrected.fingerprint != before.fingerprint


def test_shortcuts_of_other_classes_are_not_told(store, workspace, dataset, index):
    audit_dataset(workspace, dataset, index)
    file = AuditFiles(workspace.audit_folder(dataset.id)).shortcuts
    telling = Shortcuts(
        fingerprint=index.fingerprint, baseline=0.3, scores={"width": 1.0}, count=60
    )
    file.write_text(telling.to_json())
    assert Kind.SHORTCUT in {found.kind for found in findings(workspace, dataset, index)}
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    corrected = load_index(store, workspace, dataset)
    assert Kind.SHORTCUT not in {found.kind for found in findings(workspace, dataset, corrected)}
    assert not is_current(workspace, dataset, corrected)


def test_the_key_of_an_audit_is_its_content_alone():
    assert content_key(["b", "a", "a"]) == content_key(["a", "b"])
    assert content_key(["a"]) != content_key(["a", "b"])
