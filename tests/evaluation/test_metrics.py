"""The figures equal scikit-learn's, also where classes never occur."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from cnnlab.errors import RunError
from cnnlab.evaluation.metrics import (
    ConfusedPair,
    accuracy,
    balanced_accuracy,
    confusion_counts,
    evaluate,
    log_loss,
    macro_f1,
    most_confused_pairs,
    per_class_scores,
)
from cnnlab.evaluation.predictions import Predictions


@st.composite
def class_pairs(draw):
    """True and predicted classes of some images; classes may be missing on either side."""
    class_count = draw(st.integers(1, 7))
    images = draw(st.integers(1, 40))
    true_classes = draw(st.lists(st.integers(0, class_count - 1), min_size=1, max_size=3))
    any_class = st.integers(0, class_count - 1)
    true = draw(st.lists(st.sampled_from(true_classes), min_size=images, max_size=images))
    predicted = draw(st.lists(any_class, min_size=images, max_size=images))
    return np.array(true), np.array(predicted), class_count


@pytest.mark.filterwarnings("ignore")  # scikit-learn's, about classes without images
@given(class_pairs())
def test_all_figures_equal_those_of_scikit_learn(pair):
    true, predicted, class_count = pair
    labels = list(range(class_count))
    confusion = confusion_counts(true, predicted, class_count)

    assert confusion.tolist() == reference.confusion_matrix(true, predicted, labels=labels).tolist()
    assert accuracy(confusion) == pytest.approx(reference.accuracy_score(true, predicted))
    assert macro_f1(confusion) == pytest.approx(
        reference.f1_score(true, predicted, average="macro", zero_division=0)
    )
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        true, predicted, labels=labels, zero_division=0
    )
    scores = per_class_scores(confusion)
    assert [s.precision for s in scores] == pytest.approx(precision)
    assert [s.recall for s in scores] == pytest.approx(recall)
    assert [s.f1 for s in scores] == pytest.approx(f1)
    assert [s.support for s in scores] == support.tolist()
    assert [s.predicted for s in scores] == np.bincount(predicted, minlength=class_count).tolist()
    assert balanced_accuracy(confusion) == pytest.approx(
        reference.balanced_accuracy_score(true, predicted)
    )


@given(class_pairs(), st.integers(0, 2**31))
def test_log_loss_equals_that_of_scikit_learn(pair, seed):
    true, _, class_count = pair
    if class_count == 1:
        return
    weights = np.random.default_rng(seed).dirichlet(np.ones(class_count), len(true))
    expected = reference.log_loss(true, weights, labels=list(range(class_count)))

    assert log_loss(true, weights) == pytest.approx(expected, rel=1e-5)


def test_a_certain_mistake_keeps_log_loss_finite():
    assert 10 < log_loss(np.array([0]), np.array([[0.0, 1.0]], np.float32)) < 20


def test_empty_matrices_count_as_zero():
    empty = np.zeros((3, 3), np.int64)

    assert (accuracy(empty), balanced_accuracy(empty), macro_f1(empty)) == (0, 0, 0)
    assert most_confused_pairs(empty) == []


def test_lists_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="equal length"):
        confusion_counts(np.array([0, 1]), np.array([0]), 2)


def test_a_class_out_of_range_is_refused_instead_of_counted_elsewhere():
    with pytest.raises(ValueError, match=r"predicted classes.*Received: 0 to 2"):
        confusion_counts(np.array([0, 1]), np.array([0, 2]), 2)
    with pytest.raises(ValueError, match="true classes"):
        confusion_counts(np.array([-1, 1]), np.array([0, 1]), 2)


def test_counts_of_small_integer_types_do_not_overflow():
    true = np.array([200, 255], np.uint8)

    assert confusion_counts(true, true, 256)[255, 255] == 1


def test_most_confused_pairs_come_by_count_then_by_share():
    confusion = np.array([[90, 5, 0], [3, 10, 5], [1, 0, 40]])

    assert most_confused_pairs(confusion, limit=3) == [
        ConfusedPair(true=1, predicted=2, count=5, share=5 / 18),
        ConfusedPair(true=0, predicted=1, count=5, share=5 / 95),
        ConfusedPair(true=1, predicted=0, count=3, share=3 / 18),
    ]


def predictions(true, probabilities, class_names):
    return Predictions(
        class_names=class_names,
        paths=tuple(f"{index}.png" for index in range(len(true))),
        splits=np.full(len(true), "test"),
        true=np.array(true, np.int64),
        probabilities=np.array(probabilities, np.float32).reshape(len(true), len(class_names)),
    )


def test_an_evaluation_becomes_plain_json():
    evaluation = evaluate(
        predictions([0, 0, 1], [[0.9, 0.1, 0], [0.2, 0.8, 0], [0, 1, 0]], ("cat", "dog", "eel"))
    )
    document = json.loads(json.dumps(evaluation.to_json()))

    assert document == {
        "images": 3,
        "accuracy": pytest.approx(2 / 3),
        "macro_f1": pytest.approx(2 / 3),
        "balanced_accuracy": pytest.approx(0.75),
        "classes": ["cat", "dog", "eel"],
        "confusion": [[1, 1, 0], [0, 1, 0], [0, 0, 0]],
        "per_class": {
            "cat": {"precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2},
            "dog": {"precision": 0.5, "recall": 1, "f1": pytest.approx(2 / 3), "support": 1},
            "eel": {"precision": 0, "recall": 0, "f1": 0, "support": 0},
        },
    }
    assert evaluation.class_counts == {"cat": 2, "dog": 1, "eel": 0}


def test_nothing_to_evaluate_is_said_instead_of_an_accuracy_of_zero():
    with pytest.raises(RunError, match="at least one image") as caught:
        evaluate(predictions([], [], ("cat", "dog")))
    assert caught.value.reason == "no-predictions"
