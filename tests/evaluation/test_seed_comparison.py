"""Whether one recipe is better than another."""

import math

import pytest
from scipy import stats

from cnnlab.evaluation.seed_comparison import compare_seeds, seeds_sentence


def test_recipes_of_the_same_seeds_are_compared_seed_by_seed():
    first, second = {0: 0.90, 1: 0.80, 2: 0.85}, {2: 0.87, 0: 0.92, 1: 0.83, 5: 0.1}
    comparison = compare_seeds(first, second)
    expected = stats.ttest_rel([0.92, 0.83, 0.87], [0.90, 0.80, 0.85])
    assert comparison.paired
    assert comparison.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval()
    assert comparison.interval == pytest.approx((low, high))
    assert seeds_sentence(comparison, "A", "B").startswith("B is better than A by 2.3 points")
    assert "3 seeds each" in seeds_sentence(comparison, "A", "B")


def test_recipes_of_other_seeds_are_compared_by_their_means():
    first, second = {0: 0.90, 1: 0.80, 2: 0.85}, {3: 0.95, 4: 0.93, 5: 0.94, 6: 0.97}
    comparison = compare_seeds(first, second)
    expected = stats.ttest_ind(list(second.values()), list(first.values()), equal_var=False)
    assert not comparison.paired
    assert comparison.p_value == pytest.approx(expected.pvalue)
    assert comparison.interval == pytest.approx(tuple(expected.confidence_interval()))
    assert "over 3 and 4 seeds" in seeds_sentence(comparison, "A", "B")


def test_fewer_than_three_seeds_say_nothing_about_recipes():
    assert compare_seeds({0: 0.9, 1: 0.8}, {0: 0.7, 1: 0.6, 2: 0.7}) is None


def test_trainings_that_all_came_out_the_same_are_no_trouble():
    same = compare_seeds({0: 0.9, 1: 0.9, 2: 0.9}, {0: 0.9, 1: 0.9, 2: 0.9})
    assert not same.different
    assert same.interval == (0, 0)
    better = compare_seeds({0: 0.5, 1: 0.5, 2: 0.5}, {0: 0.75, 1: 0.75, 2: 0.75})
    assert better.different
    assert "25.0 points" in seeds_sentence(better, "A", "B")


def test_trainings_that_agree_by_the_roughness_of_few_pictures_are_not_called_certain():
    """Always one picture of sixty more: the true accuracies may differ by far less."""
    first, second = dict.fromkeys(range(3), 58 / 60), dict.fromkeys(range(3), 59 / 60)
    assert compare_seeds(first, second).different
    assert not compare_seeds(first, second, images=60).different
    other_seeds = dict.fromkeys(range(3, 6), 59 / 60)
    low, high = compare_seeds(first, other_seeds, images=60).interval
    assert low < 1 / 60 < high
    ten_more = dict.fromkeys(range(3), 48 / 60)
    assert compare_seeds(ten_more, first, images=60).different


def test_trainings_without_a_figure_do_not_count():
    nothing = math.nan
    assert compare_seeds({0: 0.9, 1: 0.8, 2: nothing}, {0: 0.7, 1: 0.6, 2: 0.7}) is None
    comparison = compare_seeds({0: 0.9, 1: 0.8, 2: 0.85, 3: nothing}, {0: 0.7, 1: 0.6, 2: 0.7})
    assert comparison.first == (0.9, 0.8, 0.85)
