"""The chart of a network beside simple methods."""

import pytest

from cnnlab.evaluation.baselines import Baseline, BaselineName
from cnnlab.figures.ladder import ladder_info, plot_ladder
from cnnlab.figures.theme import PALETTE, shades

BASELINES = [
    Baseline(
        name=BaselineName.MAJORITY,
        title="Largest class",
        accuracy={"validation": 0.5, "test": 0.4},
    ),
    Baseline(
        name=BaselineName.HISTOGRAM,
        title="Colour histogram",
        accuracy={"validation": 0.645, "test": 0.6},
    ),
    Baseline(
        name=BaselineName.NEIGHBOUR,
        title="Nearest neighbour",
        accuracy={"validation": 0.61},
    ),
]


def test_the_network_stands_last_below_the_methods_in_their_order():
    info = ladder_info(BASELINES, {"validation_accuracy": 0.71})
    assert info.split == "validation"
    assert info.titles == ("Largest class", "Colour histogram", "Nearest neighbour", "Network")
    assert info.accuracies == (0.5, 0.645, 0.61, 0.71)
    assert info.network == (False, False, False, True)


def test_test_pictures_are_shown_where_there_are_any_without_methods_that_lack_them():
    info = ladder_info(BASELINES, {"validation_accuracy": 0.71, "test_accuracy": 0.7})
    assert info.split == "test"
    assert info.titles == ("Largest class", "Colour histogram", "Network")
    assert info.accuracies == (0.4, 0.6, 0.7)


@pytest.mark.parametrize("dark", [False, True])
def test_the_network_has_a_colour_and_the_methods_are_muted(dark):
    figure = plot_ladder(BASELINES, {"validation_accuracy": 0.71}, dark=dark)
    (bars,) = figure.data
    assert list(bars.marker.color) == [shades(dark).muted] * 3 + [PALETTE[0]]
    assert list(bars.text) == ["50.0%", "64.5%", "61.0%", "71.0%"]
    assert "validation pictures" in figure.layout.title.text
    assert figure.layout.yaxis.autorange == "reversed"


def test_all_bars_share_an_axis_from_nothing_to_everything():
    figure = plot_ladder(BASELINES, {"test_accuracy": 1.0})
    assert figure.layout.xaxis.range[0] == 0
    assert figure.layout.xaxis.range[1] > 1
    assert figure.data[0].text[-1] == "100%"


def test_titles_cannot_bring_markup():
    odd = Baseline(name=BaselineName.HISTOGRAM, title="<b>$x$", accuracy={"test": 0.5})
    figure = plot_ladder([odd], {"test_accuracy": 0.6})
    assert figure.data[0].y[0] == "&lt;b&gt;&#36;x&#36;"


@pytest.mark.parametrize("metrics", [{}, {"test_accuracy": 0.5}])
def test_a_chart_with_little_in_it_can_be_drawn(metrics):
    assert plot_ladder([], metrics, dark=True).to_json()
