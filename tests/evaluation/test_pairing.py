"""Joining the predictions of two networks."""

import numpy as np
import pytest

from cnnlab.errors import RunError
from cnnlab.evaluation.pairing import pair_up
from cnnlab.evaluation.predictions import Predictions
from tests.finished import answers, joined


def reordered(predictions: Predictions, order: list[int]) -> Predictions:
    return Predictions(
        class_names=predictions.class_names,
        paths=tuple(predictions.paths[place] for place in order),
        splits=predictions.splits[order],
        true=predictions.true[order],
        probabilities=predictions.probabilities[order],
    )


def test_pictures_are_joined_by_path_whatever_their_order():
    first = answers([True, True, False, True])
    second = reordered(answers([False, True, True, True]), [3, 1, 0, 2])
    pairing = pair_up(first, second)
    assert pairing.paths == first.paths
    assert pairing.first_right.tolist() == [True, True, False, True]
    assert pairing.second_right.tolist() == [False, True, True, True]
    before, after = pairing.confusions()
    assert before.trace() == after.trace() == 3


def test_classes_are_joined_by_name():
    first = answers([True, False, True])
    turned = Predictions(
        class_names=first.class_names[::-1],
        paths=first.paths,
        splits=first.splits,
        true=1 - first.true,
        probabilities=first.probabilities[:, ::-1],
    )
    pairing = pair_up(first, turned)
    assert (pairing.first == pairing.second).all()
    assert pairing.class_names == first.class_names


def test_only_common_pictures_count():
    pairing = pair_up(answers([True] * 6), answers([True] * 6, start=4))
    assert pairing.paths == ("green/4.png", "red/5.png")


def test_relabelled_pictures_are_left_out():
    first = answers([True] * 4)
    true = first.true.copy()
    true[0] = 1 - true[0]
    second = Predictions(
        class_names=first.class_names,
        paths=first.paths,
        splits=first.splits,
        true=true,
        probabilities=first.probabilities,
    )
    pairing = pair_up(first, second)
    assert pairing.relabelled == 1
    assert pairing.paths == first.paths[1:]


def test_pictures_that_were_trained_on_are_left_out():
    first = answers([True] * 4)
    pairing = pair_up(first, first, trained_on={first.paths[2], "elsewhere.png"})
    assert pairing.trained_on == 1
    assert first.paths[2] not in pairing.paths


def test_disagreements_begin_with_the_surest_mistake():
    first = answers([True, False, True, True, False])
    second = answers([False, True, True, False, False])
    pairing = pair_up(first, second)
    lost = pairing.disagreements(first_right=True)
    assert [pairing.paths[place] for place in lost] == ["red/3.png", "green/0.png"]
    assert pairing.disagreements(first_right=False).tolist() == [1]


def test_a_path_that_occurs_twice_counts_once():
    twice = joined(answers([True, True]), answers([False, False]))
    pairing = pair_up(twice, answers([True, True]))
    assert pairing.first_right.tolist() == [True, True]


@pytest.mark.parametrize(
    ("second", "trained_on", "reason", "says"),
    [
        (answers([True] * 3, class_names=("green", "blue")), (), "different-classes", "'blue'"),
        (answers([True] * 3, start=50), (), "no-common-pictures", "none in common"),
        (answers([True] * 3), answers([True] * 3).paths, "no-common-pictures", "trained on"),
    ],
)
def test_networks_that_cannot_be_compared_are_refused_by_name(second, trained_on, reason, says):
    with pytest.raises(RunError, match=says) as refused:
        pair_up(answers([True] * 3), second, trained_on=trained_on)
    assert refused.value.reason == reason


def test_a_thousand_classes_and_no_numbers_at_all():
    names = tuple(f"class {number}" for number in range(1000))
    many = answers([True, False] * 10, class_names=names)
    assert pair_up(many, many).first_right.sum() == 10
    broken = answers([True] * 3)
    broken.probabilities[:] = np.nan
    assert len(pair_up(broken, answers([True] * 3)).paths) == 3
