"""Which files belong to a data set, and what the folders say about them."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from cnnlab.datasets.folders import FolderContents, list_files
from cnnlab.errors import DatasetError

needs_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)


def make(root: Path, *paths: str) -> Path:
    """Files at `paths` below `root`; a path that ends with "/" is an empty folder."""
    for path in paths:
        place = root / path
        if path.endswith("/"):
            place.mkdir(parents=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"not looked at")
    return root


def link(place: Path, target: Path) -> None:
    try:
        place.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("this user may not make links here")


class Found(NamedTuple):
    """A row of `FoundFiles`."""

    path: str
    class_name: str
    split: str
    bytes: int
    modified_ns: int
    refusal: str


def each(contents: FolderContents) -> list[Found]:
    columns = [getattr(contents.files, name) for name in Found._fields]
    return [Found(*row) for row in zip(*columns, strict=True)]


def listed(root: Path) -> list[tuple[str, str, str]]:
    return [(file.path, file.class_name, file.split) for file in each(list_files(root))]


def reason_for(root: Path) -> tuple[str, str]:
    with pytest.raises(DatasetError) as caught:
        list_files(root)
    assert str(root) in caught.value.message
    return caught.value.reason, caught.value.message


def test_each_folder_is_a_class_and_what_is_below_belongs_to_it(tmp_path):
    make(tmp_path, "dog/b.jpg", "cat/2.png", "cat/old/deep/1.png", "cat/notes.txt", "eel/")
    contents = list_files(tmp_path)
    assert [(file.path, file.class_name, file.split) for file in each(contents)] == [
        ("cat/2.png", "cat", ""),
        ("cat/notes.txt", "cat", ""),
        ("cat/old/deep/1.png", "cat", ""),
        ("dog/b.jpg", "dog", ""),
    ]
    assert contents.class_folders == ("cat", "dog", "eel")
    assert contents.notes == ()


def test_size_and_time_are_those_of_the_file(tmp_path):
    make(tmp_path, "cat/1.png")
    os.utime(tmp_path / "cat" / "1.png", ns=(10**18, 10**18 + 100))
    (file,) = each(list_files(tmp_path))
    facts = (tmp_path / "cat" / "1.png").stat()
    assert (file.bytes, file.modified_ns) == (len(b"not looked at"), facts.st_mtime_ns)


def test_nothing_in_the_folder_is_changed(tmp_path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    before = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}
    list_files(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))} == before


def test_hidden_files_and_those_of_the_system_are_skipped(tmp_path):
    make(
        tmp_path,
        *("cat/1.png", "cat/.hidden.png", "cat/Thumbs.db", "cat/desktop.ini", "cat/._1.png"),
        *("cat/.cache/2.png", ".git/3.png", "__MACOSX/cat/4.png", "cat/__MACOSX/5.png"),
    )
    assert listed(tmp_path) == [("cat/1.png", "cat", "")]
    assert list_files(tmp_path).class_folders == ("cat",)


@pytest.mark.parametrize(
    "name", ["Not sure", "T-Shirt", "日本", "naïve & co.", "a'b", "train station", "..dots"[2:]]
)
def test_any_folder_name_is_a_class_name(tmp_path, name):
    make(tmp_path, f"{name}/1.png")
    assert listed(tmp_path) == [(f"{name}/1.png", name, "")]


@pytest.mark.skipif(sys.platform == "win32", reason="this system does not allow such names")
def test_angle_brackets_are_a_class_name_too(tmp_path):
    make(tmp_path, "<b>/1.png")
    assert listed(tmp_path) == [("<b>/1.png", "<b>", "")]


def test_composed_and_decomposed_letters_are_one_class(tmp_path):
    make(tmp_path, "train/caf\u00e9/1.png", "test/cafe\u0301/2.png")
    contents = list_files(tmp_path)
    assert contents.class_folders == ("caf\u00e9",)
    for file in each(contents):
        assert file.class_name == "caf\u00e9"
        assert (tmp_path / file.path).exists()


# --- train, validation, test ---


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        *(("train", "train"), ("Training", "train"), ("TRAIN", "train")),
        *(("val", "validation"), ("valid", "validation"), ("Validation", "validation")),
        *(("test", "test"), ("Testing", "test")),
    ],
)
def test_split_folders_are_known_by_their_usual_names(tmp_path, folder, split):
    make(tmp_path, f"{folder}/cat/1.png", f"{folder}/cat/more/2.png")
    assert listed(tmp_path) == [
        (f"{folder}/cat/1.png", "cat", split),
        (f"{folder}/cat/more/2.png", "cat", split),
    ]


def test_a_class_may_be_in_some_splits_only(tmp_path):
    make(tmp_path, "train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "test/dog/1.png")
    contents = list_files(tmp_path)
    assert contents.class_folders == ("cat", "dog")
    assert [file.split for file in each(contents)] == ["test", "train", "train", "validation"]


def test_train_can_be_a_class_beside_others(tmp_path):
    make(tmp_path, "car/1.png", "ship/1.png", "train/1.png", "train/steam/2.png")
    assert {class_name for _, class_name, _ in listed(tmp_path)} == {"car", "ship", "train"}
    assert {split for *_, split in listed(tmp_path)} == {""}


def test_a_folder_beside_train_and_test_is_left_out_with_a_note(tmp_path):
    make(tmp_path, "train/cat/1.png", "test/cat/2.png", "annotations/a.xml")
    contents = list_files(tmp_path)
    assert contents.class_folders == ("cat",)
    assert len(contents.files) == 2
    (note,) = contents.notes
    assert "annotations" in note


def test_split_folder_inside_one_of_its_own_name_counts_once(tmp_path):
    """As Intel's scenes come from Kaggle."""
    for place in ("seg_train/seg_train/sea", "seg_test/seg_test/sea"):
        make(tmp_path, f"{place}/1.jpg", f"{place}/2.jpg")
    make(tmp_path, "seg_pred/seg_pred/3.jpg")
    contents = list_files(tmp_path)
    assert contents.class_folders == ("sea",)
    assert [(file.path, file.split) for file in each(contents)] == [
        ("seg_test/seg_test/sea/1.jpg", "test"),
        ("seg_test/seg_test/sea/2.jpg", "test"),
        ("seg_train/seg_train/sea/1.jpg", "train"),
        ("seg_train/seg_train/sea/2.jpg", "train"),
    ]
    assert any("seg_pred" in note for note in contents.notes)


