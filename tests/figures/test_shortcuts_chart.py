"""The chart of shortcuts: the most telling fact first, against the baseline."""

from cnnlab.figures.shortcuts import plot_shortcuts, shortcuts_info
from cnnlab.figures.theme import PALETTE

SCORES = {"width": 0.52, "format": 0.97, "bytes": 0.6}


def test_facts_are_ranked_and_only_the_clearly_better_ones_stand_out():
    info = shortcuts_info(SCORES, 0.5, 1000)
    assert info.facts == ("format", "bytes", "width")
    assert info.scores == (0.97, 0.6, 0.52)
    assert info.telling[0]
    assert not info.telling[2]


def test_bars_and_baseline_are_drawn():
    figure = plot_shortcuts(SCORES, 0.5, 1000)
    (bars,) = figure.data
    assert list(bars.y) == ["format", "bytes", "width"]
    assert bars.marker.color[0] == PALETTE[1]
    assert bars.marker.color[2] != PALETTE[1]
    assert figure.layout.shapes[0].x0 == 0.5
    assert figure.layout.yaxis.autorange == "reversed"


def test_no_scores_can_be_drawn():
    assert plot_shortcuts({}, 0.5, 0, dark=True).to_json()
