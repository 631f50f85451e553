"""The confusion matrix shows each cell once, true classes in rows."""

import numpy as np
import pytest

from cnnlab.figures.confusion import confusion_info, plot_confusion

CONFUSION = np.array([[40, 1, 0], [3, 300, 0], [0, 0, 0]])
NAMES = ("cat", "dog", "eel")


def layer(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_shares_are_of_the_true_class_and_zero_where_it_has_no_images():
    info = confusion_info(CONFUSION, NAMES, by_share=True)

    assert info.shares[0] == pytest.approx([40 / 41, 1 / 41, 0])
    assert info.shares[2].tolist() == [0, 0, 0]
    assert info.values is info.shares
    assert confusion_info(CONFUSION, NAMES).values.tolist() == CONFUSION.tolist()


def test_a_matrix_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"each of the 2 classes.*\(3, 3\)"):
        confusion_info(CONFUSION, ("cat", "dog"))


def test_right_ones_and_mistakes_are_two_layers_that_fill_the_matrix():
    figure = plot_confusion(CONFUSION, NAMES)
    right, wrong = layer(figure, "right").z, layer(figure, "wrong").z

    assert np.array_equal(np.isnan(right), ~np.eye(3, dtype=bool))
    assert np.array_equal(np.isnan(wrong), np.eye(3, dtype=bool))
    assert np.nansum(np.dstack([right, wrong]), axis=2).tolist() == CONFUSION.tolist()
    assert layer(figure, "right").colorscale != layer(figure, "wrong").colorscale


def test_true_classes_run_down_and_predicted_ones_to_the_right():
    figure = plot_confusion(CONFUSION, NAMES)

    assert list(figure.layout.yaxis.categoryarray) == list(NAMES)
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.yaxis.title.text == "true class"
    assert figure.layout.xaxis.title.text == "predicted class"
    # row 1, column 0: dogs taken for cats
    assert layer(figure, "wrong").z[1][0] == 3
    assert layer(figure, "wrong").customdata[1][0].tolist() == pytest.approx([3, 3 / 303])


@pytest.mark.parametrize(
    ("by_share", "right", "wrong"),
    [
        (False, [["40", "", ""], ["", "300", ""], ["", "", ""]], "1"),
        (True, [["98", "", ""], ["", "99", ""], ["", "", ""]], "2"),
    ],
)
def test_cells_carry_their_numbers_and_empty_ones_none(by_share, right, wrong):
    figure = plot_confusion(CONFUSION, NAMES, by_share=by_share)

    assert [list(row) for row in layer(figure, "right").text] == right
    assert layer(figure, "wrong").text[0][1] == wrong
    assert layer(figure, "wrong").text[0][2] == ""


def test_rounding_hides_neither_a_mistake_nor_perfection():
    figure = plot_confusion(np.array([[199, 1], [0, 5]]), ("a", "b"), by_share=True)

    assert layer(figure, "wrong").text[0][1] == "<1"
    assert layer(figure, "right").text[0][0] == ">99"
    assert layer(figure, "right").text[1][1] == "100"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [1, 2, 10, 16, 100])
def test_any_number_of_classes_can_be_drawn(size, dark):
    confusion = np.random.default_rng(0).integers(0, 9, (size, size))
    figure = plot_confusion(confusion, [f"class {i}" for i in range(size)], dark=dark)

    assert (layer(figure, "right").text is not None) == (size <= 15)
    assert 300 <= figure.layout.height <= 1400
    figure.to_json()


def test_names_that_look_alike_when_shortened_stay_apart():
    names = [f"{'x' * 30}{middle}{'y' * 30}" for middle in "abc"]
    figure = plot_confusion(CONFUSION, names)

    assert len(set(layer(figure, "right").x)) == 3


def test_names_are_escaped():
    figure = plot_confusion(np.eye(2, dtype=int), ("<i>x</i>", "$y$"))

    assert list(layer(figure, "right").y) == ["&lt;i&gt;x&lt;/i&gt;", "&#36;y&#36;"]
