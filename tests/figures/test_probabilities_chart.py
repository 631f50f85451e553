"""Bars of one photo's probabilities: the most probable first, in the classes' own colours."""

import numpy as np
import pytest

from cnnlab.figures.probabilities import plot_probabilities, probabilities_info
from cnnlab.figures.theme import class_colours

NAMES = ("cat", "dog", "eel", "fox")
VALUES = np.array([0.1, 0.6, 0.1, 0.2], np.float32)


def test_info_holds_the_most_probable_classes_in_order():
    info = probabilities_info(VALUES, NAMES, top=3)

    assert info.class_names == ("dog", "fox", "cat")  # of equals, the first class
    assert info.probabilities == pytest.approx((0.6, 0.2, 0.1))
    assert info.colours == tuple(class_colours(NAMES)[name] for name in info.class_names)
    assert info.left_out == 1


def test_probabilities_and_names_must_match():
    with pytest.raises(ValueError, match="each of the 3 classes"):
        probabilities_info(VALUES, NAMES[:3])


def test_the_winner_is_emphasised_and_the_axis_ends_past_a_hundred_percent():
    figure = plot_probabilities(VALUES, NAMES, top=3)
    bars = figure.data[0]

    assert list(bars.text) == ["<b>60.0%</b>", "20.0%", "10.0%"]
    assert bars.y[0] == "<b>dog</b>"
    assert bars.marker.opacity[0] > bars.marker.opacity[1] == bars.marker.opacity[2]
    assert list(figure.layout.xaxis.tickvals)[-1] == 1
    assert "top 3 of 4" in figure.layout.title.text


def test_all_classes_need_no_remark_and_charts_stay_compact():
    figure = plot_probabilities(VALUES, NAMES, top=10)

    assert "top" not in figure.layout.title.text
    assert figure.layout.height < 250


@pytest.mark.parametrize("dark", [False, True])
def test_names_with_markup_are_shown_as_they_are(dark):
    figure = plot_probabilities([0.3, 0.7], ["<b>a", "%{x}"], dark=dark)

    assert list(figure.data[0].y) == ["<b>&#37;{x}</b>", "&lt;b&gt;a"]
    assert list(figure.data[0].customdata) == ["&#37;{x}", "&lt;b&gt;a"]


def test_certainty_is_written_without_markup_of_its_own():
    figure = plot_probabilities([0.9999, 0.0001], ["a", "b"])

    assert list(figure.data[0].text) == ["<b>&gt;99.9%</b>", "&lt;0.1%"]
