"""Which pictures a configuration uses."""

import pytest

from cnnlab.config import DataConfig
from cnnlab.datasets.edits import Correction, Edit, apply_corrections
from cnnlab.datasets.selection import select
from cnnlab.errors import DatasetError
from tests.datasets.test_index import BAD, make_index, picture


def make(sizes, split=""):
    prefix = f"{split}/" if split else ""
    return [
        picture(f"{prefix}{name}/{n:03}.png", split=split, content_hash=f"{split}{name}{n}")
        for name, count in sizes.items()
        for n in range(count)
    ]


@pytest.fixture
def index():
    rows = make({"cat": 30, "dog": 20, "eel": 10})
    return make_index(*rows, picture("cat/bad.png", **BAD), class_folders=("cat", "dog", "eel"))


def test_asking_for_nothing_changes_nothing(index):
    assert select(index, DataConfig(), 0) is index


def test_classes_are_chosen_by_name(index):
    chosen = select(index, DataConfig(classes=("eel", "cat")), 0)
    assert chosen.class_counts == {"cat": 30, "eel": 10}
    assert chosen.class_folders == ("cat", "eel")
    assert len(chosen.problems) == 1


def test_an_unknown_class_is_named_with_those_there_are(index):
    with pytest.raises(DatasetError, match=r"cat, dog, eel.*'fox'") as refused:
        select(index, DataConfig(classes=("cat", "fox")), 0)
    assert refused.value.reason == "unknown-class"


def test_a_limit_is_kept_and_a_larger_one_contains_it(index):
    few = select(index, DataConfig(limit=5), 3)
    more = select(index, DataConfig(limit=12), 3)
    assert few.class_counts == {"cat": 5, "dog": 5, "eel": 5}
    assert more.class_counts == {"cat": 12, "dog": 12, "eel": 10}
    assert set(few.usable["path"]) <= set(more.usable["path"])
    assert set(few.usable["path"]) != set(select(index, DataConfig(limit=5), 4).usable["path"])


def test_balancing_gives_every_class_the_same_number_and_says_so(index):
    chosen = select(index, DataConfig(balance=True), 0)
    assert chosen.class_counts == {"cat": 10, "dog": 10, "eel": 10}
    assert any("10 pictures of every class" in note for note in chosen.notes)
    assert select(index, DataConfig(balance=True, limit=4), 0).class_counts == {
        "cat": 4,
        "dog": 4,
        "eel": 4,
    }


def test_given_splits_are_counted_apart():
    rows = [*make({"cat": 30, "dog": 20}, "train"), *make({"cat": 6, "dog": 9}, "test")]
    chosen = select(make_index(*rows), DataConfig(balance=True), 0)
    sizes = chosen.usable.groupby(["split", "class"]).size().to_dict()
    assert sizes == {
        ("test", "cat"): 6,
        ("test", "dog"): 6,
        ("train", "cat"): 20,
        ("train", "dog"): 20,
    }


def test_a_class_without_test_pictures_does_not_empty_the_test_folder():
    rows = [*make({"cat": 5, "dog": 5, "eel": 5}, "train"), *make({"cat": 4, "dog": 3}, "test")]
    chosen = select(make_index(*rows), DataConfig(balance=True), 0)
    assert (chosen.usable["split"] == "test").sum() == 6


def test_excluded_pictures_are_not_counted_and_stay_excluded(index):
    paths = [f"eel/{n:03}.png" for n in range(4)]
    corrected = apply_corrections(
        index,
        [
            Correction(path=path, content_hash=f"eel{int(path[4:7])}", edit=Edit.EXCLUDE)
            for path in paths
        ],
    )
    chosen = select(corrected, DataConfig(balance=True), 0)
    assert chosen.class_counts == {"cat": 6, "dog": 6, "eel": 6}
    assert not set(chosen.usable["path"]) & set(paths)


def test_one_class_alone_is_refused_by_the_configuration():
    with pytest.raises(ValueError, match="two different classes"):
        DataConfig(classes=("cat", "cat"))
