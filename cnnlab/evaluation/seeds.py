"""Runs that repeat each other with another seed, and what their figures have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from cnnlab.config import RunConfig
from cnnlab.config.differences import NO_FIGURES

ENOUGH_SEEDS = 3  # from here on a comparison may speak of recipes

Item = TypeVar("Item")

_NO_FIGURES = {"training": {name.removeprefix("training.") for name in NO_FIGURES}}


class Spread(NamedTuple):
    """One figure of several runs.

    Attributes:
        mean: Arithmetic mean.
        deviation: Standard deviation of the sample, 0 for a single value.
        runs: How many values.
    """

    mean: float
    deviation: float
    runs: int


def same_but_seed(config: RunConfig) -> str:
    """A text that two configurations share exactly if nothing that changes a figure differs.

    The seed of the training and its logs may differ. The seed of the split counts: other pictures
    are another task.
    """
    return config.model_dump_json(exclude=_NO_FIGURES)


def group_repeats(
    items: Iterable[Item],
    *,
    key: Callable[[Item], Hashable | None],
    seed: Callable[[Item], int],
) -> list[list[Item]]:
    """Put together what repeats the same with another seed.

    Args:
        items: In their order, which groups and their members keep.
        key: Equal for repeats; None for an item that stands for itself.
        seed: Of an item. The second one with the same seed is no repeat: it stands for itself.

    Returns:
        Groups of one item or more, in the order of their first ones.
    """
    groups: list[list[Item]] = []
    place_of: dict[Hashable, int] = {}
    seen: set[tuple[Hashable, int]] = set()
    for item in items:
        same = key(item)
        if same is None or (same, seed(item)) in seen:
            groups.append([item])
            continue
        seen.add((same, seed(item)))
        if same in place_of:
            groups[place_of[same]].append(item)
        else:
            place_of[same] = len(groups)
            groups.append([item])
    return groups


def spread(values: Sequence[float]) -> Spread | None:
    """Mean and deviation of the finite values; None where there is none."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    mean = math.fsum(finite) / len(finite)
    if len(finite) == 1:
        return Spread(mean, 0.0, 1)
    squares = math.fsum((value - mean) ** 2 for value in finite)
    return Spread(mean, math.sqrt(squares / (len(finite) - 1)), len(finite))


def missing_seeds(present: Iterable[int], others: Iterable[int] = ()) -> list[int]:
    """Seeds that are still needed for a comparison of recipes, those of the other side first."""
    have = set(present)
    wanted = [*dict.fromkeys(others), *range(ENOUGH_SEEDS)]
    new = [value for value in dict.fromkeys(wanted) if value not in have]
    return new[: max(0, ENOUGH_SEEDS - len(have))]
