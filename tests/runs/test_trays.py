"""Photos that are handed over: where they lie, what they are called, and when they go."""

import io
import os
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from cnnlab.errors import DatasetError, PathError, WorkspaceError
from cnnlab.runs import old_trays
from cnnlab.runs.old_trays import clear_old_trays
from cnnlab.runs.trays import (
    Tray,
    add_photos,
    arriving_folder,
    make_tray,
    read_tray,
    remove_tray,
    tray_at,
)
from cnnlab.workspace import Workspace
from tests.trays import tray_ids


def sent(*names: str) -> list[tuple[str, io.BytesIO]]:
    """Files as a browser sends them, each with its name as its content."""
    return [(name, io.BytesIO(name.encode("utf-8", "replace"))) for name in names]


def zipped(*names: str) -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return content


def names_of(tray: Tray) -> list[str]:
    return [photo.name for photo in tray.photos]


def labels_of(tray: Tray) -> list[str | None]:
    return [photo.label for photo in tray.photos]


def contents(tray: Tray) -> list[str]:
    return [Path(photo.source).read_text() for photo in tray.photos]


def everything_in(place: Workspace) -> list[Path]:
    folder = place.tray_folder("")
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_tray_is_read_again_as_it_was_made(workspace: Workspace):
    made = make_tray(workspace, sent("b.jpg", "a.png"))
    assert names_of(made) == ["b.jpg", "a.png"]
    assert contents(made) == ["b.jpg", "a.png"]
    assert made.name == "Photos"
    assert read_tray(workspace, made.id) == made
    assert tray_ids(workspace) == [made.id]


def test_file_on_disk_is_moved_not_copied(workspace: Workspace):
    file = arriving_folder(workspace) / "1"
    file.write_bytes(b"picture")
    inode = file.stat().st_ino
    tray = make_tray(workspace, [("photo.jpg", file)])
    assert Path(tray.photos[0].source).stat().st_ino == inode
    assert not file.exists()


def test_class_folders_are_labels_and_a_folder_around_them_is_not(workspace: Workspace):
    tray = make_tray(workspace, sent("holiday/cats/1.jpg", "holiday/dogs/1.jpg", "holiday/x.jpg"))
    assert names_of(tray) == ["cats/1.jpg", "dogs/1.jpg", "x.jpg"]
    assert labels_of(tray) == ["cats", "dogs", None]
    assert tray.name == "holiday"


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["1.jpg"], [None]),
        (["holiday/1.jpg", "holiday/2.jpg"], [None, None]),
        (["set/train/cats/1.jpg", "set/test/dogs/1.jpg"], ["cats", "dogs"]),
        (["train/1.jpg", "Test/2.jpg"], [None, None]),
        (["seg_test/seg_test/sea/1.jpg"], ["sea"]),
        (["cats/old/1.jpg", "dogs/1.jpg"], ["old", "dogs"]),
    ],
)
def test_label_is_the_folder_right_above(
    names: list[str], labels: list[str | None], workspace: Workspace
):
    assert labels_of(make_tray(workspace, sent(*names))) == labels


def test_junk_is_skipped_and_counted_and_other_files_are_kept(workspace: Workspace):
    tray = make_tray(
        workspace,
        sent("set/.DS_Store", "set/a/1.jpg", "set/a/README.txt", "set/b/Thumbs.db", "set/.git/x"),
    )
    assert names_of(tray) == ["a/1.jpg", "a/README.txt"]
    assert tray.skipped == 3


