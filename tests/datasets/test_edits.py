"""Corrections as an overlay: the index as it is with them."""

import pytest

from cnnlab.datasets.edits import Correction, Edit, apply_corrections
from tests.datasets.test_index import make_index, picture


@pytest.fixture
def index():
    return make_index(
        picture("cat/1.png"),
        picture("cat/2.png"),
        picture("dog/1.png"),
        class_folders=("cat", "dog"),
    )


def edit(path, what, class_name=None, content=None):
    return Correction(path=path, content_hash=content or path, edit=what, class_name=class_name)


def test_without_corrections_the_index_is_itself(index):
    assert apply_corrections(index, []) is index


def test_an_excluded_picture_is_used_no_more_and_stays_listed(index):
    corrected = apply_corrections(index, [edit("cat/1.png", Edit.EXCLUDE)])
    assert corrected.usable["path"].tolist() == ["cat/2.png", "dog/1.png"]
    assert corrected.excluded == {"cat/1.png"}
    assert len(corrected.frame) == len(corrected.readable) == 3
    assert corrected.class_counts == {"cat": 1, "dog": 1}
    assert corrected.fingerprint != index.fingerprint


def test_a_relabelled_picture_has_its_new_class_and_knows_its_folder(index):
    corrected = apply_corrections(index, [edit("cat/1.png", Edit.RELABEL, "eel")])
    assert corrected.class_counts == {"cat": 1, "dog": 1, "eel": 1}
    assert corrected.relabelled == {"cat/1.png": "cat"}
    assert "eel" in corrected.class_folders
    assert index.class_counts == {"cat": 2, "dog": 1}, "the scan's index is untouched"


def test_later_corrections_win_and_restoring_takes_both_back(index):
    steps = [
        edit("cat/1.png", Edit.RELABEL, "dog"),
        edit("cat/1.png", Edit.EXCLUDE),
        edit("cat/1.png", Edit.RELABEL, "eel"),
    ]
    corrected = apply_corrections(index, steps)
    assert corrected.relabelled == {"cat/1.png": "cat"}
    assert corrected.excluded == {"cat/1.png"}
    assert apply_corrections(index, [*steps, edit("cat/1.png", Edit.RESTORE)]) is index


def test_relabelling_to_what_the_folder_says_is_no_correction(index):
    corrected = apply_corrections(index, [edit("cat/1.png", Edit.RELABEL, "cat")])
    assert corrected.relabelled == {}
    assert corrected.fingerprint == index.fingerprint


def test_a_correction_of_a_file_that_has_changed_is_left_aside_and_said(index):
    corrections = [
        edit("cat/1.png", Edit.EXCLUDE, content="what it was"),
        edit("gone.png", Edit.EXCLUDE),
        edit("cat/2.png", Edit.EXCLUDE),
    ]
    corrected = apply_corrections(index, corrections)
    assert corrected.excluded == {"cat/2.png"}
    assert any("2 corrections are left aside" in note for note in corrected.notes)
