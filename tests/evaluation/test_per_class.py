"""Figures of each class in numbers and words."""

import numpy as np
import pytest

from cnnlab.evaluation.intervals import f1_interval, wilson
from cnnlab.evaluation.metrics import evaluate
from cnnlab.evaluation.per_class import class_figures, silent_sentences, weakest_sentence
from cnnlab.evaluation.predictions import Predictions


def evaluation_of(confusion, names):
    """The evaluation of predictions that give a confusion matrix."""
    pairs = [
        (true, said)
        for true, row in enumerate(confusion)
        for said, count in enumerate(row)
        for _ in range(count)
    ]
    probabilities = np.eye(len(names), dtype=np.float32)[[said for _, said in pairs]]
    return evaluate(
        Predictions(
            class_names=tuple(names),
            paths=tuple(map(str, range(len(pairs)))),
            splits=np.full(len(pairs), "test"),
            true=np.array([true for true, _ in pairs]),
            probabilities=probabilities,
        )
    )


EVALUATION = evaluation_of([[40, 8, 2, 0], [1, 30, 0, 0], [0, 0, 20, 0], [0, 0, 0, 0]], "abcd")


def test_every_figure_has_its_interval():
    first = class_figures(EVALUATION)[0]
    assert first.recall == wilson(40, 50)
    assert first.precision == wilson(40, 41)
    assert first.f1 == f1_interval(40, 1, 10)
    assert first.taken_for == "b"
    assert class_figures(EVALUATION)[2].taken_for is None


def test_a_class_without_pictures_leaves_everything_open():
    last = class_figures(EVALUATION)[3]
    assert last.recall == (0, 1)
    assert "“d”" in silent_sentences(EVALUATION)[0]


def test_the_weakest_class_is_named_with_what_it_is_taken_for():
    said = weakest_sentence(EVALUATION)
    assert "“a” is recognised least: 80.0% of 50" in said
    assert "mostly taken for “b”" in said


def test_a_class_of_a_few_pictures_is_not_called_the_weakest():
    said = weakest_sentence(evaluation_of([[30, 10, 0], [0, 40, 0], [1, 0, 0]], "abc"))
    assert said.startswith(
        "Of the classes with 10 pictures or more, “a” is recognised least: 75.0%"
    )
    assert "“b” is recognised least: 50.0% of 2" in weakest_sentence(
        evaluation_of([[3, 0], [1, 1]], "ab")
    )


def test_a_class_with_one_mistake_among_thousands_is_not_said_to_be_recognised_always():
    said = weakest_sentence(evaluation_of([[4_999, 1], [0, 50]], "ab"))
    assert "“a” is recognised least: >99.9% of 5,000 (99.9% to >99.9%)" in said


def test_nothing_is_weak_where_everything_is_right():
    said = weakest_sentence(evaluation_of([[5, 0], [0, 4]], "ab"))
    assert said == "Every one of the 9 pictures was recognised."


def test_classes_that_are_never_answered_are_named():
    said = silent_sentences(evaluation_of([[5, 0, 0], [4, 0, 0], [0, 0, 3]], "abc"))
    assert said == ["The network never answered “b”."]


@pytest.mark.parametrize(
    ("count", "words"), [(2, "“1” and “2”"), (6, "“5” and 1 other:"), (9, "“5” and 4 others")]
)
def test_long_lists_of_names_are_cut(count, words):
    confusion = np.zeros((count + 1, count + 1), dtype=int)
    confusion[0, 0] = 3
    said = silent_sentences(evaluation_of(confusion, [str(i) for i in range(count + 1)]))
    assert words in said[0]
