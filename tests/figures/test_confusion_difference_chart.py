"""One confusion matrix minus another."""

import numpy as np
import pytest

from cnnlab.figures.confusion_difference import MOST_CLASSES, difference_info, plot_difference

NAMES = ("one", "other")


def test_more_right_ones_and_fewer_mistakes_are_gains():
    first = np.array([[8, 2], [1, 9]])
    second = np.array([[9, 1], [3, 7]])
    info = difference_info(first, second, ["a", "b"], names=NAMES)
    assert info.change.tolist() == [[1, -1], [2, -2]]
    assert info.gain.tolist() == [[1, 1], [-2, -2]]
    assert info.left_out == 0


def test_of_many_classes_the_most_changed_ones_are_shown_in_their_order():
    size = 100
    first, second = np.eye(size, dtype=int) * 10, np.eye(size, dtype=int) * 10
    second[70, 3] += 5
    second[3, 3] -= 5
    info = difference_info(first, second, [f"c{n}" for n in range(size)], names=NAMES)
    assert len(info.class_names) == MOST_CLASSES
    assert info.left_out == size - MOST_CLASSES
    assert {"c3", "c70"} <= set(info.class_names)
    assert list(info.class_names) == sorted(info.class_names, key=lambda name: int(name[1:]))
    assert info.change.sum() == 0


@pytest.mark.parametrize("size", [2, 10, 40, 1000])
def test_matrices_of_any_size_can_be_drawn(size):
    matrix = np.eye(size, dtype=int)
    names = [f"<i>{n}</i>" for n in range(size)]
    figure = plot_difference(matrix, matrix[::-1], names, names=("<a>", "b"), dark=True)
    (heatmap,) = figure.data
    assert len(heatmap.x) == min(size, MOST_CLASSES)
    assert "<i>" not in "".join(heatmap.x)
    assert "<a>" not in figure.layout.title.text
    assert heatmap.zmin == -heatmap.zmax


@pytest.mark.parametrize(("size", "words"), [(41, "1 class with"), (42, "2 classes with")])
def test_classes_that_are_left_out_are_counted_as_people_count(size, words):
    matrix = np.eye(size, dtype=int)
    figure = plot_difference(matrix, matrix, [f"c{n}" for n in range(size)], names=NAMES)
    assert f"; {words} fewer changes" in figure.layout.title.text
    assert "pictures" in figure.data[0].hovertemplate


def test_numbers_carry_their_sign():
    figure = plot_difference(
        np.array([[8, 2], [1, 9]]), np.array([[9, 1], [1, 9]]), ["a", "b"], names=NAMES
    )
    assert figure.data[0].text[0] == ["+1", "−1"]
    assert figure.data[0].text[1] == ["", ""]


def test_a_matrix_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="one column for each"):
        difference_info(np.eye(2, dtype=int), np.eye(3, dtype=int), ["a", "b"], names=NAMES)
