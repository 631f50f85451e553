"""Scanning a data set that the store knows, and reading what the last scan found."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from cnnlab.datasets.builtin import materialise
from cnnlab.datasets.index import DatasetIndex, read_index, summary, write_index
from cnnlab.datasets.scan import scan
from cnnlab.errors import DatasetError
from cnnlab.runs.datasets import Dataset, Source, save_scan
from cnnlab.runs.store import Store
from cnnlab.workspace import Workspace

Progress = Callable[[int, int], object]


def scan_dataset(
    store: Store, workspace: Workspace, dataset: Dataset, progress: Progress | None = None
) -> tuple[DatasetIndex, dict[str, Any]]:
    """Bring a data set's index up to date; only new and changed files are opened.

    Args:
        store: Gets the counts.
        workspace: Gets the index file.
        dataset: What to scan; a built-in set is written out first.
        progress: Called with (done, total) files.

    Returns:
        The index, and its summary as `cnnlab scan --json` prints it.

    Raises:
        DatasetError: If the folder is gone or has no pictures in class folders.
    """
    began = time.monotonic()
    if dataset.source is Source.BUILTIN:
        materialise(dataset.name, dataset.location, progress)
    with workspace.lock(f"index-{dataset.id}"):
        previous = previous_index(workspace, dataset.id)
        index = scan(dataset.location, previous, progress)
        if index is not previous:
            write_index(index, workspace.index_file(dataset.id))
    found = summary(index, time.monotonic() - began)
    save_scan(
        store,
        dataset.id,
        {
            "images": found["images"],
            "usable": found["usable"],
            "classes": found["classes"],
            "problems": len(found["problems"]),
            "duplicates": len(found["duplicates"]),
            "fingerprint": index.fingerprint,
        },
    )
    return index, found


def previous_index(workspace: Workspace, dataset_id: str) -> DatasetIndex | None:
    """What the last scan found; None where there was none or its file is damaged."""
    file = workspace.index_file(dataset_id)
    if not file.exists():
        return None
    try:
        return read_index(file)
    except DatasetError:
        return None
