"""A network that leaves a training is the one that was trained, to rounding."""

import math

import keras
import numpy as np
import pytest

from cnnlab.errors import RunError
from cnnlab.networks.builder import build
from cnnlab.networks.recipes import recipe
from cnnlab.training.export import LARGEST_DIFFERENCE, check_export, tolerance


class _Answers:
    """A network that gives certain probabilities."""

    def __init__(self, probabilities: np.ndarray) -> None:
        self.probabilities = probabilities

    def predict(self, pixels: np.ndarray) -> "_Answers":
        return self


def network(size: int) -> keras.Model:
    return build(recipe("dense-only").config.network, (size, size, 3), 2)


def test_small_networks_must_agree_to_a_ten_thousandth_and_long_sums_to_their_rounding():
    assert tolerance(network(32)) == LARGEST_DIFFERENCE
    assert tolerance(network(224)) == pytest.approx(
        LARGEST_DIFFERENCE * math.sqrt(224 * 224 * 3 / 10_000)
    )


def test_export_that_differs_by_more_is_refused_with_both_figures():
    model = network(32)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
    right = model.predict(pixels.astype(np.float32), verbose=0)
    assert check_export(model, _Answers(right + 9e-5), pixels) == pytest.approx(9e-5, rel=0.01)
    with pytest.raises(RunError, match=r"agree .* to 0\.0001\. Received: .* 0\.000\d+"):
        check_export(model, _Answers(right + 3e-4), pixels)
    with pytest.raises(RunError, match="differ"):
        check_export(model, _Answers(np.full_like(right, np.nan)), pixels)
