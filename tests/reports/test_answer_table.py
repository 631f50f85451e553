"""Answered photos: which are right, which to show, and their table."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnlab.datasets.photos import Photo
from cnnlab.errors import ImageError
from cnnlab.evaluation.metrics import evaluate
from cnnlab.inference.answers import gathered
from cnnlab.inference.classify import Classification
from cnnlab.inference.rejection import Verdict
from cnnlab.reports.answer_table import answer_columns, answer_row, photo_columns, photo_rows
from cnnlab.reports.answered_photos import AnsweredPhotos, Kind, Order, Wanted
from cnnlab.reports.spreadsheet import csv_text, read_csv_text, write_csv

NAMES = ("cat", "dog")


def answer(name, cat=None, *, known=None, names=NAMES):
    if cat is None:
        error = ImageError("damaged", f"{name} is damaged.")
        return Classification(name=name, class_names=names, error=error)
    return Classification(
        name=name,
        class_names=names,
        probabilities=np.array([cat, 1 - cat], np.float32),
        verdict=None if known is None else Verdict(known, 1 - cat, 0.5),
    )


FIRST = [
    answer("a/cat 1.png", 0.9, known=True),
    answer("a/cat 2.png", 0.3, known=True),
    answer("b/dog 1.png", 0.2, known=True),
    answer("b/broken.png"),
    answer("c/bird.png", 0.55, known=False),
]
SECOND = [
    answer("a/cat 1.png", 0.8),
    answer("a/cat 2.png", 0.8),
    answer("b/dog 1.png", 0.1),
    answer("b/broken.png"),
    answer("c/bird.png", 0.1),
]
LABELS = ("cat", "cat", "dog", "dog", "bird")
PHOTOS = [
    Photo(name=each.name, source=b"", label=label)
    for each, label in zip(FIRST, LABELS, strict=True)
]


@pytest.fixture
def photos():
    return AnsweredPhotos(PHOTOS, [gathered(NAMES, FIRST)], {})


@pytest.fixture
def both():
    return AnsweredPhotos(PHOTOS, [gathered(NAMES, FIRST), gathered(NAMES, SECOND)], {})


def shown(photos, **wanted):
    return photos.rows(Wanted(**wanted)).tolist()


def test_right_and_wrong_are_said_only_of_photos_whose_class_the_network_knows(photos):
    assert photos.right(0).tolist() == [True, False, True, False, False]
    assert photos.wrong(0).tolist() == [False, True, False, False, False]
    assert photos.foreign_labels(0) == {"bird": 1}


def test_each_filter_shows_what_it_says(photos, both):
    assert shown(photos) == [0, 1, 2, 3, 4]
    assert shown(photos, kind=Kind.WRONG) == [1]
    assert shown(photos, kind=Kind.REFUSED) == [3]
    assert shown(photos, kind=Kind.UNKNOWN) == [4]
    assert shown(photos, kind=Kind.DIFFERENT) == []
    assert shown(photos, said="dog") == [1, 2]
    assert shown(photos, label="dog") == [2, 3]
    assert shown(photos, below=0.75) == [1, 4]
    assert shown(photos, text="CAT") == [0, 1]
    assert shown(photos, said="dog", text="b/") == [2]
    assert shown(both, kind=Kind.DIFFERENT) == [1, 4]


def test_orders_put_what_has_no_figure_last(photos):
    assert shown(photos, order=Order.UNSURE) == [4, 1, 2, 0, 3]
    assert shown(photos, order=Order.SURE) == [0, 2, 1, 4, 3]
    assert shown(photos, order=Order.STRANGE) == [2, 1, 4, 0, 3]
    assert shown(photos, order=Order.NAME) == [0, 1, 3, 2, 4]


def test_folders_are_evaluated_and_what_a_user_has_said_counts(photos):
    found = evaluate(photos.predictions(0))
    assert (found.images, found.accuracy) == (3, pytest.approx(2 / 3))
    corrected = AnsweredPhotos(PHOTOS, photos.answers, {"a/cat 2.png": "dog"})
    assert evaluate(corrected.predictions(0)).accuracy == 1
    assert shown(corrected, kind=Kind.CORRECTED) == [1]


def test_what_a_user_says_about_unlabelled_photos_is_no_evaluation(photos):
    unlabelled = [replace(photo, label=None) for photo in PHOTOS]
    found = AnsweredPhotos(unlabelled, photos.answers, {"a/cat 2.png": "cat"})
    assert found.wrong(0).tolist() == [False, True, False, False, False]
    assert len(found.predictions(0)) == 0


def test_two_networks_are_compared_on_photos_that_both_can_be_judged_by(both):
    found = both.compared()
    assert (found.images, found.only_first, found.only_second) == (3, 0, 1)
    assert both.different.tolist() == [False, True, False, False, True]


def test_networks_with_other_classes_keep_their_own():
    others = [answer(each.name, 0.6, names=("cup", "glass")) for each in FIRST]
    photos = AnsweredPhotos(
        PHOTOS, [gathered(NAMES, FIRST), gathered(("cup", "glass"), others)], {}
    )
    assert photos.compared() is None
    assert photos.foreign_labels(1) == {"cat": 2, "dog": 1, "bird": 1}
    assert photos.different.tolist() == [True, True, True, False, True]


def test_only_photos_that_both_networks_have_answered_are_shown():
    found = AnsweredPhotos(PHOTOS, [gathered(NAMES, FIRST), gathered(NAMES, SECOND[:2])], {})
    assert len(found) == 2


def test_the_table_of_one_network_has_every_figure(photos):
    photos = AnsweredPhotos(PHOTOS, photos.answers, {"c/bird.png": "cat"})
    columns = photo_columns(photos, ["one"])
    rows = read_csv_text(csv_text(list(photo_rows(photos, range(5), ["one"]))))
    assert columns == answer_columns(NAMES)
    assert list(rows[0]) == columns
    assert rows[0]["label"] == "cat"
    assert rows[0]["known"] == "true"
    assert rows[0]["true class"] == "cat"
    assert rows[3]["error"] == "damaged"
    assert rows[3]["error detail"] == "b/broken.png is damaged."
    assert rows[3]["label"] == rows[3]["probability"] == rows[3]["known"] == ""
    assert rows[4]["known"] == "false"
    assert rows[4]["corrected class"] == "cat"


def test_the_table_of_two_networks_says_where_they_agree(both):
    columns = photo_columns(both, ["one", "two"])
    file = io.BytesIO()
    write_csv(file, columns, photo_rows(both, range(5), ["one", "two"]))
    rows = read_csv_text(file.getvalue().decode())
    assert list(rows[0]) == columns
    assert [row["agree"] for row in rows] == ["true", "false", "true", "", "false"]
    assert rows[1]["one: label"] == "dog"
    assert rows[1]["two: label"] == "cat"
    assert rows[1]["two: known"] == ""


@given(
    arrays.arrays(np.float32, 3, elements=st.floats(0, 1, width=32)),
    st.text(st.characters(exclude_categories=()), min_size=1),
    st.lists(st.text(min_size=1), min_size=3, max_size=3, unique=True),
)
def test_every_figure_and_every_name_reads_back_as_it_was(probabilities, name, class_names):
    answered = Classification(
        name=name, class_names=tuple(class_names), probabilities=probabilities
    )
    file = io.BytesIO()
    write_csv(file, answer_columns(class_names), [answer_row(answered)])
    (row,) = read_csv_text(file.getvalue().decode("utf-8"))
    assert row["name"] == name
    assert row["label"] == answered.label
    for class_name, probability in zip(class_names, probabilities, strict=True):
        assert np.float32(row[f"probability of {class_name}"]) == probability
