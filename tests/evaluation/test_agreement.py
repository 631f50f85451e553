"""Figures of training and export are held against each other."""

import math

import pytest

from cnnlab.evaluation.agreement import gap_sentence, training_accuracy

EPOCHS = [
    {"epoch": 1, "validation_accuracy": 0.5},
    {"epoch": 2, "validation_accuracy": 0.8},
    {"epoch": 3, "validation_accuracy": 0.7},
]


def test_runs_are_read_at_their_best_epoch():
    assert training_accuracy({"best_epoch": 2}, EPOCHS) == 0.8
    assert training_accuracy({"best_epoch": 7}, EPOCHS) is None
    assert training_accuracy({}, []) is None
    fallen = [{"epoch": 1, "validation_accuracy": math.nan}]
    assert training_accuracy({"best_epoch": 1}, fallen) is None


@pytest.mark.parametrize("exported", [0.8, 0.805, 0.795, 0.803])
def test_up_to_half_a_point_nothing_is_said(exported):
    assert gap_sentence(0.8, exported) is None


@pytest.mark.parametrize(("exported", "said"), [(0.806, "+0.6"), (0.794, "-0.6"), (0.3, "-50.0")])
def test_above_half_a_point_both_figures_are_named(exported, said):
    sentence = gap_sentence(0.8, exported)
    assert sentence is not None
    assert said in sentence
    assert "80.0%" in sentence
    assert f"{exported:.1%}" in sentence


def test_without_a_figure_there_is_no_gap():
    assert gap_sentence(None, 0.5) is None
    assert gap_sentence(0.5, None) is None
