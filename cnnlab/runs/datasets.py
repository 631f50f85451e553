"""Data sets that the store knows, by id."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from cnnlab.datasets.folders import list_files
from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import DatasetError
from cnnlab.paths import user_path
from cnnlab.runs.schema import corrections, datasets, jobs, runs, sweeps
from cnnlab.runs.sources import Found, Source, resolve_source, slug, source_folder
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store
from cnnlab.workspace import Workspace

REMOVAL_SECONDS = 10.0  # how long a set that is added again waits for its removal
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A folder of pictures that the store knows.

    Attributes:
        location: Absolute path of the folder.
        summary: Counts of the last scan, corrections applied, or None before the first.
        origin: What imported pictures came from: an archive's path, a catalogue entry's name.
    """

    id: str
    name: str
    source: Source
    location: Path
    created_at: float
    scanned_at: float | None
    summary: Mapping[str, Any] | None
    origin: str | None = None

    @property
    def fingerprint(self) -> str | None:
        """Of the pictures and classes as they are now; None before the first scan."""
        return None if self.summary is None else self.summary.get("fingerprint")


def add_dataset(store: Store, workspace: Workspace, path: str | Path) -> Dataset:
    """Note a data set; one that is known already is returned as it is.

    Args:
        store: Where it is noted.
        workspace: Where pictures will lie that are not read in place.
        path: A folder, a zip, the id of a known data set, "builtin:NAME" or "catalogue:NAME".

    Raises:
        DatasetError: If there is no such folder, archive, id or name.
    """
    known = find_dataset(store, str(path))
    return known or _note_patiently(store, workspace, resolve_source(workspace, str(path)))


def add_imported(
    store: Store, workspace: Workspace, name: str, source: Source, origin: str | None = None
) -> Dataset:
    """Note a data set whose pictures are about to be put into the workspace.

    Args:
        store: Where it is noted.
        workspace: Where the pictures will lie.
        name: What people call it.
        source: ARCHIVE or UPLOAD.
        origin: What it was called where it came from.
    """
    name = _clean_name(name)
    dataset_id = f"{slug(name)}-{secrets.token_hex(3)}"
    location = workspace.pictures_folder(dataset_id)
    found = Found(source=source, name=name, location=location, id=dataset_id, origin=origin)
    return _note_patiently(store, workspace, found)


def find_dataset(store: Store, dataset_id: str) -> Dataset | None:
    """The data set with this id, or None."""
    with store.read() as connection:
        row = connection.execute(
            select(datasets).where(datasets.c.id == dataset_id, datasets.c.removed_at.is_(None))
        ).one_or_none()
    return None if row is None else _dataset(row)


def get_dataset(store: Store, dataset_id: str) -> Dataset:
    """The data set with this id.

    Raises:
        DatasetError: If the store knows none.
    """
    dataset = find_dataset(store, dataset_id)
    if dataset is None:
        raise DatasetError(
            "unknown-dataset",
            f"There is no data set {dataset_id!r} in this workspace. "
            "Choose one that Home lists, or add its folder again.",
        )
    return dataset


def known_dataset(store: Store, path: str) -> Dataset:
    """The data set with this id, or the one that is read from this place.

    Raises:
        DatasetError: If the store knows none ("unknown-dataset").
        PathError: If there can be no such path.
    """
    known = find_dataset(store, path)
    if known is not None:
        return known
    place = str(user_path(path).resolve())
    for dataset in list_datasets(store):
        if place in (str(dataset.location), dataset.origin):
            return dataset
    return get_dataset(store, path)


def list_datasets(store: Store) -> list[Dataset]:
    """Every data set, newest first."""
    with store.read() as connection:
        rows = connection.execute(
            select(datasets)
            .where(datasets.c.removed_at.is_(None))
            .order_by(datasets.c.created_at.desc())
        ).all()
    return [_dataset(row) for row in rows]


def rename_dataset(store: Store, dataset_id: str, name: str) -> None:
    """Give a data set another name; its id stays.

    Raises:
        DatasetError: If the name is empty or too long ("name").
    """
    _change(store, dataset_id, name=_clean_name(name))


def move_dataset(store: Store, dataset_id: str, folder: str) -> None:
    """Point a data set to the place that its folder was moved to; scan it afterwards.

    Raises:
        DatasetError: If there is no such folder, or it holds no data set; the pictures are the
            workspace's own ("own-pictures"); or another data set is there ("known-folder").
    """
    dataset = get_dataset(store, dataset_id)
    if dataset.source.owned:
        raise DatasetError(
            "own-pictures",
            "Only a data set that is read in place can be pointed to another folder. "
            f"{dataset.name!r} lies in the workspace, in {dataset.location}.",
        )
    location = source_folder(folder)
    with store.read() as connection:
        other = connection.execute(
            select(datasets.c.name).where(
                datasets.c.location == str(location), datasets.c.id != dataset_id
            )
        ).scalar()
    if other is not None:
        raise DatasetError(
            "known-folder",
            f"Each folder is one data set. Received: {location}, which is {other!r} already.",
        )
    list_files(location)  # refuses a folder without pictures in class folders
    _change(store, dataset_id, location=str(location))


