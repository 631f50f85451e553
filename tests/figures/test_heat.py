"""Heat maps laid over pictures."""

import numpy as np
import pytest

from cnnlab.figures.heat import colour_bar, overlay, resized

RNG = np.random.default_rng(0)
COLOURED = RNG.integers(0, 256, (6, 8, 3)).astype(np.uint8)
GREY = COLOURED[..., :1]
VALUES = RNG.uniform(0, 1, (6, 8))


def lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB colours."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    light = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(light > 0.008856, 116 * np.cbrt(light) - 16, 903.3 * light)


def test_without_opacity_the_picture_is_left():
    np.testing.assert_array_equal(overlay(COLOURED, VALUES, 0), COLOURED)
    np.testing.assert_array_equal(overlay(GREY, VALUES, 0), np.repeat(GREY, 3, axis=2))


def test_with_full_opacity_the_picture_is_gone():
    np.testing.assert_array_equal(overlay(COLOURED, VALUES, 1), overlay(255 - COLOURED, VALUES, 1))


def test_half_the_opacity_is_the_middle():
    middle = (COLOURED + overlay(COLOURED, VALUES, 1).astype(float)) / 2
    np.testing.assert_allclose(overlay(COLOURED, VALUES, 0.5), middle, atol=1)


def test_more_is_always_lighter():
    light = lightness(colour_bar(256, 1)[0].astype(float))
    assert (np.diff(light) > -0.2).all()
    assert np.diff(light[::16]).min() > 2  # about evenly
    assert light[0] < 5
    assert light[-1] > 95


def test_what_is_no_number_counts_as_nothing():
    odd = np.array([[np.nan, -1, 2]])
    found = overlay(np.zeros((1, 3, 1), np.uint8), odd, 1)
    expected = overlay(np.zeros((1, 3, 1), np.uint8), np.array([[0.0, 0, 1]]), 1)
    np.testing.assert_array_equal(found, expected)


def test_sizes_and_opacity_are_checked():
    with pytest.raises(ValueError, match="as large as its picture"):
        overlay(COLOURED, VALUES.T, 0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        overlay(COLOURED, VALUES, 1.5)


def test_small_pictures_are_enlarged_pixel_by_pixel_and_heat_smoothly():
    for picture in (COLOURED, GREY):
        larger, values = resized(picture, VALUES, 24)
        np.testing.assert_array_equal(larger, picture.repeat(3, axis=0).repeat(3, axis=1))
        assert values.shape == (18, 24)
        assert VALUES.min() - 1e-6 <= values.min() <= values.max() <= VALUES.max() + 1e-6
        assert np.abs(np.diff(values, axis=1)).max() < np.abs(np.diff(VALUES, axis=1)).max()


def test_large_pictures_are_made_smaller():
    smaller, values = resized(COLOURED, VALUES, 4)
    assert smaller.shape == (3, 4, 3)
    assert values.shape == (3, 4)
