"""Whether the exported network does what the training said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

LARGEST_GAP = 0.005  # half a point: half precision alone may make as much

_FIGURE = "validation_accuracy"


def training_accuracy(
    results: Mapping[str, Any], epochs: Sequence[Mapping[str, Any]]
) -> float | None:
    """Validation accuracy as the training itself saw it, in the epoch whose network is kept.

    Args:
        results: Of a run; they name the epoch.
        epochs: Its epoch records.
    """
    best = results.get("best_epoch")
    known = next((row.get(_FIGURE) for row in epochs if row["epoch"] == best), None)
    return float(known) if known is not None and math.isfinite(known) else None


def gap_sentence(trained: float | None, exported: float | None) -> str | None:
    """A warning where two figures of one network differ; None where they agree.

    Args:
        trained: Validation accuracy as the training saw it, 0-1, or None.
        exported: The same of the exported network, scored in a process of its own, or None.
    """
    if trained is None or exported is None or abs(trained - exported) <= LARGEST_GAP + 1e-9:
        return None
    points = 100 * (exported - trained)
    return (
        f"The exported network is right on {exported:.1%} of the validation pictures; during the "
        f"training it was {trained:.1%}, a difference of {points:+.1f} points. The exported "
        "network's figures are those that count: it is what classifies. Half precision can make "
        "a small difference; train with training.precision=float32 to see whether it does here."
    )
