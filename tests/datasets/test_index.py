"""The index of a data set: what it says, and its file."""

import json
from pathlib import Path

import pandas as pd
import pytest

from cnnlab.datasets.index import (
    COLUMNS,
    DatasetIndex,
    read_index,
    require_trainable,
    summary,
    write_index,
)
from cnnlab.errors import DatasetError


def make_index(*rows: dict[str, object], class_folders: tuple[str, ...] = ()) -> DatasetIndex:
    """An index of rows that name path and class at least."""
    defaults = {name: "" if kind == "str" else 1 for name, kind in COLUMNS.items()}
    table = [{**defaults, "content_hash": str(row["path"]), **row} for row in rows]
    table.sort(key=lambda row: str(row["path"]))
    frame = pd.DataFrame(table, columns=list(COLUMNS)).astype(COLUMNS)
    return DatasetIndex(frame, class_folders)


def picture(path: str, **facts: object) -> dict[str, object]:
    return {"path": path, "class": path.split("/")[-2], **facts}


BAD = {"problem": "empty", "detail": "It is empty."}


@pytest.fixture
def index() -> DatasetIndex:
    return make_index(
        picture("dog/1.png"),
        picture("dog/copy.png", content_hash="same"),
        picture("cat/1.png", content_hash="same"),
        picture("cat/2.png", **BAD),
        picture("eel/1.png", **BAD),
        class_folders=("cat", "dog", "eel", "fox"),
    )


def test_classes_are_those_with_a_usable_picture(index):
    assert index.class_names == ["cat", "dog"]
    assert index.class_counts == {"cat": 1, "dog": 2}
    assert index.empty_classes == ["eel", "fox"]
    assert index.usable["path"].tolist() == ["cat/1.png", "dog/1.png", "dog/copy.png"]
    assert index.usable.index.tolist() == [0, 1, 2]
    assert index.problems["path"].tolist() == ["cat/2.png", "eel/1.png"]


def test_copies_are_grouped_and_damaged_files_are_no_copies(index):
    assert index.duplicates() == [["cat/1.png", "dog/copy.png"]]
    twins = make_index(*(picture(f"cat/{n}.png", content_hash="", **BAD) for n in range(3)))
    assert twins.duplicates() == []


def test_a_given_split_counts_only_where_pictures_are_usable():
    assert not make_index(picture("cat/1.png")).has_given_split
    assert make_index(picture("train/cat/1.png", split="train")).has_given_split
    assert not make_index(picture("train/cat/1.png", split="train", **BAD)).has_given_split


def test_the_fingerprint_follows_what_training_would_see(index):
    base = make_index(picture("cat/1.png"), picture("dog/1.png"))
    same = make_index(
        picture("dog/1.png", modified_ns=99), picture("cat/1.png"), picture("cat/bad.png", **BAD)
    )
    assert same.fingerprint == base.fingerprint
    others = [
        make_index(picture("cat/1.png")),
        make_index(picture("cat/1.png"), picture("dog/2.png", content_hash="dog/1.png")),
        make_index(picture("cat/1.png"), picture("dog/1.png", content_hash="new")),
        make_index(picture("cat/1.png"), picture("dog/1.png", split="test")),
        make_index(picture("cat/1.png"), {"path": "dog/1.png", "class": "wolf"}),
        make_index(),
    ]
    assert len({base.fingerprint, *(other.fingerprint for other in others)}) == 7


def test_an_empty_index_works_everywhere(tmp_path):
    empty = make_index()
    assert empty.class_names == empty.empty_classes == empty.duplicates() == []
    assert empty.class_counts == {}
    assert not empty.has_given_split
    assert len(empty.usable) == len(empty.problems) == 0
    assert summary(empty, 0.0)["images"] == 0
    write_index(empty, tmp_path / "index.parquet")
    stored = read_index(tmp_path / "index.parquet")
    assert stored.equals(empty)
    assert stored.fingerprint == empty.fingerprint


# --- training needs two classes ---


def test_classes_left_out_are_named(index):
    sentences = require_trainable(index)
    assert [("eel" in text, "fox" in text) for text in sentences] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (make_index(), "no-images"),
        (make_index(picture("cat/1.png", **BAD)), "no-images"),
        (make_index(picture("cat/1.png"), picture("dog/1.png", **BAD)), "one-class"),
    ],
    ids=["nothing", "nothing usable", "one class"],
)
def test_fewer_than_two_classes_cannot_be_trained(index, reason):
    with pytest.raises(DatasetError) as caught:
        require_trainable(index)
    assert caught.value.reason == reason


def test_a_folder_chosen_one_level_too_high_is_pointed_out():
    index = make_index({"path": "set/cat/1.png", "class": "set"})
    with pytest.raises(DatasetError, match="choose that folder"):
        require_trainable(index)


# --- summary ---


def test_the_summary_is_plain_json_with_the_documented_keys(index):
    found = summary(index, 1.23456)
    assert json.loads(json.dumps(found)) == found
    assert found == {
        "images": 5,
        "usable": 3,
        "classes": {"cat": 1, "dog": 2, "eel": 0, "fox": 0},
        "problems": [
            {"path": "cat/2.png", "reason": "empty", "detail": "It is empty."},
            {"path": "eel/1.png", "reason": "empty", "detail": "It is empty."},
        ],
        "duplicates": [["cat/1.png", "dog/copy.png"]],
        "seconds": 1.235,
    }


# --- the file ---


def test_what_is_written_is_read_back(index, tmp_path):
    noted = DatasetIndex(index.frame, index.class_folders, ("2 pictures lie outside.",))
    write_index(noted, tmp_path / "deep" / "index.parquet")
    stored = read_index(tmp_path / "deep" / "index.parquet")
    assert stored.equals(noted)
    assert stored.fingerprint == noted.fingerprint
    assert stored.empty_classes == ["eel", "fox"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["index.parquet"]


def test_unusual_names_survive_the_file(tmp_path):
    index = make_index(picture("日本/ü <b>'\".png"), picture("Not sure/1.png"))
    write_index(index, tmp_path / "index.parquet")
    assert read_index(tmp_path / "index.parquet").equals(index)


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "rubbish":
        path.write_bytes(b"rubbish" * 100)
    elif how == "changed":
        middle = len(content) // 4
        path.write_bytes(content[:middle] + bytes(40) + content[middle + 40 :])
    elif how == "other table":
        pd.DataFrame({"path": ["a"]}).to_parquet(path)


@pytest.mark.parametrize("how", ["missing", "empty", "cut", "rubbish", "changed", "other table"])
def test_a_damaged_file_is_refused_by_name(tmp_path, how):
    path = tmp_path / "index.parquet"
    rows = [picture(f"cat/{number}.png", content_hash=f"{number:032x}") for number in range(500)]
    write_index(make_index(*rows), path)
    damage(path, how)
    with pytest.raises(DatasetError) as caught:
        read_index(path)
    assert caught.value.reason == "damaged-index"
    assert "Scan the data set again" in caught.value.message


def test_a_flipped_bit_is_noticed_or_changes_nothing(tmp_path):
    path = tmp_path / "index.parquet"
    rows = [picture(f"cat/{number}.png", content_hash=f"{number:032x}") for number in range(50)]
    index = make_index(*rows)
    write_index(index, path)
    content = path.read_bytes()
    noticed = 0
    for position in range(4, len(content) - 8, 97):
        changed = bytearray(content)
        changed[position] ^= 0x10
        path.write_bytes(changed)
        try:
            assert read_index(path).equals(index)
        except DatasetError:
            noticed += 1
    assert noticed > 5
