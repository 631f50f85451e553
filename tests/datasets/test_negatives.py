"""Pictures of none of a data set's classes."""

import numpy as np
import pytest

from cnnlab.config import Colour, DataConfig
from cnnlab.datasets.negatives import EACH, OF_BUILT_IN_SETS, draw_negatives


@pytest.fixture(scope="module")
def drawn():
    return draw_negatives(DataConfig(size=24), ("cat", "dog"))


def test_the_same_pictures_are_drawn_every_time(drawn):
    again = draw_negatives(DataConfig(size=24), ("cat", "dog"))
    np.testing.assert_array_equal(drawn.pixels, again.pixels)
    assert drawn.kinds == again.kinds


def test_there_are_several_kinds_prepared_as_the_network_takes_them(drawn):
    counts = {kind: drawn.kinds.count(kind) for kind in dict.fromkeys(drawn.kinds)}
    assert counts == {
        **dict.fromkeys(("noise", "blank", "text", "texture"), EACH),
        **dict.fromkeys(("digits", "scenes"), OF_BUILT_IN_SETS),
    }
    assert drawn.pixels.shape == (len(drawn.kinds), 24, 24, 3)
    grey = draw_negatives(DataConfig(size=16, colour=Colour.GREY), ("cat", "dog"))
    assert grey.pixels.shape == (len(grey.kinds), 16, 16, 1)


def test_no_two_pictures_are_the_same(drawn):
    assert len({picture.tobytes() for picture in drawn.pixels}) == len(drawn.kinds)


def test_both_halves_hold_the_same_mixture():
    """Every other picture judges: plain ones must not all be on one side."""
    drawn = draw_negatives(DataConfig(size=24), ("cat", "dog"))
    blank = drawn.pixels[np.array(drawn.kinds) == "blank"]
    plain = np.ptp(blank.reshape(len(blank), -1, 3), axis=1).max(axis=1) == 0
    assert plain[::2].sum() == plain[1::2].sum() == EACH // 4


@pytest.mark.parametrize(
    ("class_names", "left_out"),
    [(("Forest", "desert"), "scenes"), (("3", "8"), "digits"), (tuple("0123456789"), "digits")],
)
def test_a_built_in_set_that_shares_a_class_is_left_out(class_names, left_out):
    kinds = set(draw_negatives(DataConfig(size=8), class_names).kinds)
    assert left_out not in kinds
    assert len(kinds) == 5
