"""Features of training pictures: which are kept, how narrow, and what is read back."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from cnnlab.errors import RunError
from cnnlab.inference.projection import PROJECTED, WIDEST, compact
from cnnlab.inference.training_features import (
    TrainingFeatures,
    draw_training_pictures,
    read_training_features,
    write_training_features,
)


def test_narrow_features_stay_as_they_are():
    features = np.random.default_rng(0).normal(size=(5, WIDEST)).astype(np.float32)
    assert compact(features) is features


def test_wide_features_keep_their_distances():
    features = np.random.default_rng(0).normal(size=(60, 20_000)).astype(np.float32)
    features[30:] += 0.5
    narrow = compact(features)
    assert narrow.shape == (60, PROJECTED)
    ratio = pairwise_distances(narrow) / np.maximum(pairwise_distances(features), 1e-9)
    assert np.std(ratio[np.triu_indices(60, 1)]) < 0.08
    assert np.mean(ratio[np.triu_indices(60, 1)]) == pytest.approx(1, abs=0.08)


def test_pictures_one_by_one_are_projected_as_together():
    features = np.random.default_rng(1).normal(size=(4, 9_000)).astype(np.float32)
    alone = np.concatenate([compact(row[None]) for row in features])
    np.testing.assert_allclose(alone, compact(features), rtol=1e-4, atol=1e-3)


def test_pictures_are_drawn_of_each_class_in_proportion():
    labels = np.repeat([0, 1, 2], [6_000, 3_000, 1_000])
    drawn = draw_training_pictures(labels, seed=3)
    assert len(drawn) == len(set(drawn.tolist())) == 2_000
    np.testing.assert_array_equal(np.bincount(labels[drawn]), [1_200, 600, 200])
    np.testing.assert_array_equal(drawn, draw_training_pictures(labels, seed=3))
    assert drawn.tolist() != draw_training_pictures(labels, seed=4).tolist()
    assert draw_training_pictures(labels[:50], seed=0).tolist() == list(range(50))


def test_features_are_read_back(tmp_path):
    features = np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32)
    known = TrainingFeatures(paths=("a", "b", "c"), labels=np.array([0, 2, 1]), features=features)
    write_training_features(known, tmp_path / "f.parquet")
    read = read_training_features(tmp_path / "f.parquet")
    assert read.paths == known.paths
    assert read.labels.tolist() == [0, 2, 1]
    np.testing.assert_allclose(read.features, features, rtol=1e-3)


def test_values_beyond_half_precision_stay_finite(tmp_path):
    known = TrainingFeatures(
        paths=("a",),
        labels=np.array([0]),
        features=np.array([[1e6, -1e6, 1.0]], dtype=np.float32),
    )
    write_training_features(known, tmp_path / "f.parquet")
    read = read_training_features(tmp_path / "f.parquet")
    np.testing.assert_array_equal(read.features, [[65504.0, -65504.0, 1.0]])


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(RunError) as missing:
        read_training_features(tmp_path / "none.parquet")
    assert missing.value.reason == "no-training-features"
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(RunError) as damaged:
        read_training_features(tmp_path / "bad.parquet")
    assert damaged.value.reason == "damaged-training-features"
