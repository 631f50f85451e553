"""Findings: how many, which pictures, and what to do."""

import numpy as np
import pandas as pd
import pytest

from cnnlab.datasets.audit import find
from cnnlab.datasets.edits import Correction, Edit, apply_corrections
from cnnlab.datasets.findings import Kind, Severity
from cnnlab.datasets.measures import COLUMNS as MEASURED
from cnnlab.datasets.measures import Measures
from cnnlab.datasets.shortcuts import Shortcuts
from tests.datasets.test_index import BAD, make_index, picture

USUAL = {
    "brightness": 120,
    "contrast": 50,
    "sharpness": 500,
    "uniformity": 0.2,
    "colourfulness": 30,
}


def measures_for(index, **odd):
    """Usual measures of every picture, except for those that `odd` names by path."""
    values = []
    for path, content in zip(index.frame["path"], index.frame["content_hash"], strict=True):
        values.append({"content_hash": content, **USUAL, **odd.get(path, {})})
    frame = pd.DataFrame(values, columns=list(MEASURED)).astype(MEASURED)
    return Measures(frame, np.zeros((0, 32, 32, 3), dtype=np.uint8))


def by_kind(index, **known):
    return {finding.kind: finding for finding in find(index, **known)}


def many(*extra, count=12):
    rows = [
        picture(f"{name}/{n}.png", format="PNG") for name in ("cat", "dog") for n in range(count)
    ]
    return make_index(*rows, *extra)


def pairs_of(*linked):
    return pd.DataFrame(
        [(*pair, 0.95) for pair in linked], columns=["first", "second", "similarity"]
    )


def test_nothing_is_said_of_a_clean_set():
    index = many()
    assert find(index, measures=measures_for(index), pairs=pairs_of()) == []


def test_files_that_cannot_be_read_are_counted_by_reason():
    finding = by_kind(many(picture("cat/x.png", **BAD), picture("dog/y.png", **BAD)))[
        Kind.UNREADABLE
    ]
    assert (finding.count, finding.severity) == (2, Severity.PROBLEM)
    assert "2 empty" in finding.sentence
    assert finding.paths == ("cat/x.png", "dog/y.png")


def test_exact_and_near_copies_within_a_class_are_told_apart():
    index = many(picture("cat/copy.png", content_hash="cat/0.png", format="PNG"))
    found = by_kind(index, pairs=pairs_of(("dog/1.png", "dog/2.png")))
    assert found[Kind.EXACT_COPIES].groups == (("cat/0.png", "cat/copy.png"),)
    assert found[Kind.EXACT_COPIES].proposal == ("cat/copy.png",)
    assert found[Kind.NEAR_COPIES].groups == (("dog/1.png", "dog/2.png"),)
    assert found[Kind.NEAR_COPIES].severity is Severity.WARNING


def test_copies_in_two_classes_are_a_conflict_of_labels():
    index = many(picture("dog/same.png", content_hash="cat/0.png", format="PNG"))
    found = by_kind(index, pairs=pairs_of(("cat/3.png", "dog/4.png")))
    finding = found[Kind.LABEL_CONFLICT]
    assert finding.severity is Severity.PROBLEM
    assert finding.groups == (("cat/0.png", "dog/same.png"), ("cat/3.png", "dog/4.png"))
    assert finding.proposal == ()
    assert Kind.EXACT_COPIES not in found


def test_relabelling_settles_a_conflict():
    index = many(picture("dog/same.png", content_hash="cat/0.png", format="PNG"))
    relabel = Correction(
        path="dog/same.png", content_hash="cat/0.png", edit=Edit.RELABEL, class_name="cat"
    )
    found = by_kind(apply_corrections(index, [relabel]))
    assert Kind.LABEL_CONFLICT not in found
    assert Kind.EXACT_COPIES in found


