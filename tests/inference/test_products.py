"""Products of small matrices in pieces."""

import numpy as np
import pytest

from cnnlab.inference.products import product


@pytest.mark.parametrize(
    ("rows", "depth", "columns"),
    [(1, 1, 1), (4, 128, 1_400), (4, 1_280, 256), (1, 30_000, 40), (16, 1_024, 2_000), (40, 8, 9)],
)
def test_pieces_give_the_whole_product(rows, depth, columns):
    rng = np.random.default_rng(0)
    left = rng.normal(size=(rows, depth)).astype(np.float32)
    right = rng.normal(size=(depth, columns)).astype(np.float32)
    expected = left.astype(np.float64) @ right.astype(np.float64)
    np.testing.assert_allclose(product(left, right), expected, atol=2e-5 * depth**0.5 * 10)


def test_nothing_gives_nothing():
    assert product(np.zeros((0, 3), np.float32), np.zeros((3, 5), np.float32)).shape == (0, 5)
    assert product(np.zeros((2, 0), np.float32), np.zeros((0, 5), np.float32)).shape == (2, 5)
