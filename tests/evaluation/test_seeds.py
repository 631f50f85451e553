"""Repeats of a run with other seeds."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.config import change_config
from cnnlab.evaluation.seeds import (
    ENOUGH_SEEDS,
    Spread,
    group_repeats,
    missing_seeds,
    same_but_seed,
    spread,
)
from cnnlab.networks.recipes import recipe

CONFIG = recipe("quick").config


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"training.seed": 7}, True),
        ({"training.tensorboard": True}, True),
        ({"training.log_name": "other"}, True),
        ({"split.seed": 7}, False),
        ({"training.epochs": 7}, False),
        ({"network.width": 0.5}, False),
    ],
)
def test_only_the_seed_of_the_training_and_its_logs_may_differ(change, same):
    changed = change_config(CONFIG, change)
    assert (same_but_seed(changed) == same_but_seed(CONFIG)) is same


def test_repeats_stand_together_where_the_first_one_stood():
    items = [("a", 0), ("b", 0), ("a", 1), (None, 0), (None, 0), ("a", 0)]
    groups = group_repeats(items, key=lambda item: item[0], seed=lambda item: item[1])
    assert groups == [
        [("a", 0), ("a", 1)],
        [("b", 0)],
        [(None, 0)],
        [(None, 0)],
        [("a", 0)],  # the same seed once more is no repeat
    ]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_mean_and_deviation_are_those_of_the_statistics_module(values):
    found = spread(values)
    assert found is not None
    assert found.mean == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert found.deviation == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)
    assert found.runs == len(values)


def test_values_that_are_not_finite_do_not_count():
    assert spread([0.5, math.nan, math.inf]) == Spread(0.5, 0.0, 1)
    assert spread([math.nan]) is None
    assert spread([]) is None


def test_the_seeds_of_the_other_side_come_first():
    assert missing_seeds([0], [0, 5, 9]) == [5, 9]
    assert missing_seeds([4], []) == [0, 1]
    assert missing_seeds([0, 1, 2], [7]) == []
    assert missing_seeds([0, 1, 2, 3]) == []
    assert len(missing_seeds([])) == ENOUGH_SEEDS
