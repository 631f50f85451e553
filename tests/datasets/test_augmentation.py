"""Random changes to training pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnlab.config import AugmentationConfig
from cnnlab.datasets.augmentation import active, augment, draws, single

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


# --- rotation, zoom, light, erasing ---


ALL = AugmentationConfig(
    flip_horizontal=True,
    flip_vertical=True,
    rotation=0.1,
    zoom=0.2,
    shift=0.1,
    brightness=0.2,
    contrast=0.3,
    erasing=0.5,
)


def gradient(side: int = 41) -> np.ndarray:
    """A picture whose red value is its row and green its column, shape (side, side, 3)."""
    rows, columns = np.mgrid[:side, :side]
    return np.stack([rows, columns, np.full_like(rows, 77)], axis=2).astype(np.uint8)


def many(picture: np.ndarray, count: int = 200) -> np.ndarray:
    return np.repeat(picture[None], count, axis=0)


def place_seen(pictures: np.ndarray) -> np.ndarray:
    """Which row and column of `gradient` is seen in the middle of each picture, shape (n, 2)."""
    middle = pictures.shape[1] // 2
    return pictures[:, middle, middle, :2].astype(float)


@pytest.mark.parametrize("name", list(AugmentationConfig.model_fields))
@given(batch=batches, seed=st.integers(0, 99))
def test_each_operation_keeps_shape_and_type_and_never_writes_to_its_input(name, batch, seed):
    before = batch.copy()
    batch.flags.writeable = False
    result = augment(batch, single(ALL, name), seeded(seed))
    assert result.shape == batch.shape
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(batch, before)


def test_rotation_turns_about_the_middle_by_every_angle_up_to_the_largest():
    turned = augment(many(gradient()), AugmentationConfig(rotation=0.125), seeded())
    np.testing.assert_allclose(place_seen(turned), 20, atol=1)
    across = turned[:, 20, 30, :2].astype(float) - turned[:, 20, 10, :2]  # direction of a row
    degrees = np.degrees(np.arctan2(across[:, 0], across[:, 1]))
    assert np.abs(degrees).max() < 47
    assert degrees.max() > 40
    assert degrees.min() < -40
    np.testing.assert_allclose(np.hypot(*across.T), 20, atol=1.5)  # nothing is scaled


def test_zoom_changes_the_scale_up_and_down_about_the_middle():
    zoomed = augment(many(gradient()), AugmentationConfig(zoom=0.5), seeded())
    np.testing.assert_allclose(place_seen(zoomed), 20, atol=1)
    across = zoomed[:, 20, 25, 1].astype(float) - zoomed[:, 20, 15, 1]  # of 10 pixels
    scale = 10 / across
    assert 1.3 < scale.max() < 1.7
    assert 0.45 < scale.min() < 0.65


def test_shift_beside_a_rotation_moves_as_far_as_asked_for():
    config = AugmentationConfig(rotation=1e-9, shift=0.25)
    moved = 20 - place_seen(augment(many(gradient(), 400), config, seeded()))
    assert np.abs(moved).max() <= 0.25 * 41 + 1
    assert (moved.max(axis=0) > 8).all()
    assert (moved.min(axis=0) < -8).all()


def test_what_a_rotation_uncovers_is_reflected_never_black():
    bright = np.full((20, 24, 24, 3), 200, dtype=np.uint8)
    config = AugmentationConfig(rotation=0.5, zoom=0.5, shift=0.5)
    np.testing.assert_array_equal(augment(bright, config, seeded()), bright)


def test_brightness_adds_the_same_to_every_pixel_of_a_picture_and_clips():
    middle = augment(
        many(np.full((8, 8, 3), 128, np.uint8)), AugmentationConfig(brightness=0.25), seeded()
    )
    flat = middle.reshape(len(middle), -1).astype(int)
    assert (flat == flat[:, :1]).all()
    added = flat[:, 0] - 128
    assert 55 < added.max() <= 64
    assert -64 <= added.min() < -55
    white = augment(
        many(np.full((8, 8, 3), 250, np.uint8)), AugmentationConfig(brightness=0.25), seeded()
    )
    assert white.max() == 255


def test_contrast_spreads_values_about_the_mean_which_stays():
    picture = np.repeat(np.array([[[100], [140]]], np.uint8), 4, axis=0)  # (4, 2, 1)
    changed = augment(many(picture), AugmentationConfig(contrast=0.5), seeded()).astype(int)
    spread = changed[:, 0, 1, 0] - changed[:, 0, 0, 0]
    assert 55 < spread.max() <= 60
    assert 20 <= spread.min() < 25
    np.testing.assert_allclose(changed.mean(axis=(1, 2, 3)), 120, atol=1)


def test_erasing_fills_one_rectangle_of_the_chosen_share_of_pictures_with_the_mean():
    batch = noise(400, side=32)
    result = augment(batch, AugmentationConfig(erasing=0.5), seeded())
    changed = ~same(batch, result)
    assert 160 < changed.sum() < 240
    for before, after in zip(batch[changed], result[changed], strict=True):
        inside = (before != after).any(axis=2)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        box = after[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert (box == np.rint(before.mean(axis=(0, 1)))).all()
        assert box.shape[0] * box.shape[1] <= 0.23 * 32 * 32


def test_operations_alone_are_what_they_are_among_others():
    assert active(AugmentationConfig()) == []
    assert active(ALL) == list(AugmentationConfig.model_fields)
    assert active(single(ALL, "zoom")) == ["zoom"]
    assert single(ALL, "zoom").zoom == ALL.zoom
    with pytest.raises(KeyError):
        single(ALL, "blur")


def test_draws_are_what_training_does_with_the_same_state():
    picture = noise(1)[0]
    shown = draws(picture, ALL, 8, seed=3)
    trained = augment(np.repeat(picture[None], 8, axis=0), ALL, np.random.default_rng(3))
    np.testing.assert_array_equal(shown, trained)
    assert len({draw.tobytes() for draw in shown}) == 8


def test_a_picture_is_changed_the_same_whatever_its_channels():
    grey = noise(6, channels=1)
    config = AugmentationConfig(rotation=0.1, zoom=0.1, shift=0.1)
    coloured = augment(np.repeat(grey, 3, axis=3), config, seeded())
    np.testing.assert_array_equal(coloured[..., :1], augment(grey, config, seeded()))
