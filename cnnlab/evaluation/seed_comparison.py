"""Is one recipe really better than another, by several trainings of each?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cnnlab.evaluation.comparison import SIGNIFICANCE, difference_sentence
from cnnlab.evaluation.intervals import Interval
from cnnlab.evaluation.seeds import ENOUGH_SEEDS


@dataclass(frozen=True, slots=True)
class SeedComparison:
    """Two recipes, each trained several times.

    Attributes:
        first, second: Accuracies; of the same seeds in the same order if `paired`.
        difference: Mean of the second less that of the first, as a share.
        interval: Of the difference, 95 %.
        p_value: Of the t test.
        paired: Whether the trainings are compared seed by seed.
    """

    first: tuple[float, ...]
    second: tuple[float, ...]
    difference: float
    interval: Interval
    p_value: float
    paired: bool

    @property
    def different(self) -> bool:
        """Whether one recipe is better than the other beyond noise."""
        return self.p_value < SIGNIFICANCE


def compare_seeds(
    first: Mapping[int, float], second: Mapping[int, float], *, images: int | None = None
) -> SeedComparison | None:
    """Compare two recipes by the accuracies of several trainings.

    Seed by seed where at least three seeds were used for both (paired t test), else by Welch's
    t test for means of unequal variance.

    Args:
        first, second: Accuracy by seed; what is no number is left out.
        images: Pictures that each accuracy was measured on, or None. An accuracy comes in steps of
            one picture; trainings that agree to the picture are taken to scatter within that step
            (by its twelfth, squared), so that a few equal results are not called certain.

    Returns:
        None where either has fewer than three.
    """
    first, second = (
        {seed: share for seed, share in each.items() if math.isfinite(share)}
        for each in (first, second)
    )
    if min(len(first), len(second)) < ENOUGH_SEEDS:
        return None
    least = 1 / (12 * images * images) if images else 0.0  # variance of what is rounded to a step
    common = sorted(first.keys() & second.keys())
    if len(common) >= ENOUGH_SEEDS:
        mine, other = [first[seed] for seed in common], [second[seed] for seed in common]
        gaps = np.subtract(other, mine)
        error = math.sqrt(max(float(gaps.var(ddof=1)), 2 * least) / len(gaps))
        return _t_comparison(mine, other, error, len(gaps) - 1, paired=True)
    mine, other = [first[seed] for seed in sorted(first)], [second[seed] for seed in sorted(second)]
    parts = [max(float(np.var(each, ddof=1)), least) / len(each) for each in (mine, other)]
    error, freedom = math.sqrt(sum(parts)), float(len(mine) + len(other) - 2)
    below = sum(part**2 / (len(each) - 1) for part, each in zip(parts, (mine, other), strict=True))
    if below > 0:
        freedom = sum(parts) ** 2 / below
    return _t_comparison(mine, other, error, freedom, paired=False)


def seeds_sentence(
    comparison: SeedComparison, first: str, second: str, *, pictures: str = ""
) -> str:
    """What a comparison of two recipes says, as plain text.

    Args:
        comparison: The figures.
        first, second: What the recipes are called.
        pictures: What the accuracies were measured on, such as "the 100 test pictures".
    """
    counts = {len(comparison.first), len(comparison.second)}
    where = f" over {counts.pop()} seeds each"
    if counts:
        where = f" over {len(comparison.first)} and {len(comparison.second)} seeds"
    return difference_sentence(
        comparison.difference,
        comparison.interval,
        first,
        second,
        different=comparison.different,
        where=f"{where} on {pictures}" if pictures else where,
    )


def _t_comparison(
    first: list[float], second: list[float], error: float, freedom: float, *, paired: bool
) -> SeedComparison:
    from scipy import stats  # 0.5 s: only when used

    difference = float(np.mean(second) - np.mean(first))
    if error < 1e-12:  # every training came out the same
        p_value, reach = (1.0 if abs(difference) < 1e-12 else 0.0), 0.0
    else:
        p_value = float(2 * stats.t.sf(abs(difference) / error, freedom))
        reach = float(stats.t.ppf(1 - SIGNIFICANCE / 2, freedom)) * error
    return SeedComparison(
        first=tuple(first),
        second=tuple(second),
        difference=difference,
        interval=Interval(difference - reach, difference + reach),
        p_value=p_value,
        paired=paired,
    )
