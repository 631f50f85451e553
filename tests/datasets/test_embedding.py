"""Similar pictures lie together on the map."""

import numpy as np
import pandas as pd
import pytest

from cnnlab.datasets.embedding import ImageMap, embed, histogram_features, read_map, write_map
from tests.pictures import COLOURS, coloured_square


@pytest.fixture(scope="module")
def miniatures():
    """Thirty pictures in each of three colours, shape (90, 32, 32, 3)."""
    return np.stack(
        [np.asarray(coloured_square(name, n, 32)) for name in COLOURS for n in range(30)]
    )


def share_of_neighbours_alike(points: np.ndarray, labels: np.ndarray) -> float:
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :5]
    return float((labels[nearest] == labels[:, None]).mean())


def stripes(count: int, *, upright: bool) -> np.ndarray:
    """Grey pictures of stripes, each shifted at random; they differ in direction only."""
    rng = np.random.default_rng(5)
    lines = np.stack(
        [
            np.tile(np.roll([0, 0, 0, 0, 255, 255, 255, 255], rng.integers(8)), 4)
            for _ in range(count)
        ]
    ).astype(np.uint8)  # (count, 32)
    square = np.repeat(lines[:, None, :], 32, axis=1)
    square = square if upright else square.transpose(0, 2, 1)
    return np.repeat(square[..., None], 3, axis=3)


def test_features_tell_colours_and_directions_apart(miniatures):
    features = histogram_features(miniatures)
    assert features.shape == (90, 256)
    assert np.isfinite(features).all()
    labels = np.repeat(np.arange(3), 30)
    assert share_of_neighbours_alike(features, labels) == 1

    both = np.concatenate([stripes(20, upright=True), stripes(20, upright=False)])
    labels = np.repeat([0, 1], 20)
    assert share_of_neighbours_alike(histogram_features(both), labels) == 1


def test_features_do_not_depend_on_what_else_is_measured(miniatures):
    many = np.concatenate([miniatures] * 13)  # more than one block
    features = histogram_features(many)
    np.testing.assert_allclose(features[-1], histogram_features(miniatures)[-1], atol=1e-6)


def test_pictures_of_one_kind_lie_together_within_the_unit_square(miniatures):
    points = embed(histogram_features(miniatures))
    assert points.shape == (90, 2)
    assert np.abs(points).max() == pytest.approx(1)
    assert share_of_neighbours_alike(points, np.repeat(np.arange(3), 30)) > 0.98


def test_the_same_features_give_the_same_map(miniatures):
    features = histogram_features(miniatures)
    np.testing.assert_array_equal(embed(features), embed(features))


def test_pictures_beyond_the_sample_join_their_like(miniatures, monkeypatch):
    monkeypatch.setattr("cnnlab.datasets.embedding.MAP_SAMPLE", 45)
    points = embed(histogram_features(miniatures))
    assert np.isfinite(points).all()
    assert share_of_neighbours_alike(points, np.repeat(np.arange(3), 30)) > 0.95


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
def test_few_pictures_have_places_of_their_own(count):
    noise = np.random.default_rng(1).random((count, 20)).astype(np.float32)
    points = embed(noise)
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()
    assert len(np.unique(points.round(3), axis=0)) == count


def test_pictures_that_are_all_alike_do_not_lie_on_one_another():
    points = embed(np.ones((50, 8), dtype=np.float32))
    assert len(np.unique(points.round(4), axis=0)) == 50


def test_a_map_is_read_as_it_was_written_and_a_damaged_one_is_none(tmp_path):
    frame = pd.DataFrame({"content_hash": ["a", "b"], "x": [0.5, -1], "y": [0, 1]})
    frame = frame.astype({"content_hash": "str", "x": "float32", "y": "float32"})
    file = tmp_path / "map.parquet"
    assert read_map(file) is None
    write_map(ImageMap(frame, "histograms"), file)
    read = read_map(file)
    assert read is not None
    assert read.features == "histograms"
    pd.testing.assert_frame_equal(read.frame, frame)
    file.write_bytes(file.read_bytes()[:-20])
    assert read_map(file) is None
