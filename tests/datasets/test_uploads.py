"""What a browser sends is written safely, or not at all."""

import io

import pytest

from cnnlab.datasets.uploads import add_pictures, check_class_name, save_uploads
from cnnlab.errors import DatasetError, WorkspaceError


def upload(name, data=b"picture"):
    return name, io.BytesIO(data)


def test_a_dropped_folder_becomes_class_folders(tmp_path):
    target = tmp_path / "set"
    names = ["pictures/cat/1.jpg", "pictures/dog/1.jpg", "pictures/.DS_Store"]
    seen = []
    saved = save_uploads(map(upload, names), target, lambda *counts: seen.append(counts))
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*.jpg")) == [
        "cat/1.jpg",
        "dog/1.jpg",
    ]
    assert (saved.files, saved.skipped, seen[-1]) == (2, 1, (2, 2))


@pytest.mark.parametrize("name", ["../evil.jpg", "/evil.jpg", "a/..\\evil.jpg", "a\0b"])
def test_unsafe_names_leave_nothing_behind(tmp_path, name):
    with pytest.raises(DatasetError) as refused:
        save_uploads([upload("cat/1.jpg"), upload(name)], tmp_path / "set")
    assert refused.value.reason == "unsafe-member"
    assert list(tmp_path.iterdir()) == []


def test_the_same_place_twice_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="twice"):
        save_uploads([upload("cat/a.jpg"), upload("cat/A.jpg")], tmp_path / "set")


def test_nothing_to_write_is_said(tmp_path):
    with pytest.raises(DatasetError, match="holds no files"):
        save_uploads([upload(".hidden")], tmp_path / "set")


def test_a_full_disk_leaves_nothing_behind(small_disk):
    files = [upload("cat/1.jpg", b"small"), upload("cat/2.jpg", bytes(3_000_000))]
    with pytest.raises(WorkspaceError) as refused:
        save_uploads(files, small_disk / "set")
    assert refused.value.reason == "disk-full"
    assert list(small_disk.iterdir()) == []


def test_pictures_are_added_and_never_overwritten(tmp_path):
    add_pictures(tmp_path, "Not sure", [upload("a.jpg", b"first"), upload("b.jpg")])
    added = add_pictures(tmp_path, "Not sure", [upload("a.jpg", b"second")])
    assert [path.name for path in added] == ["a-2.jpg"]
    assert (tmp_path / "Not sure" / "a.jpg").read_bytes() == b"first"
    assert added[0].read_bytes() == b"second"


def test_a_full_disk_keeps_what_was_there(small_disk):
    add_pictures(small_disk, "cat", [upload("a.jpg", b"first")])
    with pytest.raises(WorkspaceError):
        add_pictures(small_disk, "cat", [upload("b.jpg", bytes(3_000_000))])
    assert [path.name for path in (small_disk / "cat").iterdir()] == ["a.jpg"]


@pytest.mark.parametrize(
    ("name", "clean"), [(" T-Shirt ", "T-Shirt"), ("Not  sure", "Not sure"), ("Köln", "Köln")]
)
def test_class_names_are_trimmed_and_composed(name, clean):
    assert check_class_name(name) == clean


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", ".hidden", "train", "Validation", "con", "x" * 101, "a\x07b", ".."]
)
def test_class_names_that_no_folder_should_have_are_refused(name):
    with pytest.raises(DatasetError) as refused:
        check_class_name(name)
    assert refused.value.reason == "class-name"
