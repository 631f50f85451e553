"""What simple methods reach on a run's pictures; trials on the same ones compute it once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cnnlab.datasets.pixels import file_name_of
from cnnlab.datasets.splits import Split
from cnnlab.evaluation.baselines import ladder
from cnnlab.training.batches import LabelledPixels

Baselines = list[dict[str, Any]]

_kept: dict[str, Baselines] = {}  # of the pictures that this process has worked on last


def baselines_of(
    images: Mapping[Split, LabelledPixels], class_count: int, *, seed: int
) -> Baselines:
    """The steps of `evaluation.baselines.ladder` as a run's results hold them.

    Args:
        images: Of each split.
        class_count: Number of classes.
        seed: Decides which pictures are drawn.
    """
    key = _key(images, class_count, seed)
    if key is None or key not in _kept:
        train = images[Split.TRAIN]
        held_out = {
            split.value: (images[split], images[split].labels)
            for split in (Split.VALIDATION, Split.TEST)
        }
        steps = ladder(train, train.labels, held_out, class_count, seed=seed)
        found = [step.to_json() for step in steps]
        if key is None:
            return found
        _kept.clear()
        _kept[key] = found
    return [dict(step) for step in _kept[key]]


def _key(images: Mapping[Split, LabelledPixels], class_count: int, seed: int) -> str | None:
    """The same for the same pictures, labels and seed; None where pictures have no file."""
    parts = hashlib.sha256(repr((class_count, seed)).encode())
    for split in Split:
        name = file_name_of(images[split].pixels)
        if name is None:
            return None
        parts.update(f"{split}{name}".encode())
        parts.update(images[split].rows.tobytes())
        parts.update(images[split].labels.tobytes())
    return parts.hexdigest()
