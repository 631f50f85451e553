"""Orders in which a confusion matrix is read best."""

import numpy as np
import pytest

from cnnlab.evaluation.class_order import most_mistaken, similarity_order


def planted(groups: list[list[int]], size: int) -> np.ndarray:
    """Classes of a group are taken for each other, and hardly for those of others."""
    confusion = np.ones((size, size), dtype=np.int64)
    for group in groups:
        confusion[np.ix_(group, group)] += 30
    np.fill_diagonal(confusion, 200)
    return confusion


@pytest.mark.parametrize("seed", range(5))
def test_classes_that_are_taken_for_each_other_stand_together(seed):
    shuffled = np.random.default_rng(seed).permutation(12).tolist()
    groups = [shuffled[:3], shuffled[3:7], shuffled[7:]]
    order = similarity_order(planted(groups, 12))
    assert sorted(order) == list(range(12))
    for group in groups:
        places = sorted(order.index(index) for index in group)
        assert places == list(range(places[0], places[0] + len(group)))


@pytest.mark.parametrize("size", [0, 1, 2])
def test_two_classes_stay_as_they_are(size):
    assert similarity_order(np.ones((size, size), dtype=int)) == list(range(size))


@pytest.mark.parametrize("size", [3, 40, 1_000])
def test_any_matrix_has_an_order_that_stays(size):
    confusion = np.random.default_rng(0).integers(0, 3, (size, size))
    confusion[:, 1] = confusion[1, :] = 0  # a class without pictures
    order = similarity_order(confusion)
    assert sorted(order) == list(range(size))
    assert order == similarity_order(confusion)


def test_classes_with_the_most_mistakes_are_found():
    confusion = np.diag([50] * 6)
    confusion[4, 2] = 9
    confusion[0, 2] = 3
    assert most_mistaken(confusion, 2) == [2, 4]
    assert most_mistaken(confusion, 3) == [0, 2, 4]
    assert most_mistaken(confusion, 99) == list(range(6))


def test_both_classes_of_a_frequent_confusion_are_found():
    confusion = np.diag([50] * 30)
    confusion[20, 21] = 9
    confusion[0, 1:20] = confusion[1:20, 0] = 1  # many single mistakes
    assert {20, 21, 0} <= set(most_mistaken(confusion, 4))
