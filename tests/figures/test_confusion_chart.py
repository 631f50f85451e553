"""The confusion matrix shows each cell once, true classes in rows."""

import numpy as np
import pytest

from cnnlab.evaluation.class_order import most_mistaken
from cnnlab.figures.confusion import plot_confusion
from cnnlab.figures.confusion_cells import MOST_CELLS, OTHERS, confusion_info

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
    bottom, top = figure.layout.yaxis.range
    assert bottom > top
    assert figure.layout.yaxis.title.text == "true class"
    assert figure.layout.xaxis.title.text == "predicted class"
    # row 1, column 0: dogs taken for cats
    assert layer(figure, "wrong").z[1][0] == 3
    points = layer(figure, "wrong cells")
    (place,) = [
        number
        for number, (x, y) in enumerate(zip(points.x, points.y, strict=True))
        if (y, x) == ("dog", "cat")
    ]
    assert list(points.customdata[place]) == pytest.approx([1, 0, 3, 3 / 303], abs=1e-5)


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
    assert len(layer(figure, "right").x) == min(size, 41)
    assert 300 <= figure.layout.height <= 1400
    figure.to_json()


def test_names_that_look_alike_when_shortened_stay_apart():
    names = [f"{'x' * 30}{middle}{'y' * 30}" for middle in "abc"]
    figure = plot_confusion(CONFUSION, names)

    assert len(set(layer(figure, "right").x)) == 3


def test_names_are_escaped():
    figure = plot_confusion(np.eye(2, dtype=int), ("<i>x</i>", "$y$"))

    assert list(layer(figure, "right").y) == ["&lt;i&gt;x&lt;/i&gt;", "&#36;y&#36;"]


def test_every_cell_can_be_clicked_once():
    figure = plot_confusion(CONFUSION, NAMES)
    cells = [
        tuple(int(value) for value in row[:2])
        for name in ("right cells", "wrong cells")
        for row in layer(figure, name).customdata
    ]
    assert sorted(cells) == [(true, said) for true in range(3) for said in range(3)]
    assert figure.layout.hoverdistance == -1


def test_another_order_moves_rows_and_columns_but_no_class_index():
    figure = plot_confusion(CONFUSION, NAMES, order=[2, 0, 1])
    assert list(figure.layout.yaxis.categoryarray) == ["eel", "cat", "dog"]
    assert layer(figure, "wrong").z[2][1] == 3  # dogs taken for cats
    found = {tuple(row[:3]) for row in layer(figure, "wrong cells").customdata}
    assert (1, 0, 3) in found


def many(size: int, mistakes: int, seed: int = 0) -> np.ndarray:
    """A matrix of so many classes, each with ten right ones, and some mistakes."""
    rng = np.random.default_rng(seed)
    confusion = np.diag([10] * size)
    rows, columns = rng.integers(0, size, (2, mistakes))
    np.add.at(confusion, (rows, columns), rows != columns)
    return confusion


def test_of_many_classes_those_with_most_mistakes_are_shown_and_no_picture_is_lost():
    confusion = many(120, 300)
    info = confusion_info(confusion, [f"class {i}" for i in range(120)])
    assert len(info.classes) == 41
    assert info.classes[-1] == OTHERS
    assert info.class_names[-1] == "80 other classes"
    assert info.counts.sum() == confusion.sum()
    rest = sorted(set(range(120)) - set(info.classes))
    assert info.right_of_others == 10 * len(rest)
    assert info.counts[-1, -1] == confusion[np.ix_(rest, rest)].sum()
    assert info.class_count == 120
    assert set(most_mistaken(confusion, 40)) == set(info.classes[:-1])


def test_sums_of_others_are_grey_and_fade_no_single_class():
    confusion = many(120, 300)
    quiet = next(index for index in range(120) if index not in most_mistaken(confusion, 20))
    confusion[quiet, quiet] = 5_000
    figure = plot_confusion(confusion, [f"class {i}" for i in range(120)], most=20)
    others, right = layer(figure, "others"), layer(figure, "right")
    shown = ~np.isnan(np.array(others.z))
    assert np.argwhere(shown).max(axis=1).tolist() == [20] * 41
    assert right.zmax < 100 < 5_000 < np.nanmax(others.z)
    points = layer(figure, "others cells")
    assert [int(row[0]) for row in points.customdata][-21:] == [OTHERS] * 21
    assert "of them recognised" in points.hovertemplate[-1]
    assert "of them recognised" not in points.hovertemplate[-2]


def test_a_selected_cell_has_a_row_and_a_column_of_its_own():
    confusion = many(120, 300)
    confusion[:, 3] = confusion[3, :] = 0
    names = [f"class {i}" for i in range(120)]
    assert 3 not in confusion_info(confusion, names).classes
    info = confusion_info(confusion, names, selected=(3, 3))
    assert 3 in info.classes
    assert info.dense
    assert plot_confusion(confusion, names, selected=(3, 3)).layout.shapes


def test_all_of_a_thousand_classes_are_drawn_as_squares_of_cells_with_pictures():
    confusion = many(1_000, 4_000)
    figure = plot_confusion(confusion, [f"class {i}" for i in range(1_000)], most=None)
    assert {trace.name for trace in figure.data} == {"wrong cells", "right cells"}
    assert len(layer(figure, "right cells").x) == 1_000
    assert len(layer(figure, "wrong cells").x) == (confusion > 0).sum() - 1_000
    assert len(figure.to_json()) < 1_000_000
    assert figure.layout.hoverdistance > 0  # a double click between the squares chooses none
    assert figure.layout.dragmode == "zoom"


def test_squares_are_limited_to_the_most_frequent_mistakes():
    confusion = many(1_000, 30_000)
    confusion[3, 7] = 50
    figure = plot_confusion(confusion, [f"class {i}" for i in range(1_000)], most=None)
    cells = layer(figure, "wrong cells").customdata
    assert len(cells) == MOST_CELLS
    assert (3, 7, 50) in {tuple(row[:3]) for row in cells}
    info = confusion_info(confusion, [f"class {i}" for i in range(1_000)], most=None)
    assert info.mistakes_left_out == (confusion[~np.eye(1_000, dtype=bool)] > 0).sum() - MOST_CELLS
    assert "6,000 most frequent" in figure.layout.title.text


def test_the_selected_cell_is_outlined_where_it_is_shown():
    (outline,) = plot_confusion(CONFUSION, NAMES, order=[2, 0, 1], selected=(1, 0)).layout.shapes
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (0.5, 1.5, 1.5, 2.5)
    assert not plot_confusion(CONFUSION, NAMES, selected=(5, 0)).layout.shapes


@pytest.mark.parametrize(("size", "words"), [(41, "1 other class"), (43, "3 other classes")])
def test_one_class_without_a_row_is_not_said_to_be_several(size, words):
    matrix = np.eye(size, dtype=int)
    assert confusion_info(matrix, [f"c{n}" for n in range(size)]).class_names[-1] == words
