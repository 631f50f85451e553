"""A corrected data set becomes a new folder that holds exactly what is in use."""

import errno
from pathlib import Path

import pytest

from cnnlab.config import SplitConfig
from cnnlab.datasets.edits import Correction, Edit, apply_corrections
from cnnlab.datasets.export import ExportLayout, export_data
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.scan import scan
from cnnlab.errors import CnnlabError, DatasetError, WorkspaceError
from tests.pictures import tree_digest, write_class_folders


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_class_folders(tmp_path / "colours", per_class=10)
    (root / "red" / "broken.jpg").write_bytes(b"")
    return root


def below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def correction(index: DatasetIndex, path: str, edit: Edit, name: str | None = None) -> Correction:
    content = index.frame.set_index("path")["content_hash"][path]
    return Correction(path=path, content_hash=content, edit=edit, class_name=name)


def test_flat_export_holds_what_is_in_use_under_its_corrected_class(root, tmp_path):
    found = scan(root)
    corrections = [
        correction(found, "red/000.png", Edit.EXCLUDE),
        correction(found, "red/001.png", Edit.RELABEL, "blue"),
    ]
    index = apply_corrections(found, corrections)
    before = tree_digest(root)
    done = export_data(root, index, tmp_path / "out", layout=ExportLayout.FLAT)
    names = below(tmp_path / "out")
    assert "red/000.png" not in names
    assert "red/001.png" not in names
    assert "red/broken.jpg" not in names
    assert "blue/001-2.png" in names  # blue has a picture of that name
    moved = (tmp_path / "out/blue/001-2.png").read_bytes()
    assert moved == (root / "red/001.png").read_bytes()
    assert done.files == len(names) == 29
    assert done.counts == {"": {"blue": 11, "green": 10, "red": 8}}
    assert done.bytes == sum(file.stat().st_size for file in (tmp_path / "out").rglob("*.png"))
    assert tree_digest(root) == before


def test_tree_export_reads_back_as_the_split_that_was_asked_for(root, tmp_path):
    split = SplitConfig(validation=0.2, test=0.1, seed=5)
    done = export_data(root, scan(root), tmp_path / "out", layout=ExportLayout.TREE, split=split)
    assert done.counts == {
        "test": {"blue": 1, "green": 1, "red": 1},
        "train": {"blue": 7, "green": 7, "red": 7},
        "validation": {"blue": 2, "green": 2, "red": 2},
    }
    again = scan(tmp_path / "out")
    counted = again.usable.groupby(["split", "class"]).size()
    assert counted["train"].to_dict() == done.counts["train"]
    assert counted["validation"].to_dict() == done.counts["validation"]
    assert counted["test"].to_dict() == done.counts["test"]


def test_an_empty_folder_may_be_the_target(root, tmp_path):
    (tmp_path / "out").mkdir()
    export_data(root, scan(root), tmp_path / "out", layout=ExportLayout.FLAT)
    assert len(below(tmp_path / "out")) == 30


@pytest.mark.parametrize("place", ["inside", "itself", "above", "taken", "file"])
def test_a_target_that_would_touch_other_files_is_refused(root, tmp_path, place):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("a file")
    target = {
        "inside": root / "new",
        "itself": root,
        "above": root.parent,
        "taken": taken,
        "file": tmp_path / "file",
    }[place]
    index, before = scan(root), tree_digest(tmp_path)
    with pytest.raises(CnnlabError) as refused:
        export_data(root, index, target, layout=ExportLayout.FLAT)
    assert refused.value.reason == "bad-target"
    assert str(target) in str(refused.value)
    assert tree_digest(tmp_path) == before


@pytest.mark.parametrize("change", ["gone", "grown", "other bytes"])
def test_a_picture_that_changed_since_the_scan_stops_the_export(root, tmp_path, change):
    index = scan(root)
    victim = root / "red/005.png"
    if change == "gone":
        victim.unlink()
    elif change == "grown":
        victim.write_bytes(victim.read_bytes() + b"more")
    else:
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    with pytest.raises(DatasetError) as refused:
        export_data(root, index, tmp_path / "out", layout=ExportLayout.FLAT)
    assert refused.value.reason == "picture-changed"
    assert "red/005.png" in str(refused.value)
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["colours"]


def test_a_stopped_export_leaves_nothing_behind(root, tmp_path):
    class StopNow(Exception):
        pass

    def progress(done: int, total: int) -> None:
        if done == 12:
            raise StopNow

    with pytest.raises(StopNow):
        export_data(root, scan(root), tmp_path / "out", layout=ExportLayout.FLAT, progress=progress)
    assert [path.name for path in tmp_path.iterdir()] == ["colours"]


def test_a_full_disk_leaves_nothing_behind(small_disk, tmp_path):
    root = write_class_folders(tmp_path / "large", per_class=12, side=160)  # 2.7 MB
    with pytest.raises(WorkspaceError) as refused:
        export_data(root, scan(root), small_disk / "out", layout=ExportLayout.FLAT)
    assert refused.value.reason == "disk-full"
    assert isinstance(refused.value.__cause__, OSError)
    assert refused.value.__cause__.errno == errno.ENOSPC
    assert list(small_disk.iterdir()) == []


def test_nothing_in_use_is_refused(root, tmp_path):
    found = scan(root)
    everything = [correction(found, path, Edit.EXCLUDE) for path in found.usable["path"]]
    index = apply_corrections(found, everything)
    with pytest.raises(DatasetError) as refused:
        export_data(root, index, tmp_path / "out", layout=ExportLayout.FLAT)
    assert refused.value.reason == "no-images"
