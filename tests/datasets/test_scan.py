"""Scanning a folder: what is found, what is opened again, what is set aside."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets.image_problem import ImageProblem
from cnnlab.datasets.images import load
from cnnlab.datasets.index import COLUMNS, DatasetIndex, read_index, write_index
from cnnlab.datasets.scan import scan
from cnnlab.errors import DatasetError, ImageError


def draw(path: Path, shade: int, size: tuple[int, int] = (12, 10), mode: str = "RGB") -> Path:
    """A picture of one colour that is different for every shade."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade, 255 - shade, 30)).convert(mode).save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Nine pictures in two classes, one of them twice, and an empty third class."""
    for number in range(5):
        draw(tmp_path / "data" / "cat" / f"{number}.png", number)
    for number in range(4):
        draw(tmp_path / "data" / "dog" / f"{number}.jpg", 100 + 20 * number, size=(8, 20))
    (tmp_path / "data" / "eel").mkdir()
    return tmp_path / "data"


def opened(root: Path, previous: DatasetIndex) -> int:
    """How many files a rescan opens, by what progress starts from."""
    told: list[tuple[int, int]] = []
    scan(root, previous, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    return told[0][1] - told[0][0]


def row(index: DatasetIndex, path: str) -> dict[str, object]:
    (found,) = index.frame[index.frame["path"] == path].to_dict("records")
    return found


def test_a_scan_finds_every_picture_with_its_facts(root):
    index = scan(root)
    assert index.frame.dtypes.astype(str).to_dict() == COLUMNS
    assert index.frame["path"].tolist() == sorted(index.frame["path"])
    assert index.class_counts == {"cat": 5, "dog": 4}
    assert index.empty_classes == ["eel"]
    assert index.problems.empty
    dog = row(index, "dog/0.jpg")
    assert (dog["width"], dog["height"], dog["mode"], dog["format"]) == (8, 20, "RGB", "JPEG")
    facts = (root / "dog" / "0.jpg").stat()
    assert (dog["bytes"], dog["modified_ns"]) == (facts.st_size, facts.st_mtime_ns)


def test_files_that_are_no_pictures_are_set_aside_with_their_reason(root):
    whole = draw(root / "cat" / "noise.png", 1)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)).save(whole)
    (root / "cat" / "half.png").write_bytes(whole.read_bytes()[:900])
    (root / "cat" / "empty.jpg").touch()
    (root / "eel" / "notes.txt").write_text("Nothing to see here, only words.\n" * 9)
    index = scan(root)
    reasons = dict(zip(index.problems["path"], index.problems["problem"], strict=True))
    assert reasons == {
        "cat/empty.jpg": "empty",
        "cat/half.png": "truncated",
        "eel/notes.txt": "not-an-image",
    }
    assert index.problems["detail"].str.endswith(".").all()
    assert index.class_counts == {"cat": 6, "dog": 4}
    assert index.empty_classes == ["eel"]
    assert len(index.usable) + len(index.problems) == len(index.frame)


def test_the_verdict_is_that_of_load(root):
    (root / "cat" / "empty.jpg").touch()
    (root / "dog" / "text.jpg").write_text("words")
    for path, problem in zip(
        *(scan(root).frame[name] for name in ("path", "problem")), strict=True
    ):
        if problem:
            with pytest.raises(ImageError) as caught:
                load(root / path)
            assert caught.value.reason == problem
        else:
            load(root / path)


def test_the_number_of_threads_changes_nothing(root):
    assert scan(root, threads=1).equals(scan(root, threads=5))


def test_given_splits_are_in_the_index(tmp_path):
    for split in ("Train", "val", "test"):
        draw(tmp_path / split / "cat" / "1.png", 3)
    index = scan(tmp_path)
    assert index.has_given_split
    assert index.frame["split"].tolist() == ["train", "test", "validation"]


# --- scanning again ---


def test_an_unchanged_folder_is_not_opened_again(root, tmp_path):
    index = scan(root)
    assert opened(root, index) == 0
    assert scan(root, index) is index
    write_index(index, tmp_path / "index.parquet")
    stored = read_index(tmp_path / "index.parquet")
    assert scan(root, stored) is stored


def test_only_new_and_changed_files_are_opened(root):
    index = scan(root)
    draw(root / "dog" / "new.png", 7)
    draw(root / "cat" / "2.png", 77, size=(30, 30))
    (root / "cat" / "4.png").unlink()
    assert opened(root, index) == 2
    again = scan(root, index)
    assert again.equals(scan(root))
    assert row(again, "cat/2.png")["width"] == 30
    assert "cat/4.png" not in set(again.frame["path"])
    assert "dog/new.png" in set(again.frame["path"])


def test_a_touched_file_is_opened_again(root):
    index = scan(root)
    os.utime(root / "cat" / "1.png", ns=(10**18, 10**18))
    assert opened(root, index) == 1


