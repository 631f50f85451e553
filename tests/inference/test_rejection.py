"""The rule of a finished run: what its pictures, and strange ones, get for a verdict."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets.photos import Photo, photos_at
from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import Predictions
from cnnlab.evaluation.rejection import FEWEST_PICTURES, Scale
from cnnlab.inference import projection
from cnnlab.inference.classify import Classification, classify
from cnnlab.inference.model import load_model
from cnnlab.inference.projection import compact
from cnnlab.inference.rejection import (
    NEIGHBOURS,
    RejectionRule,
    Surroundings,
    Verdict,
    load_rule,
    read_rejection,
    write_rejection,
)
from cnnlab.inference.scoring import fitted_rule
from cnnlab.inference.training_features import read_training_features
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.rules import FITTED


@pytest.fixture
def files(trained) -> RunFiles:
    place, _, run_id = trained
    return RunFiles(place.run_folder(run_id))


def test_distance_is_the_mean_over_the_nearest_training_pictures():
    rng = np.random.default_rng(0)
    known = rng.normal(size=(40, 16)).astype(np.float32)
    query = rng.normal(size=(3, 16)).astype(np.float32)
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    asked = query / np.linalg.norm(query, axis=1, keepdims=True)
    expected = np.sort(1 - asked @ unit.T, axis=1)[:, :NEIGHBOURS].mean(axis=1)
    np.testing.assert_allclose(Surroundings(known).distances(query), expected, atol=1e-3)


@pytest.mark.parametrize("width", [8, 1_280])
def test_a_distance_does_not_depend_on_the_pictures_beside(width):
    """However finely it is measured: standard deviations of distances may be small."""
    rng = np.random.default_rng(0)
    surroundings = Surroundings(compact(rng.random((300, width), dtype=np.float32)))
    features = rng.random((11, width), dtype=np.float32)
    together = surroundings.distances(compact(features))
    alone = [surroundings.distances(compact(row[None]))[0] for row in features]
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)


def test_fewer_training_pictures_than_neighbours_and_odd_features_give_distances():
    known = np.eye(3, dtype=np.float32)
    query = np.array([[1, 0, 0], [0, 0, 0], [np.nan, 1, 1], [1e30, 1e30, 0]], np.float32)
    distances = Surroundings(known).distances(query)
    assert distances[0] == pytest.approx(2 / 3)
    assert distances[1] == pytest.approx(1)
    assert distances[2] == 2
    assert np.isfinite(distances).all()


@pytest.fixture
def ruled(files) -> RunFiles:
    """The run with a rule that calls everything strange that is not near a training picture."""
    surroundings = Surroundings(read_training_features(files.training_features).features)
    plain = Scale(0.0, 1.0)
    found = replace(FITTED, threshold=0.05, weight=0.0, distance=plain, doubt=plain)
    write_rejection(files, found, surroundings)
    return files


def test_verdicts_do_not_depend_on_the_pictures_beside(ruled, tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "photos"
    folder.mkdir()
    for number in range(9):
        noise = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    model = load_model(ruled)
    photos = photos_at([folder])
    together = list(classify(model, photos))
    for photo, answer in zip(photos, together, strict=True):
        (alone,) = classify(model, [photo])
        assert alone.verdict.strangeness == pytest.approx(answer.verdict.strangeness, abs=1e-6)
        assert alone.verdict.known is (alone.verdict.strangeness <= 0.05)
        assert alone.to_json()["verdict"] == {
            "known": alone.verdict.known,
            "strangeness": alone.verdict.strangeness,
            "threshold": 0.05,
        }


def test_training_pictures_are_known(ruled, trained):
    place, dataset_id, _ = trained
    store = open_store(place)
    folder = get_dataset(store, dataset_id).location
    store.close()
    model = load_model(ruled)
    known = read_training_features(ruled.training_features)
    photos = [Photo(name=path, source=folder / path) for path in known.paths[:8]]
    assert all(answer.verdict.known for answer in classify(model, photos))


@pytest.mark.parametrize(
    ("pictures", "held_out", "training", "why"),
    [
        (FEWEST_PICTURES - 1, 1, 1, "at least 20 validation pictures. Received: 19."),
        (FEWEST_PICTURES, 0, 1, "are zero"),
        (FEWEST_PICTURES, 1, 0, "are zero"),
        (FEWEST_PICTURES, np.nan, 1, "else than numbers"),
        (FEWEST_PICTURES, 1, np.inf, "else than numbers"),
    ],
)
def test_there_is_no_rule_where_nothing_can_be_measured(files, pictures, held_out, training, why):
    model = load_model(files)
    classes = len(model.facts.class_names)
    predictions = Predictions(
        class_names=model.facts.class_names,
        paths=tuple(map(str, range(pictures))),
        splits=np.full(pictures, "validation"),
        true=np.zeros(pictures, np.int64),
        probabilities=np.full((pictures, classes), 1 / classes, np.float32),
    )
    features = np.full((pictures, 4), held_out, np.float32)
    surroundings = Surroundings(np.full((30, 4), training, np.float32))
    assert why in fitted_rule(model, predictions, features, surroundings)
    none = Surroundings(np.zeros((0, 4), np.float32))
    assert isinstance(fitted_rule(model, predictions, features, none), str)


def test_a_run_without_a_rule_gives_no_verdict(files):
    files.rejection.unlink(missing_ok=True)
    assert load_rule(files) is None
    write_rejection(files, "The rule needs at least 20 validation pictures. Received: 3.")
    assert load_rule(files) is None
    assert read_rejection(files) == "The rule needs at least 20 validation pictures. Received: 3."
    assert load_model(files).rule is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 99}', '{"version": 1}', "nul"])
def test_a_damaged_rule_is_named(files, content):
    files.rejection.write_text(content)
    with pytest.raises(RunError) as refusal:
        load_rule(files)
    assert refusal.value.reason == "damaged-rejection"
    assert files.folder.name in str(refusal.value)


def test_a_rule_is_plain_json(ruled):
    document = json.loads(ruled.rejection.read_text())
    assert document["version"] == 1
    assert isinstance(load_rule(ruled), RejectionRule)


def test_a_projection_is_the_same_whether_it_is_kept_or_drawn_anew():
    features = np.random.default_rng(0).normal(size=(3, 9_000)).astype(np.float32)
    first = compact(features)
    projection._weights.cache_clear()
    np.testing.assert_array_equal(compact(features), first)


def test_answers_that_are_no_numbers_are_said_in_words_that_json_knows():
    nothing = Classification(
        name="odd.png", class_names=("a", "b"), probabilities=np.array([np.nan, np.nan], np.float32)
    )
    assert nothing.to_json()["error"] == "no-numbers"
    verdict = Verdict(known=False, strangeness=np.inf, threshold=1.0).to_json()
    assert verdict == {"known": False, "strangeness": None, "threshold": 1.0}
    json.dumps(verdict, allow_nan=False)


@pytest.mark.parametrize("content", [b"", b"no array", None])
def test_a_rule_without_its_surroundings_is_named(ruled, content):
    ruled.surroundings.unlink()
    if content is not None:
        ruled.surroundings.write_bytes(content)
    with pytest.raises(RunError) as refusal:
        load_rule(ruled)
    assert refusal.value.reason == "damaged-rejection"
    assert "surroundings.npy" in str(refusal.value)