def test_photos_of_the_same_name_get_numbers(workspace: Workspace):
    tray = make_tray(workspace, sent("a.jpg", "A.JPG", "a.jpg", "a-2.jpg"))
    assert names_of(tray) == ["a.jpg", "A-2.JPG", "a-3.jpg", "a-2-2.jpg"]
    assert len(set(contents(tray))) == 3
    assert len({photo.source for photo in tray.photos}) == 4


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("/etc/photo.jpg", "photo.jpg"),
        ("C:\\Users\\me\\cat.jpg", "cat.jpg"),
        ("con.jpg", "photo-1.jpg"),
        ("line\nbreak.jpg", "line_break.jpg"),
        ("what?.jpg ", "what_.jpg"),
        ("ä" * 200 + ".jpg", "ä" * 80 + ".jpg"),
        ("..", "photo-1"),
    ],
)
def test_name_that_is_not_safe_is_made_so(name: str, becomes: str, workspace: Workspace):
    tray = make_tray(workspace, sent(name))
    assert names_of(tray) == [becomes]
    assert Path(tray.photos[0].source).is_relative_to(tray.folder)


def test_zip_among_photos_is_unpacked(workspace: Workspace):
    archive = zipped("set/cats/1.jpg", "set/dogs/1.jpg", "__MACOSX/set/._1.jpg")
    tray = make_tray(workspace, [*sent("x.jpg"), ("Photos.ZIP", archive)])
    assert names_of(tray) == ["cats/1.jpg", "dogs/1.jpg", "x.jpg"]
    assert labels_of(tray) == ["cats", "dogs", None]
    assert tray.skipped == 1
    assert not list(tray.folder.rglob("*.ZIP"))
    assert contents(tray)[0] == "set/cats/1.jpg"


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (io.BytesIO(b"no zip"), "bad-archive"),
        (zipped("../../out.jpg"), "unsafe-member"),
        (zipped("inner.zip"), "nested-archive"),
        (zipped(), "no-images"),
    ],
)
def test_zip_that_is_refused_leaves_nothing(archive: io.BytesIO, reason: str, workspace: Workspace):
    with pytest.raises(DatasetError) as refused:
        make_tray(workspace, [*sent("x.jpg"), ("a.zip", archive)])
    assert refused.value.reason == reason
    assert not everything_in(workspace)


def test_nothing_but_junk_is_no_tray(workspace: Workspace):
    with pytest.raises(DatasetError, match=r"no photo .*'\.DS_Store'") as refused:
        make_tray(workspace, sent(".DS_Store"))
    assert refused.value.reason == "no-photos"
    assert not everything_in(workspace)


def test_folder_of_this_machine_is_read_in_place(workspace: Workspace, class_folders: Path):
    (class_folders / "notes.txt").write_text("no picture")
    (class_folders / ".hidden").write_text("hidden")
    tray = tray_at(workspace, str(class_folders))
    assert len(tray.photos) == 61
    assert tray.name == class_folders.name
    assert {photo.label for photo in tray.photos} == {"red", "green", "blue", None}
    assert all(Path(photo.source).is_relative_to(class_folders) for photo in tray.photos)
    assert [path.name for path in tray.folder.iterdir()] == ["tray.json"]
    assert tray.skipped == 1
    assert read_tray(workspace, tray.id) == tray
    remove_tray(workspace, tray.id)
    assert (class_folders / "notes.txt").exists()


def test_file_and_zip_of_this_machine(workspace: Workspace, tmp_path: Path):
    photo = tmp_path / "photo.jpg"
    photo.write_text("photo")
    assert [each.source for each in tray_at(workspace, str(photo)).photos] == [photo]
    archive = tmp_path / "set.zip"
    archive.write_bytes(zipped("cats/1.jpg", "dogs/2.jpg").getvalue())
    tray = tray_at(workspace, str(archive))
    assert names_of(tray) == ["cats/1.jpg", "dogs/2.jpg"]
    assert tray.name == "set.zip"
    assert archive.exists()


def test_path_where_nothing_is_gets_a_sentence(workspace: Workspace, tmp_path: Path):
    with pytest.raises(DatasetError, match="nothing at"):
        tray_at(workspace, str(tmp_path / "nowhere"))
    with pytest.raises(PathError):
        tray_at(workspace, "a\0b")
    with pytest.raises(DatasetError, match="no photo"):
        tray_at(workspace, str(tmp_path / "workspace" / "locks"))