def test_a_picture_of_the_same_size_with_another_time_gets_its_new_content(root):
    index = scan(root)
    path = root / "cat" / "1.png"
    length = path.stat().st_size
    draw(path, 201)
    assert path.stat().st_size == length  # otherwise this test says nothing
    os.utime(path, ns=(10**18, 10**18))
    assert scan(root, index).fingerprint != index.fingerprint


def test_a_repaired_file_becomes_usable(root):
    bad = root / "cat" / "bad.png"
    bad.touch()
    index = scan(root)
    assert len(index.problems) == 1
    draw(bad, 9)
    assert scan(root, index).problems.empty


@pytest.mark.parametrize("problem", [ImageProblem.UNREADABLE, ImageProblem.MISSING])
def test_what_the_system_refused_is_tried_again_though_the_file_is_unchanged(root, problem):
    index = scan(root)
    frame = index.frame.copy()
    frame.loc[3, ["problem", "detail"]] = [problem.value, "Permission denied."]
    assert opened(root, DatasetIndex(frame, index.class_folders)) == 1
    assert scan(root, DatasetIndex(frame, index.class_folders)).equals(index)


def test_a_link_is_looked_at_again_once_it_leads_somewhere(root):
    target = root.parent / "later.png"
    try:
        (root / "cat" / "link.png").symlink_to(target)
    except OSError:
        pytest.skip("this user may not make links here")
    index = scan(root)
    assert row(index, "cat/link.png")["problem"] == ImageProblem.MISSING
    assert scan(root, index) is index  # looked at again, and still the same
    draw(target, 5)
    assert row(scan(root, index), "cat/link.png")["problem"] == ""


def test_what_folders_say_may_change_without_opening_the_pictures_again(tmp_path):
    draw(tmp_path / "car" / "1.png", 1)
    draw(tmp_path / "train" / "cat" / "1.png", 2)
    index = scan(tmp_path)
    assert row(index, "train/cat/1.png")["class"] == "train"
    draw(tmp_path / "test" / "cat" / "1.png", 3)  # now "train" has a counterpart
    assert opened(tmp_path, index) == 1
    again = scan(tmp_path, index)
    assert again.equals(scan(tmp_path))
    cat = row(again, "train/cat/1.png")
    assert (cat["class"], cat["split"]) == ("cat", "train")
    assert again.class_names == ["cat"]


def test_a_new_empty_class_is_noticed_without_opening_anything(root):
    index = scan(root)
    (root / "fox").mkdir()
    again = scan(root, index)
    assert again.empty_classes == ["eel", "fox"]
    assert opened(root, index) == 0


def test_all_files_gone_is_an_error_not_an_empty_index(root):
    index = scan(root)
    for path in root.rglob("*.*"):
        path.unlink()
    with pytest.raises(DatasetError) as caught:
        scan(root, index)
    assert caught.value.reason == "no-images"


# --- odd cases ---


def test_progress_rises_to_the_number_of_files(root):
    for number in range(60):
        draw(root / "cat" / f"more{number}.png", number)
    told: list[tuple[int, int]] = []
    scan(root, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 69)
    assert told[-1] == (69, 69)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 3


def test_what_progress_raises_ends_the_scan(root):
    class GiveUp(Exception):
        pass

    def give_up(done: int, total: int) -> None:
        raise GiveUp

    with pytest.raises(GiveUp):
        scan(root, progress=give_up)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stores such names")
def test_a_name_that_is_not_unicode_is_set_aside_and_stored(root, tmp_path):
    content = (root / "cat" / "1.png").read_bytes()
    with open(os.fsencode(root) + b"/cat/\xff.png", "wb") as file:  # noqa: PTH123
        file.write(content)
    index = scan(root)
    assert index.problems["path"].tolist() == [r"cat/\xff.png"]
    assert index.problems["problem"].tolist() == ["unreadable"]
    write_index(index, tmp_path / "index.parquet")
    assert scan(root, read_index(tmp_path / "index.parquet")).equals(index)


# --- published data sets ---


@pytest.mark.real_data
def test_the_empty_files_of_a_messy_set_are_listed(real_data):
    folder = real_data / "clothing_messy"
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}")
    index = scan(folder)
    assert index.problems["problem"].tolist() == ["empty"] * 5
    assert len(index.usable) == 313
    assert len(index.class_names) == 20
    assert {"Not sure", "T-Shirt"} < set(index.class_names)


@pytest.mark.real_data
def test_train_and_test_folders_of_a_published_set_are_found(real_data):
    folder = real_data / "intel"
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}")
    index = scan(folder)
    assert set(index.usable["split"]) == {"train", "test"}
    assert index.class_names == ["buildings", "forest", "glacier", "mountain", "sea", "street"]
    assert opened(folder, index) == 0