def test_copies_on_two_sides_of_a_given_split_are_a_leak():
    rows = [
        picture(f"{split}/cat/{n}.png", split=split, format="PNG")
        for split in ("train", "test")
        for n in range(3)
    ]
    index = make_index(*rows, picture("train/dog/1.png", split="train", format="PNG"))
    finding = by_kind(index, pairs=pairs_of(("test/cat/1.png", "train/cat/2.png")))[Kind.LEAK]
    assert finding.paths == ("test/cat/1.png", "train/cat/2.png")
    assert finding.proposal == ("train/cat/2.png",), "the test picture stays"


def test_excluded_pictures_are_no_longer_found():
    index = many(picture("cat/copy.png", content_hash="cat/0.png", format="PNG"))
    exclude = Correction(path="cat/copy.png", content_hash="cat/0.png", edit=Edit.EXCLUDE)
    assert find(apply_corrections(index, [exclude])) == []


def test_uneven_classes_come_with_what_they_do_to_accuracy():
    rows = [picture(f"cat/{n}.png", format="PNG") for n in range(9)]
    finding = by_kind(make_index(*rows, picture("dog/1.png", format="PNG")))[Kind.IMBALANCE]
    assert "'cat' has 9 pictures, 'dog' 1" in finding.sentence
    assert "90.0%" in finding.sentence
    assert "data.balance" in finding.advice


@pytest.mark.parametrize(
    ("measured", "kind"),
    [
        ({"brightness": 5}, Kind.DARK),
        ({"brightness": 250}, Kind.BRIGHT),
        ({"uniformity": 0.99}, Kind.NEARLY_EMPTY),
        ({"sharpness": 3}, Kind.BLURRED),
        ({"colourfulness": 0.5}, Kind.GREY),
    ],
)
def test_pictures_that_look_odd_are_named(measured, kind):
    index = many()
    found = by_kind(index, measures=measures_for(index, **{"cat/7.png": measured}))
    assert set(found) == {kind}
    assert found[kind].paths == ("cat/7.png",)
    assert found[kind].severity is Severity.NOTE


def test_grey_is_not_told_where_most_are_grey():
    index = many()
    grey = {path: {"colourfulness": 0.0} for path in index.frame["path"]}
    assert find(index, measures=measures_for(index, **grey)) == []


def test_odd_shapes_and_sizes_are_named():
    found = by_kind(
        many(
            picture("cat/wide.png", format="PNG", width=9, height=1),
            picture("cat/large.png", format="PNG", width=50, height=50),
        )
    )
    assert found[Kind.ODD_ASPECT].paths == ("cat/wide.png",)
    assert found[Kind.ODD_SIZE].paths == ("cat/large.png",)


def test_endings_that_do_not_match_and_turned_pictures_are_named():
    found = by_kind(
        many(
            picture("cat/really.JPG", format="PNG"),
            picture("cat/fine.JPEG", format="JPEG", orientation=6),
        )
    )
    assert found[Kind.WRONG_SUFFIX].paths == ("cat/really.JPG",)
    assert "which is PNG" in found[Kind.WRONG_SUFFIX].sentence
    assert found[Kind.ROTATED].paths == ("cat/fine.JPEG",)


def test_a_shortcut_is_told_with_its_accuracy_and_the_baseline():
    shortcuts = Shortcuts(
        fingerprint="", baseline=0.5, scores={"format": 0.98, "width": 0.51}, count=1000
    )
    finding = by_kind(many(), shortcuts=shortcuts)[Kind.SHORTCUT]
    assert "format 98.0%" in finding.sentence
    assert "50.0%" in finding.sentence
    assert "width" not in finding.sentence
    assert finding.severity is Severity.WARNING


def test_what_matters_most_comes_first():
    index = many(
        picture("cat/x.png", **BAD), picture("cat/turned.png", format="PNG", orientation=3)
    )
    assert [finding.kind for finding in find(index)] == [Kind.UNREADABLE, Kind.ROTATED]


@pytest.mark.parametrize("index", [make_index(), make_index(picture("cat/1.png", **BAD))])
def test_sets_without_a_usable_picture_can_be_audited(index):
    assert len(find(index, measures=measures_for(index), pairs=pairs_of())) == len(index.problems)
