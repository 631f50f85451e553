"""How evenly the pictures are spread over the classes, and what that does to accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNEVEN_RATIO = 1.5


@dataclass(frozen=True, slots=True)
class Baseline:
    """What someone reaches who always names the largest class."""

    class_name: str
    share: float


def majority_baseline(counts: Mapping[str, int]) -> Baseline | None:
    """The largest class and its share, the first one of equals; None if there are no images."""
    total = sum(counts.values())
    if total <= 0:
        return None
    largest = max(counts, key=lambda name: counts[name])
    return Baseline(class_name=largest, share=counts[largest] / total)


def is_uneven(counts: Mapping[str, int]) -> bool:
    """Whether balanced accuracy and macro F1 should be read before accuracy.

    True if the largest class has more than `UNEVEN_RATIO` times the images of the smallest;
    classes without any image are left out, as they are by those two figures.
    """
    sizes = [count for count in counts.values() if count > 0]
    return bool(sizes) and max(sizes) > UNEVEN_RATIO * min(sizes)
