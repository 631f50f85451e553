"""Bringing a data set's pictures, and its index, up to date."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnlab.datasets.archives import extract_zip
from cnnlab.datasets.builtin import materialise
from cnnlab.datasets.catalogue import fetch
from cnnlab.datasets.index import DatasetIndex, read_index, summary, write_index
from cnnlab.datasets.scan import scan
from cnnlab.errors import DatasetError
from cnnlab.progress import PhaseProgress, in_phase
from cnnlab.runs.corrections import corrected, counting
from cnnlab.runs.datasets import (
    Dataset,
    add_dataset,
    forget_dataset,
    get_dataset,
    note_scan,
    remove_dataset,
    save_scan,
)
from cnnlab.runs.sources import Source
from cnnlab.runs.store import Store
from cnnlab.workspace import Workspace, remove_leftovers

SCANNING = "looking at the pictures"
UNPACKING = "unpacking"
PAINTING = "drawing the pictures"


def scan_dataset(
    store: Store, workspace: Workspace, dataset: Dataset, progress: PhaseProgress | None = None
) -> tuple[DatasetIndex, dict[str, Any]]:
    """Bring a data set's index up to date; only new and changed files are opened.

    Args:
        store: Gets the counts.
        workspace: Gets the index file, and the pictures of a set that is not read in place.
        dataset: What to scan; pictures that are not there yet are brought first.
        progress: Called with (phase, done, total).

    Returns:
        The index with the user's corrections, and its summary as `cnnlab scan --json` prints it.

    Raises:
        DatasetError: If the folder is gone or has no pictures in class folders, or the pictures
            cannot be brought.
    """
    began = time.monotonic()
    bring_pictures(workspace, dataset, progress)
    with workspace.lock(f"index-{dataset.id}"):
        previous = previous_index(workspace, dataset.id)
        found = scan(dataset.location, previous, in_phase(progress, SCANNING))
        if found is not previous:
            write_index(found, workspace.index_file(dataset.id))
        with counting(workspace, dataset):
            index = corrected(store, dataset, found)
            if found is previous and get_dataset(store, dataset.id).fingerprint is not None:
                note_scan(store, dataset.id)
            else:
                save_scan(store, dataset.id, index)
    return index, summary(index, time.monotonic() - began)


def scan_place(
    store: Store, workspace: Workspace, path: str, progress: PhaseProgress | None = None
) -> tuple[Dataset, DatasetIndex, dict[str, Any]]:
    """Note what a user names, and scan it; what is new and refused is not kept.

    Args:
        store: Gets the data set and its counts.
        workspace: Gets its index.
        path: As for `cnnlab.runs.datasets.add_dataset`.
        progress: As for `scan_dataset`.

    Raises:
        DatasetError: If there is no such data set, or it has no pictures in class folders.
    """
    began = time.time()
    dataset = add_dataset(store, workspace, path)
    try:
        index, found = scan_dataset(store, workspace, dataset, progress)
    except DatasetError:
        if dataset.scanned_at is None and dataset.created_at >= began:
            remove_dataset(store, dataset.id)
            if not dataset.source.owned or not dataset.location.exists():
                forget_dataset(store, dataset.id)  # there are no files that the scheduler deletes
        raise
    return dataset, index, found


def bring_pictures(
    workspace: Workspace, dataset: Dataset, progress: PhaseProgress | None = None
) -> None:
    """Draw, unpack or download the pictures of a set that is not read in place, once.

    Raises:
        DatasetError: If an archive is refused or a download fails; the message says why.
        WorkspaceError: If the disk is full.
    """
    if dataset.source is Source.BUILTIN:
        name = dataset.origin or dataset.location.name  # people may have renamed the set
        materialise(name, dataset.location, in_phase(progress, PAINTING))
    if dataset.source is Source.FOLDER or dataset.location.is_dir():
        return
    with workspace.lock(f"pictures-{dataset.id}"):
        if dataset.location.is_dir():
            return
        remove_leftovers(dataset.location)
        if dataset.source is Source.ARCHIVE:
            _unpack(workspace, dataset, progress)
        elif dataset.source is Source.CATALOGUE:
            fetch(dataset.origin or "", dataset.location, workspace.downloads_folder, progress)


def previous_index(workspace: Workspace, dataset_id: str) -> DatasetIndex | None:
    """What the last scan found; None where there was none or its file is damaged."""
    file = workspace.index_file(dataset_id)
    if not file.exists():
        return None
    try:
        return read_index(file)
    except DatasetError:
        return None


def _unpack(workspace: Workspace, dataset: Dataset, progress: PhaseProgress | None) -> None:
    incoming = workspace.incoming_file(dataset.id)
    archive = incoming if incoming.exists() else Path(dataset.origin or "")
    if not (archive.is_absolute() and archive.is_file()):  # of an upload only its name is known
        raise DatasetError(
            "missing-path",
            f"The archive that {dataset.name!r} comes from is gone. Received: "
            f"{dataset.origin or incoming}. Remove this data set and import it again.",
        )
    try:
        extract_zip(archive, dataset.location, in_phase(progress, UNPACKING))
    except DatasetError:  # refused: it would be again
        _forget_upload(incoming)
        raise
    _forget_upload(incoming)


def _forget_upload(incoming: Path) -> None:
    with suppress(OSError):
        incoming.unlink(missing_ok=True)