def test_class_of_the_name_of_its_split_folder_stays_a_class(tmp_path):
    make(tmp_path, "train/train/1.jpg", "train/ship/2.jpg", "test/train/3.jpg", "test/ship/4.jpg")
    assert list_files(tmp_path).class_folders == ("ship", "train")


def test_pictures_in_no_class_folder_are_counted_in_a_note(tmp_path):
    make(tmp_path, "loose.jpg", "README.txt", "cat/1.png", "dog/1.png", "also loose.PNG")
    contents = list_files(tmp_path)
    assert len(contents.files) == 2
    (note,) = contents.notes
    assert note.startswith("2 pictures")
    make(tmp_path / "tree", "train/cat/1.png", "test/unlabelled.jpg")
    (note,) = list_files(tmp_path / "tree").notes
    assert note.startswith("1 picture ")


# --- bad folders ---


def test_what_is_no_folder_is_refused(tmp_path):
    make(tmp_path, "cat/1.png")
    assert reason_for(tmp_path / "gone")[0] == "missing-path"
    assert reason_for(tmp_path / "cat" / "1.png")[0] == "not-a-folder"


@pytest.mark.parametrize("paths", [(), ("cat/", "dog/"), ("notes.txt",), (".hidden/1.png",)])
def test_a_folder_without_files_has_no_images(tmp_path, paths):
    assert reason_for(make(tmp_path, *paths))[0] == "no-images"


