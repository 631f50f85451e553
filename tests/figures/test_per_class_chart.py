"""Chart of how well each class is recognised."""

import numpy as np
import pytest

from cnnlab.evaluation.per_class import class_figures
from cnnlab.figures.per_class import plot_recalls, recall_info
from tests.evaluation.test_per_class import EVALUATION, evaluation_of


def test_the_worst_class_is_first_and_one_without_pictures_is_left_out():
    info = recall_info(class_figures(EVALUATION))
    assert info.names == ("a", "b", "c")
    assert info.recalls == pytest.approx((0.8, 30 / 31, 1.0))
    figures = class_figures(EVALUATION)[0]
    assert info.intervals[0] == figures.recall
    assert info.supports == (50, 31, 20)


@pytest.mark.parametrize(
    ("count", "words"), [(41, "1 better class is"), (42, "2 better classes are")]
)
def test_classes_without_room_are_counted_as_people_count(count, words):
    confusion = np.diag(np.full(count, 5))
    figures = class_figures(evaluation_of(confusion, [str(number) for number in range(count)]))
    assert f"{words} not shown" in plot_recalls(figures).layout.title.text


def test_only_the_worst_of_many_classes_are_drawn():
    names = [f"<{number}>" for number in range(60)]
    confusion = np.diag(np.full(60, 5))
    confusion[7, 8] = 5
    info = recall_info(class_figures(evaluation_of(confusion, names)))
    assert info.names[0] == "<7>"
    assert len(info.names) == 40
    assert info.left_out == 20
    figure = plot_recalls(class_figures(evaluation_of(confusion, names)), dark=True)
    assert figure.data[0].y[0] == "&lt;7&gt;"
    assert "20 better classes" in figure.layout.title.text
