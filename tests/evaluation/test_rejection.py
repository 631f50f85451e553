"""Telling pictures of a network's classes from all others."""

import json

import numpy as np
import pytest

from cnnlab.evaluation.rejection import (
    KEPT,
    WEIGHTS,
    Measured,
    doubts,
    fit_rejection,
    rejection_of,
)
from cnnlab.evaluation.rejection_words import (
    kept_sentence,
    method_sentence,
    rejection_sentence,
)

KINDS = ("noise",) * 30 + ("text",) * 30


def measured(distance: float, confidence: float, count: int, seed: int = 0) -> Measured:
    rng = np.random.default_rng(seed)
    sure = np.clip(rng.normal(confidence, 0.02, count), 0.5, 0.999)
    probabilities = np.stack([sure, 1 - sure], axis=1).astype(np.float32)
    return Measured(probabilities, rng.normal(distance, 0.05, count).astype(np.float32))


def fitted(negatives: Measured, test: Measured | None = None):
    validation = measured(0.3, 0.9, 200)
    true = np.zeros(200, dtype=np.int64)
    empty = Measured(np.zeros((0, 2), np.float32), np.zeros(0, np.float32))
    return fit_rejection(validation, true, empty if test is None else test, negatives, KINDS)


def test_far_pictures_are_told_however_sure_the_network_is():
    found = fitted(measured(0.9, 0.99, 60, seed=1), measured(0.3, 0.9, 100, seed=2))
    assert found.weight == 0
    assert (found.accepted, found.negatives) == (0, 30)
    assert found.accepted_by_confidence == 30
    assert (found.judged_by, found.judged) == ("test", 100)
    assert found.kept >= 88
    assert [(kind.name, kind.pictures) for kind in found.kinds] == [("noise", 15), ("text", 15)]


def test_doubt_helps_where_distance_does_not():
    found = fitted(measured(0.31, 0.55, 60, seed=1))
    assert found.weight > 0
    assert found.accepted < 10


def test_confidence_decides_where_distance_tells_nothing():
    """Nearer than the real pictures, as features that have collapsed have it."""
    found = fitted(measured(0.2, 0.85, 60, seed=1))
    assert found.weight == max(WEIGHTS)
    assert found.accepted <= found.accepted_by_confidence + 3


def test_the_threshold_keeps_95_percent_of_the_validation_pictures():
    validation = measured(0.3, 0.9, 200)
    found = fitted(measured(0.9, 0.99, 60, seed=1))
    strange = found.strangeness(validation.probabilities, validation.distances)
    assert (strange <= found.threshold).mean() == pytest.approx(KEPT, abs=0.006)
    plain = validation.probabilities.max(axis=1) >= found.confidence_threshold
    assert plain.mean() == pytest.approx(KEPT, abs=0.006)


def test_without_test_pictures_each_half_is_judged_by_the_other_half():
    found = fitted(measured(0.9, 0.99, 60, seed=1))
    assert (found.judged_by, found.judged) == ("validation", 200)
    assert 170 <= found.kept < 200


def test_only_held_back_negatives_judge():
    """Those at even places help to choose the weight; what they are like must not show."""
    near, far = measured(0.3, 0.9, 60, seed=1), measured(0.9, 0.99, 60, seed=1)
    mixed = Measured(near.probabilities.copy(), near.distances.copy())
    mixed.probabilities[1::2], mixed.distances[1::2] = far.probabilities[1::2], far.distances[1::2]
    assert fitted(mixed).accepted == 0


def test_a_figure_that_is_no_number_makes_a_picture_strange():
    found = fitted(measured(0.9, 0.99, 60, seed=1))
    odd = found.strangeness(
        np.array([[np.nan, np.nan], [0.9, 0.1]], np.float32), np.array([0.3, np.nan], np.float32)
    )
    assert odd[1] == np.inf
    assert not (odd <= found.threshold)[1]


def test_equal_values_fit_a_rule():
    same = Measured(np.full((200, 2), 0.5, np.float32), np.zeros(200, np.float32))
    negatives = Measured(np.full((60, 2), 0.5, np.float32), np.ones(60, np.float32))
    true = np.zeros(200, dtype=np.int64)
    found = fit_rejection(same, true, same, negatives, KINDS)
    assert found.accepted == 0
    assert found.kept == 200


def test_a_rule_survives_a_file():
    found = fitted(measured(0.5, 0.8, 60, seed=1))
    assert rejection_of(json.loads(json.dumps(found.to_json()))) == found


def test_a_file_tells_how_far_its_shares_may_be_off():
    document = fitted(measured(0.9, 0.99, 60, seed=1)).to_json()
    assert document["accepted_interval"] == pytest.approx([0, 0.1135], abs=1e-3)
    assert document["kinds"][0]["interval"] == pytest.approx([0, 0.2039], abs=1e-3)
    low, high = document["kept_interval"]
    assert low < document["kept"] / document["judged"] < high


def test_another_version_is_refused():
    document = fitted(measured(0.5, 0.8, 60, seed=1)).to_json()
    with pytest.raises(ValueError, match="version"):
        rejection_of(document | {"version": 99})


def test_doubts_of_sure_answers_are_small():
    values = doubts(np.array([[0.99, 0.01], [0.5, 0.5]], np.float32), 1.0)
    np.testing.assert_allclose(values, [-np.log(0.99), -np.log(0.5)], rtol=1e-5)
    assert doubts(np.zeros((0, 2), np.float32), 1.0).shape == (0,)


def test_sentences_name_the_figures():
    found = fitted(measured(0.9, 0.99, 60, seed=1), measured(0.3, 0.9, 100, seed=2))
    assert "Of 30 pictures of none of its classes it takes 0" in rejection_sentence(found)
    assert "by confidence alone it would be 100" in rejection_sentence(found)
    assert "of 100 test pictures" in kept_sentence(found)
    assert "its confidence adds nothing" in method_sentence(found)
