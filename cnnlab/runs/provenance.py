"""What a run was trained on, and how that differs from what its data set holds now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnlab.datasets.index import DatasetIndex
from cnnlab.runs.datasets import find_dataset
from cnnlab.runs.runs import Run
from cnnlab.runs.store import Store

_COUNTED = {
    "usable": "in use",
    "excluded": "excluded",
    "relabelled": "relabelled",
    "problems": "set aside",
}


def data_record(index: DatasetIndex) -> dict[str, Any]:
    """What a run's results keep of its data set: the fingerprint, corrections in it, and counts."""
    return {
        "fingerprint": index.fingerprint,
        "usable": len(index.usable),
        "excluded": len(index.readable) - len(index.usable),
        "relabelled": len(index.relabelled),
        "problems": len(index.problems),
    }


def data_changes(store: Store, run: Run) -> str | None:
    """A sentence if the run's data set is gone, or not as it was when the run began; else None."""
    dataset = find_dataset(store, run.dataset_id)
    if dataset is None:
        return _gone(run)
    trained: Mapping[str, Any] = run.results.get("data", {})
    if not trained or dataset.fingerprint in (None, trained["fingerprint"]):
        return None
    what = _differences(trained, dataset.summary or {})
    return (
        f"{dataset.name!r} has changed since this run was trained on it ({what}). The run's "
        "figures are those of the pictures as they were."
    )


def why_not_repeatable(store: Store, run: Run) -> str | None:
    """Why a training like this one would learn from other pictures; None if it would not."""
    dataset = find_dataset(store, run.dataset_id)
    if dataset is None:
        return _gone(run)
    if dataset.fingerprint not in (None, run.data_fingerprint):
        return f"{run.dataset_name!r} has changed since: new runs would learn from other pictures."
    return None


def corrections_used(run: Run) -> str | None:
    """How many corrections the run was trained with; None for none."""
    trained: Mapping[str, Any] = run.results.get("data", {})
    parts = [
        f"{trained[name]:,} {word}"
        for name, word in _COUNTED.items()
        if name in ("excluded", "relabelled") and trained.get(name)
    ]
    return f"Corrections it was trained with: {', '.join(parts)} pictures." if parts else None


def _gone(run: Run) -> str:
    return f"The data set {run.dataset_name!r} is no longer in this workspace."


def _differences(trained: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    parts = [
        f"{trained[name]:,} {word} then, {now[name]:,} now"
        for name, word in _COUNTED.items()
        if name in trained and name in now and trained[name] != now[name]
    ]
    return "; ".join(parts) or "as many pictures, but not the same"
