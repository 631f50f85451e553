"""Convolution and pooling on small grids: the same numbers as the layers of Keras give."""

import keras
import numpy as np
import pytest

from cnnlab.errors import NetworkError
from cnnlab.networks.windows import GRIDS, KERNELS, Pooling, convolve, pool


def layer_output(layer: keras.Layer, numbers: np.ndarray) -> np.ndarray:
    return np.asarray(layer(numbers[None, ..., None].astype(np.float32)))[0, ..., 0]


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_convolution_is_that_of_keras(same, stride, size):
    rng = np.random.default_rng(size)
    numbers, kernel = rng.integers(-9, 9, (5, 6)), rng.integers(-3, 3, (size, size))
    layer = keras.layers.Conv2D(
        1, size, stride, "same" if same else "valid", activation="relu", use_bias=False
    )
    layer.build((None, 5, 6, 1))
    layer.set_weights([kernel[..., None, None].astype(np.float32)])
    ours = convolve(numbers, kernel, stride=stride, same=same, relu=True)
    np.testing.assert_allclose(ours.output, layer_output(layer, numbers), atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(
    ("kind", "layer"),
    [
        (Pooling.MAX, keras.layers.MaxPooling2D),
        (Pooling.AVERAGE, keras.layers.AveragePooling2D),
    ],
)
def test_pooling_is_that_of_keras(kind, layer, stride):
    numbers = np.random.default_rng(0).normal(size=(5, 5))
    ours = pool(numbers, 2, stride=stride, kind=kind)
    np.testing.assert_allclose(ours.output, layer_output(layer(2, stride), numbers), atol=1e-5)


def test_each_place_shows_what_the_window_sees():
    numbers = np.arange(25.0).reshape(5, 5)
    sliding = convolve(numbers, np.ones((3, 3)), stride=2)
    assert sliding.places == 4
    assert sliding.corner(3) == (2, 2)
    np.testing.assert_array_equal(sliding.window(3), numbers[2:5, 2:5])
    assert sliding.output[1, 1] == numbers[2:5, 2:5].sum()


def test_window_larger_than_the_numbers_is_refused():
    with pytest.raises(NetworkError, match="3 x 3 does not fit into 2 x 2"):
        pool(np.ones((2, 2)), 3, stride=1, kind=Pooling.MAX)
    with pytest.raises(NetworkError, match="stride should be 1 or more"):
        convolve(np.ones((5, 5)), np.ones((3, 3)), stride=0)


def test_named_grids_are_five_by_five_and_kernels_find_what_their_names_say():
    assert {np.shape(grid) for grid in GRIDS.values()} == {(5, 5)}
    assert {np.shape(kernel) for kernel in KERNELS.values()} == {(3, 3)}
    found = convolve(np.array(GRIDS["upright edge"]), np.array(KERNELS["upright edge"]))
    np.testing.assert_array_equal(found.output, [[0, 27, 27]] * 3)