@pytest.mark.skipif(os.name != "posix", reason="other systems take only Unicode names")
def test_name_on_this_machine_that_is_not_unicode_can_be_shown(
    workspace: Workspace, tmp_path: Path
):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_text("odd")
    tray = read_tray(workspace, tray_at(workspace, str(folder)).id)
    assert contents(tray) == ["odd"]
    assert names_of(tray) == ["caf_.jpg"]


def test_more_photos_go_on_top(workspace: Workspace):
    tray = make_tray(workspace, sent("camera.jpg", "x.jpg"))
    tray = add_photos(workspace, tray, sent("camera.jpg"))
    tray = add_photos(workspace, tray, sent("pasted.png"))
    assert names_of(tray) == ["pasted.png", "camera-2.jpg", "camera.jpg", "x.jpg"]
    assert contents(tray) == ["pasted.png", "camera.jpg", "camera.jpg", "x.jpg"]
    assert read_tray(workspace, tray.id) == tray


@pytest.mark.parametrize("tray_id", ["0123456789abcdef", "..", "../../runs", "", "x" * 500])
def test_tray_that_is_not_there_gets_a_sentence(tray_id: str, workspace: Workspace):
    with pytest.raises(DatasetError, match="no longer here") as refused:
        read_tray(workspace, tray_id)
    assert refused.value.reason == "no-tray"


def test_damaged_tray_is_no_tray(workspace: Workspace):
    tray = make_tray(workspace, sent("x.jpg"))
    for content in (b"", b"[]", b'{"name": 1}', b"\xff"):
        (tray.folder / "tray.json").write_bytes(content)
        with pytest.raises(DatasetError, match="no longer here"):
            read_tray(workspace, tray.id)


def test_tray_that_nobody_has_looked_at_for_a_week_goes(workspace: Workspace):
    old = make_tray(workspace, sent("old.jpg"))
    looked_at = make_tray(workspace, sent("looked-at.jpg"))
    eight_days_ago = time.time() - 8 * 86_400
    for tray in (old, looked_at):
        os.utime(tray.folder / "tray.json", (eight_days_ago, eight_days_ago))
    read_tray(workspace, looked_at.id)
    new = make_tray(workspace, sent("new.jpg"))
    assert set(tray_ids(workspace)) == {looked_at.id, new.id}
    assert not old.folder.exists()


def test_oldest_trays_go_where_all_take_too_much_space(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(old_trays, "KEPT_BYTES", 3_000)
    trays = [make_tray(workspace, [("x.jpg", io.BytesIO(bytes(1_500)))]) for _ in range(3)]
    for age_hours, tray in zip((4, 3, 2), trays, strict=True):
        used_at = time.time() - age_hours * 3_600
        os.utime(tray.folder / "tray.json", (used_at, used_at))
    assert clear_old_trays(workspace, keep=trays[0].id) == [trays[1].id]
    assert clear_old_trays(workspace) == [trays[0].id]
    assert tray_ids(workspace) == [trays[2].id]


def test_what_a_killed_process_left_goes_after_a_day(workspace: Workspace):
    part = workspace.tray_folder(".0123.part")
    part.mkdir(parents=True)
    (part / "1.jpg").write_bytes(b"half")
    sent_file = arriving_folder(workspace) / "1"
    sent_file.write_bytes(b"never used")
    clear_old_trays(workspace)
    assert part.exists()
    assert sent_file.exists()
    clear_old_trays(workspace, now=time.time() + 90_000)
    assert not part.exists()
    assert not sent_file.exists()


def test_full_disk_gets_a_sentence_and_nothing_is_left(small_disk: Path):
    place = Workspace(small_disk / "workspace")
    place.locks_folder.mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="disk is full"):
        make_tray(place, [("big.jpg", io.BytesIO(bytes(3_000_000)))])
    assert not everything_in(place)
    tray = make_tray(place, sent("small.jpg"))
    with pytest.raises(WorkspaceError, match="disk is full"):
        add_photos(place, tray, [("big.jpg", io.BytesIO(bytes(3_000_000)))])
    assert read_tray(place, tray.id) == tray
    assert contents(tray) == ["small.jpg"]
    shutil.rmtree(place.root)