def remove_dataset(store: Store, dataset_id: str) -> None:
    """Take a data set out of the workspace; its runs stay, a folder read in place stays.

    What lies in the workspace (imported pictures, index, corrections) is deleted by the scheduler.

    Raises:
        DatasetError: If there is none, or a job still works on it ("dataset-in-use").
    """
    get_dataset(store, dataset_id)
    with store.write() as connection:
        busy = connection.execute(
            select(jobs.c.kind).where(
                jobs.c.dataset_id == dataset_id,
                jobs.c.state.in_([state for state in RunState if not state.final]),
            )
        ).scalar()
        if busy is not None:
            raise DatasetError(
                "dataset-in-use",
                f"A data set can be removed when no job works on it. Received: a job of kind "
                f"{busy!r} on {dataset_id!r}. Wait for it, or stop it.",
            )
        connection.execute(
            update(datasets).where(datasets.c.id == dataset_id).values(removed_at=time.time())
        )


def removed_datasets(store: Store) -> list[Dataset]:
    """Data sets whose files are still to be deleted."""
    with store.read() as connection:
        rows = connection.execute(
            select(datasets).where(
                datasets.c.removed_at.is_not(None), datasets.c.location.not_like("removed:%")
            )
        ).all()
    return [_dataset(row) for row in rows]


def forget_dataset(store: Store, dataset_id: str) -> None:
    """Delete what the store keeps of a removed data set.

    Its name stays while it has runs or sweeps.
    """
    with store.write() as connection:
        connection.execute(delete(corrections).where(corrections.c.dataset_id == dataset_id))
        named = [
            connection.execute(
                select(table.c.id).where(table.c.dataset_id == dataset_id).limit(1)
            ).scalar()
            for table in (runs, sweeps)
        ]
        row = datasets.c.id == dataset_id
        if not any(named):
            connection.execute(delete(datasets).where(row))
            connection.execute(delete(jobs).where(jobs.c.dataset_id == dataset_id))
        else:
            values = {"location": f"removed:{dataset_id}-{secrets.token_hex(4)}", "summary": None}
            connection.execute(update(datasets).where(row).values(**values))


def save_scan(store: Store, dataset_id: str, index: DatasetIndex) -> None:
    """Note what a scan found, corrections applied."""
    _change(store, dataset_id, summary=_counts(index), scanned_at=time.time())


def note_scan(store: Store, dataset_id: str) -> None:
    """Note that a scan found nothing new, so that every count stays."""
    _change(store, dataset_id, scanned_at=time.time())


def save_counts(store: Store, dataset_id: str, index: DatasetIndex) -> None:
    """Note what the corrections have made of the counts."""
    _change(store, dataset_id, summary=_counts(index))


def _counts(index: DatasetIndex) -> dict[str, Any]:
    return {
        "images": len(index.frame),
        "usable": len(index.usable),
        "classes": {**dict.fromkeys(index.empty_classes, 0), **index.class_counts},
        "problems": len(index.problems),
        "duplicates": len(index.duplicates()),
        "excluded": len(index.readable) - len(index.usable),
        "relabelled": len(index.relabelled),
        "fingerprint": index.fingerprint,
    }


def _change(store: Store, dataset_id: str, **values: Any) -> None:
    with store.write() as connection:
        connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(**values))


def _note_patiently(store: Store, workspace: Workspace, found: Found) -> Dataset:
    """Note a data set; wait while one that was at this place is being removed.

    Raises:
        DatasetError: If that does not end ("being-removed").
    """
    from cnnlab.runs.scheduler import ensure_scheduler  # which deletes; it imports this module

    deadline = time.monotonic() + REMOVAL_SECONDS
    dataset = _note(store, found)
    if dataset is None:
        ensure_scheduler(workspace)
    while dataset is None:
        if time.monotonic() > deadline:
            raise DatasetError(
                "being-removed",
                f"{found.name!r} in {found.location} is still being removed from this workspace. "
                "Try again in a moment.",
            )
        time.sleep(_POLL_SECONDS)
        dataset = _note(store, found)
    return dataset


def _note(store: Store, found: Found) -> Dataset | None:
    """The row of a data set: the one that is at this place already, else a new one.

    Returns:
        None while the scheduler still deletes what was at this place.
    """
    with store.write() as connection:
        row = connection.execute(
            select(datasets).where(datasets.c.location == str(found.location))
        ).one_or_none()
        if row is not None and row.removed_at is not None:
            return None
        if row is None:
            taken = connection.execute(
                select(datasets.c.id).where(datasets.c.id == found.id)
            ).scalar()
            row = connection.execute(
                insert(datasets)
                .values(
                    id=found.id if taken is None else f"{found.id}-{secrets.token_hex(2)}",
                    name=found.name,
                    source=found.source,
                    location=str(found.location),
                    created_at=time.time(),
                    origin=found.origin,
                )
                .returning(*datasets.c)
            ).one()
    return _dataset(row)


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise DatasetError(
            "name", f"A data set's name has 1 to 120 printable characters. Received: {name!r}."
        )
    return name


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(
        id=row.id,
        name=row.name,
        source=Source(row.source),
        location=Path(row.location),
        created_at=row.created_at,
        scanned_at=row.scanned_at,
        summary=row.summary,
        origin=row.origin,
    )
