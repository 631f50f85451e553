"""The chart of a small grid of numbers."""

import numpy as np

from cnnlab.figures.number_grid import Window, plot_number_grid


def test_numbers_are_written_and_the_window_is_outlined():
    figure = plot_number_grid(
        np.array([[1.0, -2.5], [0, 1 / 3]]), title="<Map>", window=Window(1, 0, 1), signed=True
    )
    assert [list(line) for line in figure.data[0].text] == [["1", "−2.5"], ["0", "0.3333"]]
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].y0) == (0.5, 1.5)
    assert "&lt;Map&gt;" in figure.layout.title.text
    assert figure.data[0].zmin == -figure.data[0].zmax


def test_padding_is_marked():
    figure = plot_number_grid(np.zeros((4, 5)), title="", pad=(1, 0), inner=(3, 5))
    assert len(figure.layout.shapes) == 5
