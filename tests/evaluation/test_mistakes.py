"""Rows of mistakes and doubts come in the right order, whatever the order of the pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnlab.evaluation.mistakes import (
    certainty,
    confident_mistakes,
    least_certain,
    random_sample,
    self_confidence,
    suspected_labels,
)
from cnnlab.evaluation.predictions import Predictions


def predictions_of(true, probabilities, paths=None) -> Predictions:
    probabilities = np.asarray(probabilities, dtype=np.float32)
    count, classes = probabilities.shape
    return Predictions(
        class_names=tuple(f"class {number}" for number in range(classes)),
        paths=tuple(paths or (f"{number:05d}.png" for number in range(count))),
        splits=np.array(["test"] * count, dtype=np.str_),
        true=np.asarray(true, dtype=np.int64),
        probabilities=probabilities,
    )


@st.composite
def any_predictions(draw):
    classes, images = draw(st.integers(1, 5)), draw(st.integers(0, 30))
    tenths = arrays.arrays(np.int64, (images, classes), elements=st.integers(0, 10))  # many ties
    probabilities = draw(tenths) / 10
    true = draw(arrays.arrays(np.int64, images, elements=st.integers(0, classes - 1)))
    paths = draw(st.permutations([f"{number}.png" for number in range(images)]))
    return predictions_of(true, probabilities, list(paths))


def shuffled(predictions: Predictions, seed: int) -> Predictions:
    order = np.random.default_rng(seed).permutation(len(predictions))
    return predictions_of(
        predictions.true[order],
        predictions.probabilities[order],
        [predictions.paths[row] for row in order],
    )


def named(predictions: Predictions, rows) -> list[str]:
    return [predictions.paths[row] for row in rows]


@given(any_predictions())
def test_confident_mistakes_are_all_the_mistakes_and_fall_in_confidence(predictions):
    rows = confident_mistakes(predictions)
    wrong = np.flatnonzero(predictions.predicted != predictions.true)
    assert sorted(rows) == wrong.tolist()
    keys = [(-predictions.confidence[row], predictions.paths[row]) for row in rows]
    assert keys == sorted(keys)


@given(any_predictions())
def test_the_least_certain_are_all_pictures_by_the_gap_between_the_first_two_classes(predictions):
    rows = least_certain(predictions)
    assert sorted(rows) == list(range(len(predictions)))
    gaps = []
    for row in rows:
        first, *others = sorted(predictions.probabilities[row], reverse=True)
        gaps.append((first - (others[0] if others else 0), predictions.paths[row]))
    assert gaps == sorted(gaps)


@given(any_predictions(), st.integers(0, 9))
def test_the_order_of_the_pictures_does_not_matter(predictions, seed):
    other = shuffled(predictions, seed)
    for rows_of in (confident_mistakes, least_certain, suspected_labels):
        assert named(predictions, rows_of(predictions)) == named(other, rows_of(other))
    drawn = named(predictions, random_sample(predictions, 10, seed))
    assert drawn == named(other, random_sample(other, 10, seed))


@given(any_predictions(), st.integers(0, 40), st.integers(0, 9))
def test_a_sample_has_no_picture_twice_and_is_drawn_again_by_its_seed(predictions, count, seed):
    rows = random_sample(predictions, count, seed)
    assert len(rows) == len(set(rows)) == min(count, len(predictions))
    assert rows.tolist() == random_sample(predictions, count, seed).tolist()


def test_samples_are_drawn_evenly():
    predictions = predictions_of(np.zeros(20), np.full((20, 2), 0.5))
    drawn = np.concatenate([random_sample(predictions, 5, seed) for seed in range(2_000)])
    counts = np.bincount(drawn, minlength=20)
    assert counts.min() > 400  # 500 are expected, with a deviation of 19
    assert counts.max() < 600


@given(any_predictions())
def test_suspected_labels_are_the_mistakes_that_reach_the_mean_of_their_class(predictions):
    """Counted picture by picture, as the paper writes it."""
    mean = {}
    for label in set(predictions.true.tolist()):
        of_label = predictions.true == label
        mean[label] = predictions.probabilities[of_label, label].astype(np.float64).mean()
    expected = set()
    for row in range(len(predictions)):
        seen = int(predictions.predicted[row])
        needed = mean.get(seen, np.inf) - 1e-6
        if seen != predictions.true[row] and predictions.probabilities[row, seen] >= needed:
            expected.add(row)
    rows = suspected_labels(predictions)
    assert set(rows.tolist()) == expected
    ahead = [
        predictions.confidence[row] - predictions.probabilities[row, predictions.true[row]]
        for row in rows
    ]
    assert ahead == sorted(ahead, reverse=True)


def test_planted_wrong_labels_are_found_in_front():
    rng = np.random.default_rng(0)
    classes, images = 5, 1_000
    real = rng.integers(0, classes, images)
    scores = rng.normal(0, 1, (images, classes))
    scores[np.arange(images), real] += 6
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    planted = rng.choice(images, 30, replace=False)
    labels = real.copy()
    labels[planted] = (real[planted] + rng.integers(1, classes, 30)) % classes
    predictions = predictions_of(labels, probabilities)
    rows = suspected_labels(predictions)
    in_front = len(set(rows[:25].tolist()) & set(planted.tolist()))
    assert in_front >= 24
    assert len(rows) < len(confident_mistakes(predictions))


def test_a_class_that_no_picture_carries_is_never_suspected():
    predictions = predictions_of([0, 0], [[0.9, 0.0, 0.1], [0.0, 0.0, 1.0]])
    assert np.isnan(self_confidence(predictions)[1:]).all()
    assert suspected_labels(predictions).tolist() == []


def test_equal_probabilities_reach_their_mean():
    seven = np.float32(0.7)
    true = [0] * 10 + [1]
    probabilities = [[seven, 1 - seven]] * 11
    assert suspected_labels(predictions_of(true, probabilities)).tolist() == [10]


def test_probabilities_that_are_no_numbers_come_last():
    nan = float("nan")
    predictions = predictions_of([1, 1, 0], [[nan, nan], [0.8, 0.2], [0.6, 0.4]])
    assert confident_mistakes(predictions).tolist() == [1, 0]
    assert least_certain(predictions).tolist() == [2, 1, 0]
    assert 0 not in suspected_labels(predictions)
    assert self_confidence(predictions).tolist() == pytest.approx([0.6, 0.2])


def test_nothing_to_judge_gives_no_rows():
    nothing = predictions_of([], np.zeros((0, 3)))
    assert len(certainty(nothing)) == 0
    for rows in (
        confident_mistakes(nothing),
        least_certain(nothing),
        suspected_labels(nothing),
        random_sample(nothing, 10, 0),
    ):
        assert rows.dtype == np.int64
        assert rows.tolist() == []
