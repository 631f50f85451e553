"""The chart of class counts says what is in a data set."""

import pytest

from cnnlab.datasets.balance import Baseline
from cnnlab.figures.samples import class_counts_info, plot_class_counts
from cnnlab.figures.theme import PALETTE, SPLIT_COLOURS, class_colours

COUNTS = {"cat": 30, "dog": 60, "eel": 10}


def test_info_holds_counts_and_the_majority_baseline():
    info = class_counts_info(COUNTS)

    assert info.class_names == ("cat", "dog", "eel")
    assert info.totals == (30, 60, 10)
    assert info.by_split == {}
    assert info.baseline == Baseline("dog", 0.6)


def test_splits_without_a_class_count_zero_for_it():
    info = class_counts_info(COUNTS, {"train": {"cat": 30, "dog": 50}, "test": {"dog": 10}})

    assert info.by_split == {"train": (30, 50, 0), "test": (0, 10, 0)}


def test_bars_have_the_colours_of_their_classes_and_the_title_names_the_baseline():
    figure = plot_class_counts(COUNTS)
    bars = figure.data[0]

    assert list(bars.x) == [30, 60, 10]
    assert list(bars.marker.color) == list(class_colours(list(COUNTS)).values())
    assert "“dog” scores 60.0%" in figure.layout.title.text
    assert list(figure.layout.yaxis.range) == [2.5, -0.5]  # the first class on top


def test_splits_are_stacked_in_their_own_colours():
    figure = plot_class_counts(COUNTS, {"train": COUNTS, "test": {"cat": 1}})
    train, test = (trace for trace in figure.data if trace.type == "bar")

    assert figure.layout.barmode == "stack"
    assert (train.name, test.name) == ("train", "test")
    assert train.marker.color == SPLIT_COLOURS["train"]
    assert list(test.x) == [1, 0, 0]


def test_more_classes_than_colours_share_one_colour():
    bars = plot_class_counts({f"{index:03}": 1 for index in range(100)}).data[0]

    assert set(bars.marker.color) == {PALETTE[0]}


def test_height_grows_with_the_number_of_classes():
    heights = [
        plot_class_counts({f"{index:03}": 5 for index in range(count)}).layout.height
        for count in (2, 10, 100)
    ]

    assert heights == sorted(heights)
    assert heights[0] < 250
    assert heights[-1] < 2000


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("counts", [{}, {"only": 0}, {"<b>": 1, "$x$": 2, "2024": 3}])
def test_odd_sets_can_be_drawn_and_sent(counts, dark):
    figure = plot_class_counts(counts, dark=dark)

    assert "<b>" not in "".join(figure.data[0].y or ())
    figure.to_json()
    assert figure.layout.xaxis.visible is any(counts.values())