@pytest.mark.parametrize(
    "paths",
    [
        ("1.jpg", "2.jpg"),
        ("1.jpg", "cat/"),
        ("train/cat.1.jpg", "train/dog.1.jpg", "test/1.jpg"),
    ],
    ids=["pictures", "pictures and an empty folder", "split folders of pictures"],
)
def test_pictures_without_class_folders_are_refused_with_the_cure(tmp_path, paths):
    reason, message = reason_for(make(tmp_path, *paths))
    assert reason == "no-classes"
    assert "cats/1.jpg" in message


@needs_permissions
def test_folders_without_permission_get_a_sentence(tmp_path):
    make(tmp_path, "cat/1.png", "dog/1.png", "dog/private/2.png")
    (tmp_path / "dog" / "private").chmod(0)
    try:
        refused = [file for file in each(list_files(tmp_path)) if file.refusal]
        assert [file.path for file in refused] == ["dog/private"]
        assert "permission" in refused[0].refusal.lower()
        tmp_path.chmod(0)
        assert reason_for(tmp_path)[0] == "unreadable-folder"
    finally:
        tmp_path.chmod(0o700)
        (tmp_path / "dog" / "private").chmod(0o700)


# --- links and odd names ---


def test_links_that_lead_in_circles_end(tmp_path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    link(tmp_path / "cat" / "everything", tmp_path)
    link(tmp_path / "cat" / "itself", tmp_path / "cat")
    link(tmp_path / "cat" / "dogs", tmp_path / "dog")
    link(tmp_path / "dog" / "cats", tmp_path / "cat")
    link(tmp_path / "dog" / "round", tmp_path / "dog" / "round")
    paths = [path for path, *_ in listed(tmp_path)]
    assert "cat/1.png" in paths
    assert "cat/dogs/1.png" in paths
    assert len(paths) < 10


def test_linked_pictures_and_folders_are_followed(tmp_path):
    make(tmp_path, "elsewhere/1.png", "data/dog/1.png")
    (tmp_path / "data" / "cat").mkdir()
    link(tmp_path / "data" / "cat" / "linked.png", tmp_path / "elsewhere" / "1.png")
    link(tmp_path / "data" / "eel", tmp_path / "elsewhere")
    link(tmp_path / "data" / "dog" / "nowhere.png", tmp_path / "gone.png")
    files = {file.path: file for file in each(list_files(tmp_path / "data"))}
    assert sorted(files) == ["cat/linked.png", "dog/1.png", "dog/nowhere.png", "eel/1.png"]
    assert files["cat/linked.png"].bytes == len(b"not looked at")
    assert files["dog/nowhere.png"].bytes == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stores such names")
def test_names_that_are_not_unicode_are_listed_and_refused(tmp_path):
    make(tmp_path, "cat/1.png")
    os.mkdir(os.fsencode(tmp_path) + b"/d\xf6g")  # noqa: PTH102 - a path of bytes
    for name in (b"/cat/\xff.png", b"/d\xf6g/1.png"):
        with open(os.fsencode(tmp_path) + name, "wb") as file:  # noqa: PTH123
            file.write(b"x")
    contents = list_files(tmp_path)
    assert contents.class_folders == ("cat", r"d\xf6g")
    refused = {file.path: file.refusal for file in each(contents) if file.refusal}
    assert sorted(refused) == [r"cat/\xff.png", r"d\xf6g/1.png"]
    assert "Rename" in refused[r"cat/\xff.png"]


def test_very_deep_folders_are_no_obstacle(tmp_path):
    deep = tmp_path / "cat"
    for _ in range(60):
        deep = deep / "d"
    make(deep, "1.png")
    ((path, class_name, _),) = listed(tmp_path)
    assert (path.count("/"), class_name) == (61, "cat")
