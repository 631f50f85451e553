"""Nearest rows equal scikit-learn's, also in half precision and in blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.neighbors import NearestNeighbors

from cnnlab.evaluation import neighbours
from cnnlab.evaluation.neighbours import nearest


@pytest.mark.parametrize("rows_at_once", [1, 7, 10_000])
@pytest.mark.parametrize("type_", [np.float16, np.float32, np.float64])
def test_the_nearest_rows_equal_those_of_scikit_learn(monkeypatch, rows_at_once, type_):
    rng = np.random.default_rng(3)
    features = rng.normal(size=(200, 16)).astype(type_)
    query = rng.normal(size=16).astype(type_)
    monkeypatch.setattr(neighbours, "_BLOCK_VALUES", rows_at_once * 16)
    reference = NearestNeighbors(n_neighbors=9, metric="cosine", algorithm="brute")
    reference.fit(features.astype(np.float64))
    distances, rows = reference.kneighbors(query.astype(np.float64)[None])
    found, away = nearest(features, query, 9)
    assert found.tolist() == rows[0].tolist()
    np.testing.assert_allclose(away, distances[0], atol=1e-6)
    assert found.dtype == np.int64
    assert away.dtype == np.float32


whole = st.integers(-4, 4)


@given(
    arrays.arrays(np.int64, st.tuples(st.integers(0, 12), st.just(3)), elements=whole),
    arrays.arrays(np.int64, 3, elements=whole),
    st.integers(0, 15),
)
def test_distances_rise_and_lie_between_0_and_2(features, query, count):
    rows, distances = nearest(features.astype(np.float32), query.astype(np.float32), count)
    assert len(rows) == len(set(rows)) == min(count, len(features))
    assert (np.diff(distances) >= 0).all()
    assert ((distances >= 0) & (distances <= 2)).all()


def test_length_does_not_matter_and_the_first_of_equals_comes_first():
    features = np.array([[0, 1], [3, 0], [1, 0], [-2, 0]], dtype=np.float32)
    rows, distances = nearest(features, np.array([0.001, 0], dtype=np.float32), 4)
    assert rows.tolist() == [1, 2, 0, 3]
    np.testing.assert_allclose(distances, [0, 0, 1, 2], atol=1e-6)


def test_features_without_a_direction_or_a_number_do_not_disturb():
    features = np.array([[np.nan, 1], [0, 0], [np.inf, 1], [1, 1]], dtype=np.float16)
    rows, distances = nearest(features, np.array([2, 2], dtype=np.float16), 4)
    assert rows.tolist() == [3, 1, 0, 2]
    np.testing.assert_allclose(distances, [0, 1, 2, 2], atol=1e-3)
    _, distances = nearest(features[3:], np.array([0, 0], dtype=np.float16), 4)
    assert distances.tolist() == [1]


def test_large_values_do_not_overflow():
    features = np.array([[3e38, 0], [0, 1]], dtype=np.float32)
    rows, distances = nearest(features, np.array([1e30, 0], dtype=np.float32), 2)
    assert rows.tolist() == [0, 1]
    np.testing.assert_allclose(distances, [0, 1])


def test_a_query_of_another_length_is_refused():
    with pytest.raises(ValueError, match="as long as a row"):
        nearest(np.zeros((2, 3), dtype=np.float32), np.zeros(4, dtype=np.float32), 1)
