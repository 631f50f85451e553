"""Random changes to training pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnlab.config import AugmentationConfig
from cnnlab.datasets.augmentation import augment

EVERYTHING = AugmentationConfig(flip_horizontal=True, flip_vertical=True, shift=0.25)
batches = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(0, 5), st.integers(8, 20), st.integers(8, 20), st.sampled_from([1, 3])),
)


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(count: int, side: int = 16, channels: int = 3) -> np.ndarray:
    return seeded(99).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def same(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Which pictures of two batches are equal, shape (n,)."""
    return (first == second).all(axis=(1, 2, 3))


def moved(batch: np.ndarray, down: int, right: int) -> np.ndarray:
    """The slow and obvious way to move all pictures, with reflection about the edge pixel."""

    def reflect(position: int, side: int) -> int:
        position = abs(position)
        return position if position < side else 2 * (side - 1) - position

    height, width = batch.shape[1:3]
    rows = [reflect(row - down, height) for row in range(height)]
    columns = [reflect(column - right, width) for column in range(width)]
    return batch[:, rows][:, :, columns]


@given(batch=batches, flips=st.tuples(st.booleans(), st.booleans()), share=st.floats(0, 0.5))
def test_shape_and_type_stay_and_the_input_is_never_written_to(batch, flips, share):
    config = AugmentationConfig(flip_horizontal=flips[0], flip_vertical=flips[1], shift=share)
    before = batch.copy()
    batch.flags.writeable = False  # as rows of a read-only memory map are

    result = augment(batch, config, seeded())

    assert result.shape == batch.shape
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(batch, before)


def test_everything_off_changes_nothing_and_draws_nothing():
    rng = seeded()
    batch = noise(4)
    assert augment(batch, AugmentationConfig(), rng) is batch
    assert rng.random() == seeded().random()


def test_same_seed_gives_same_pictures_and_another_seed_others():
    batch = noise(32)
    first, again = (augment(batch, EVERYTHING, seeded(1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, augment(batch, EVERYTHING, seeded(2)))


@pytest.mark.parametrize(
    ("config", "axis"),
    [
        (AugmentationConfig(flip_horizontal=True), 2),
        (AugmentationConfig(flip_vertical=True), 1),
    ],
)
def test_flip_mirrors_about_half_of_the_pictures_and_leaves_the_others(config, axis):
    batch = noise(400, side=8)
    result = augment(batch, config, seeded())
    flipped = same(result, np.flip(batch, axis))
    assert (flipped ^ same(result, batch)).all()
    assert 160 < flipped.sum() < 240


def test_the_two_flips_are_drawn_independently():
    batch = noise(400, side=8)
    both = AugmentationConfig(flip_horizontal=True, flip_vertical=True)
    result = augment(batch, both, seeded())
    for axes in ((), (1,), (2,), (1, 2)):
        assert 60 < same(result, np.flip(batch, axes)).sum() < 140


@pytest.mark.parametrize("channels", [1, 3])
def test_every_shift_up_to_the_largest_occurs_and_no_other(channels):
    batch = noise(600, side=12, channels=channels)
    result = augment(batch, AugmentationConfig(shift=0.17), seeded())  # round(2.04) = 2 px
    moves = {
        (down, right): int(same(result, moved(batch, down, right)).sum())
        for down in range(-2, 3)
        for right in range(-2, 3)
    }
    assert sum(moves.values()) == len(batch)
    assert min(moves.values()) >= 8  # 24 expected


def test_shift_of_half_the_side_is_filled_by_reflection():
    batch = noise(64, side=8)
    result = augment(batch, AugmentationConfig(shift=0.5), seeded())
    found = sum(
        same(result, moved(batch, down, right)).astype(int)
        for down in range(-4, 5)
        for right in range(-4, 5)
    )
    assert (found == 1).all()


def test_shift_that_rounds_to_no_pixel_changes_nothing():
    batch = noise(4)
    np.testing.assert_array_equal(augment(batch, AugmentationConfig(shift=0.01), seeded()), batch)


def test_equal_pictures_of_a_batch_are_changed_differently():
    batch = np.repeat(noise(1), 64, axis=0)
    different = np.unique(augment(batch, EVERYTHING, seeded()), axis=0)
    assert len(different) > 50
