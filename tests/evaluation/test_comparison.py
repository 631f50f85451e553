"""Whether one network is better than another."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from scipy import stats

from cnnlab.evaluation import comparison as compared
from cnnlab.evaluation.comparison import (
    compare_paired,
    mcnemar_p,
    paired_sentence,
    points,
    tango_interval,
)

compare_counts = cache(compared.compare_counts)  # many draws come out the same


def exact_p(only_first: int, only_second: int) -> float:
    """Two-sided binomial test in whole numbers."""
    total, fewer = only_first + only_second, min(only_first, only_second)
    if total == 0:
        return 1.0
    tail = sum(math.comb(total, count) for count in range(fewer + 1))
    return float(min(Fraction(1), Fraction(2 * tail, 2**total)))


@pytest.mark.parametrize("only_first", [0, 1, 2, 5, 17, 60, 400])
@pytest.mark.parametrize("only_second", [0, 1, 3, 9, 40, 350, 2_000])
def test_p_value_is_that_of_the_exact_test(only_first, only_second):
    p_value = mcnemar_p(only_first, only_second)
    assert p_value == pytest.approx(exact_p(only_first, only_second), rel=1e-8, abs=1e-300)
    if only_first + only_second:
        other = stats.binomtest(only_first, only_first + only_second).pvalue
        assert p_value == pytest.approx(other, rel=1e-8, abs=1e-300)


def test_p_value_of_many_pictures_is_no_overflow():
    assert mcnemar_p(12_000, 13_000) == pytest.approx(
        stats.binomtest(12_000, 25_000).pvalue, rel=1e-7
    )


def assert_agree(comparison):
    low, high = comparison.interval
    assert comparison.different != (low <= 0 <= high)
    assert -1 <= low <= comparison.difference <= high <= 1


def test_interval_leaves_zero_out_exactly_where_the_test_is_significant():
    for only_first in range(61):
        for only_second in range(61):
            images = 1_000 if only_first % 2 else only_first + only_second + 1
            assert_agree(compare_counts(images, only_first, only_second))


def test_interval_and_test_agree_where_significance_begins():
    """The last significant count and the first one that is not, for many discordant pictures."""
    rng = np.random.default_rng(0)
    for discordant in (*range(6, 400), *rng.integers(400, 25_000, 100).tolist()):
        images = discordant + int(rng.integers(0, 1_000))
        last = int(stats.binom.ppf(0.025, discordant, 0.5))
        decisions = set()
        for fewer in (last - 1, last, last + 1):
            comparison = compare_counts(images, max(0, fewer), discordant - max(0, fewer))
            assert_agree(comparison)
            decisions.add(comparison.different)
        assert decisions == {True, False}


@pytest.mark.parametrize(
    ("images", "only_first", "only_second"),
    [(100, 5, 15), (100, 0, 0), (50, 0, 9), (1_000, 50, 100), (30, 15, 15), (10, 0, 10)],
)
def test_tango_interval_is_where_the_score_stays_small(images, only_first, only_second):
    """A search over a fine grid of differences, the nuisance share by maximum likelihood."""

    def log_likelihood(q, delta):
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [
                np.where(count > 0, count * np.log(share), 0.0)
                for count, share in (
                    (only_first, q),
                    (only_second, q + delta),
                    (images - only_first - only_second, 1 - 2 * q - delta),
                )
            ]
        return sum(parts)

    kept = []
    for delta in np.linspace(-0.999, 0.999, 4_001):
        q = np.linspace(max(0.0, -delta) + 1e-9, (1 - delta) / 2 - 1e-9, 4_001)
        likelihood = np.nan_to_num(log_likelihood(q, delta), nan=-np.inf)
        best = q[int(np.argmax(likelihood))]
        variance = images * (2 * best + delta * (1 - delta))
        gap = only_second - only_first - images * delta
        if gap**2 <= 3.8414588 * variance:
            kept.append(delta)
    low, high = tango_interval(images, only_first, only_second)
    assert low == pytest.approx(min(kept, default=low), abs=2e-3)
    assert high == pytest.approx(max(kept, default=high), abs=2e-3)


NULL_CASES = [(1_000, 0.15), (300, 0.1), (200, 0.3), (5_000, 0.05), (50, 0.2)]
INTERVAL_CASES = [
    (1_000, 0.05, 0.10),
    (200, 0.02, 0.2),
    (300, 0.1, 0.1),
    (100, 0.0, 0.05),
    (60, 0.1, 0.3),
    (30, 0.02, 0.02),
]


def chances(images: int, first: float, second: float):
    """All counts of pictures that only one recognises, with how likely they are (less 1e-6)."""
    alone = stats.binom(images, first)
    for only_first in range(int(alone.ppf(1e-7)), int(alone.isf(1e-7)) + 1):
        other = stats.binom(images - only_first, second / (1 - first))
        counts = np.arange(int(other.ppf(1e-7)), int(other.isf(1e-7)) + 1)
        likely = alone.pmf(only_first) * other.pmf(counts)
        yield from ((only_first, int(c), p) for c, p in zip(counts, likely, strict=True))


@pytest.mark.parametrize(("images", "discordant"), NULL_CASES)
def test_of_equally_good_pairs_few_are_called_different(images, discordant):
    rng = np.random.default_rng([images, 1])
    shares = [discordant / 2, discordant / 2, 1 - discordant]
    counts = rng.multinomial(images, shares, 10_000)
    different = [compare_counts(images, int(b), int(c)).different for b, c, _ in counts]
    assert np.mean(different) <= 0.055


def test_networks_of_equal_accuracy_that_answer_picture_by_picture():
    """The same with pictures, some of them hard for both, as networks meet them."""
    rng = np.random.default_rng(5)
    different = 0
    for _ in range(2_000):
        chance = np.where(rng.random(1_000) < 0.25, 0.6, 0.99)  # hard and easy pictures
        first, second = rng.random((2, 1_000)) < chance
        different += compare_paired(first, second).different
    assert different / 2_000 <= 0.055


@pytest.mark.parametrize("seed", range(5))
def test_a_difference_of_five_points_is_found(seed):
    counts = np.random.default_rng(seed).multinomial(1_000, [0.05, 0.10, 0.85], 10_000)
    found = [compare_counts(1_000, int(b), int(c)) for b, c, _ in counts]
    assert np.mean([each.different and each.difference > 0 for each in found]) >= 0.97


def test_how_often_is_known_without_luck_of_the_draw():
    """All outcomes with their probabilities: 4.13 % of equals, 98.24 % of five points."""
    equal = sum(p for b, c, p in chances(1_000, 0.075, 0.075) if mcnemar_p(b, c) < 0.05)
    better = sum(p for b, c, p in chances(1_000, 0.05, 0.10) if c > b and mcnemar_p(b, c) < 0.05)
    assert equal == pytest.approx(0.0413, abs=1e-4)
    assert better == pytest.approx(0.9824, abs=1e-4)


@pytest.mark.parametrize(("images", "first", "second"), INTERVAL_CASES)
def test_interval_holds_the_true_difference_often_enough(images, first, second):
    """Over all outcomes with their probabilities."""
    held = 0.0
    for only_first, only_second, chance in chances(images, first, second):
        low, high = compare_counts(images, only_first, only_second).interval
        held += chance * (low <= second - first <= high)
    assert held >= 0.95 - 1e-5


def test_pictures_are_paired_by_their_place():
    first = np.array([True, True, False, False, True])
    second = np.array([True, False, True, True, True])
    comparison = compare_paired(first, second)
    assert (comparison.only_first, comparison.only_second) == (1, 2)
    assert comparison.difference == pytest.approx(0.2)


@pytest.mark.parametrize(("first", "second"), [(3, 4), (0, 0)])
def test_other_pictures_or_none_are_refused(first, second):
    with pytest.raises(ValueError, match="same pictures"):
        compare_paired(np.zeros(first, bool), np.zeros(second, bool))


def test_the_better_network_is_the_subject_of_the_sentence():
    said = paired_sentence(compare_counts(1_000, 50, 100), "A", "B")
    assert said.startswith("B is better than A by 5.0 points (2.6 to 7.4)")
    assert "the same 1,000 pictures" in said
    turned = paired_sentence(compare_counts(1_000, 100, 50), "A", "B")
    assert turned.startswith("A is better than B by 5.0 points (2.6 to 7.4)")


def test_noise_is_called_noise():
    said = paired_sentence(compare_counts(1_000, 50, 60), "A", "B")
    assert "within noise" in said
    assert "−1.1 to 3.1 points" in said


def test_an_interval_above_zero_is_not_rounded_to_it():
    said = paired_sentence(compare_counts(200_000, 100, 150), "A", "B")
    assert said.startswith("B is better than A by 0.03 points (0.01 to 0.04)")
    assert points(-0.0001) == "0.0"
    assert points(-0.006) == "−0.6"


def test_no_difference_at_all_is_noise_and_not_certainty():
    comparison = compare_counts(100, 0, 0)
    assert comparison.p_value == 1
    low, high = comparison.interval
    assert low < -0.03
    assert high > 0.03
    assert "−0.0" not in paired_sentence(comparison, "A", "B")
