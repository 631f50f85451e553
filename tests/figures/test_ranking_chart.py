"""ROC and precision-recall charts."""

import numpy as np
import pytest

from cnnlab.evaluation.ranking import ranking_curves
from cnnlab.figures.ranking import (
    plot_precision_recall,
    plot_roc,
    precision_recall_info,
    roc_info,
)

CURVES = ranking_curves(
    np.array([True, True, False, True, False, False]), np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.1])
)


def test_roc_goes_from_nothing_found_to_everything():
    info = roc_info(CURVES)
    assert (info.x[0], info.y[0]) == (0, 0)
    assert (info.x[-1], info.y[-1]) == (1, 1)
    assert info.thresholds[0] is None
    assert info.thresholds[1] == pytest.approx(0.9)
    assert info.figure == pytest.approx(8 / 9)
    assert info.chance == (0, 1)


def test_precision_of_chance_is_the_share_of_the_class():
    info = precision_recall_info(CURVES)
    assert info.chance == (0.5, 0.5)
    assert info.y[0] == 1
    assert info.y[-1] == pytest.approx(0.5)


@pytest.mark.parametrize("plot", [plot_roc, plot_precision_recall])
def test_the_point_that_finds_nothing_says_so_instead_of_a_threshold_of_zero(plot):
    curve = plot(CURVES, "cat").data[1]
    assert curve.hovertemplate[0] == "nothing is found<extra></extra>"
    assert len(curve.hovertemplate) == len(curve.x)
    assert all(said.startswith("from %{customdata:.3f} on: ") for said in curve.hovertemplate[1:])


@pytest.mark.parametrize("plot", [plot_roc, plot_precision_recall])
def test_a_long_name_does_not_run_out_of_the_chart(plot):
    said = plot(CURVES, "<" + 50 * "a" + ">").layout.title.text
    assert "a" * 30 not in said
    assert "&lt;aaa" in said


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("plot", [plot_roc, plot_precision_recall])
def test_names_are_shown_as_they_are(plot, dark):
    figure = plot(CURVES, "<b>cat</b>", dark=dark)
    assert "&lt;b&gt;cat" in figure.layout.title.text
    assert [trace.uid for trace in figure.data] == ["chance", "curve"]
