"""The chart of a loss over a rising learning rate."""

from cnnlab.figures.rate_search import loss_limit, plot_rate_search


def test_the_part_where_the_loss_runs_away_is_cut_off():
    assert loss_limit([1.0, 0.8, 0.5, 40.0]) < 2
    assert loss_limit([1.0, 0.9, 0.8, 0.9]) >= 1.0
    assert loss_limit([]) == 1.0


def test_rates_stand_on_a_logarithmic_axis_with_the_suggestion_marked():
    figure = plot_rate_search([1e-4, 1e-3], [1.0, 0.5], suggestion=3e-4)
    assert figure.layout.xaxis.type == "log"
    assert [shape.x0 for shape in figure.layout.shapes] == [3e-4]
    assert not plot_rate_search([], []).layout.shapes
