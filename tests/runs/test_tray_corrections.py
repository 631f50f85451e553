"""What users say about photos, and sets that are made of it."""

from dataclasses import replace

import pytest

from cnnlab.errors import DatasetError, WorkspaceError
from cnnlab.runs.datasets import list_datasets
from cnnlab.runs.made_sets import make_set
from cnnlab.runs.tray_corrections import (
    add_to_set,
    correct_photos,
    corrections_of,
    make_labelled_set,
    undo_correction,
)
from tests.trays import make_tray


@pytest.fixture
def tray(workspace):
    return make_tray(workspace, per_class=2)


def test_steps_lie_over_each_other_and_are_undone_one_by_one(workspace, tray):
    correct_photos(workspace, tray, {"red/0.png": "cat", "red/1.png": "cat"})
    correct_photos(workspace, tray, {"red/1.png": "dog", "blue/0.png": "  new   class "})
    correct_photos(workspace, tray, {"red/0.png": None})
    said = corrections_of(tray)
    assert said.classes == {"blue/0.png": "new class", "red/1.png": "dog"}
    assert said.steps == 3
    undo_correction(workspace, tray)
    undo_correction(workspace, tray)
    assert corrections_of(tray).classes == {"red/0.png": "cat", "red/1.png": "cat"}
    undo_correction(workspace, tray)
    undo_correction(workspace, tray)
    assert corrections_of(tray).steps == 0


def test_a_class_that_no_folder_can_be_called_is_refused_and_nothing_is_kept(workspace, tray):
    with pytest.raises(DatasetError) as caught:
        correct_photos(workspace, tray, {"red/0.png": "../out"})
    assert caught.value.reason == "class-name"
    assert corrections_of(tray).steps == 0


def test_photos_that_are_gone_do_not_come_back(workspace, tray):
    gone = replace(tray, folder=tray.folder / "gone")
    with pytest.raises(WorkspaceError) as caught:
        correct_photos(workspace, gone, {"red/0.png": "cat"})
    assert caught.value.reason == "photos-gone"
    assert not gone.folder.exists()


def test_a_new_set_needs_two_classes_and_leaves_nothing_without(store, workspace, tray):
    correct_photos(workspace, tray, {"red/0.png": "cat"})
    with pytest.raises(DatasetError) as caught:
        make_labelled_set(store, workspace, tray, "mine")
    assert caught.value.reason == "one-class"
    assert list_datasets(store) == []


def test_photos_of_one_class_can_be_added_to_a_set_whatever_they_are_called(store, workspace, tray):
    made = make_set(store, workspace, "made", ["Cat", "dog"])
    odd = replace(tray.photos[0], name="deep/con.png")
    sent = replace(tray.photos[1], name="again/con.png", source=b"sent by a browser")
    tray = replace(tray, photos=(odd, sent))
    correct_photos(workspace, tray, {odd.name: "cat", sent.name: "mouse"})
    assert add_to_set(workspace, tray, made) == 2
    (cat,) = (made.location / "Cat").iterdir()
    (mouse,) = (made.location / "mouse").iterdir()
    assert (cat.name, mouse.name) == ("photo-1.png", "photo-2.png")
    assert cat.read_bytes() == tray.photos[0].source.read_bytes()
    assert mouse.read_bytes() == b"sent by a browser"


def test_a_file_that_is_gone_is_named_and_no_set_is_left(store, workspace, tray):
    correct_photos(workspace, tray, {"red/0.png": "cat", "blue/0.png": "dog"})
    (tray.folder / "files" / "red" / "0.png").unlink()
    with pytest.raises(WorkspaceError, match=r"0\.png"):
        make_labelled_set(store, workspace, tray, "mine")
    assert list_datasets(store) == []
