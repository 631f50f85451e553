"""Data sets that the store knows, by id."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Row, insert, select, update

from cnnlab.datasets.builtin import BUILTIN
from cnnlab.errors import DatasetError
from cnnlab.runs.schema import datasets
from cnnlab.runs.store import Store
from cnnlab.workspace import Workspace

BUILTIN_PREFIX = "builtin:"


class Source(StrEnum):
    """Where a data set's pictures come from."""

    FOLDER = "folder"
    BUILTIN = "builtin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A folder of pictures that the store knows.

    Attributes:
        location: Absolute path of the folder.
        summary: Counts of the last scan, or None before the first.
    """

    id: str
    name: str
    source: Source
    location: Path
    created_at: float
    scanned_at: float | None
    summary: Mapping[str, Any] | None


def add_dataset(store: Store, workspace: Workspace, path: str | Path) -> Dataset:
    """Note a folder or a built-in set; one that is known already is returned as it is.

    Args:
        store: Where it is noted.
        workspace: Where a built-in set's pictures will lie.
        path: A folder, the id of a known data set, or "builtin:NAME".

    Raises:
        DatasetError: If there is no such folder, id or built-in set.
    """
    known = find_dataset(store, str(path))
    if known is not None:
        return known
    source, name, location, dataset_id = _resolve(workspace, str(path))
    with store.write() as connection:
        row = connection.execute(
            select(datasets).where(datasets.c.location == str(location))
        ).one_or_none()
        if row is None:
            row = connection.execute(
                insert(datasets)
                .values(
                    id=dataset_id,
                    name=name,
                    source=source,
                    location=str(location),
                    created_at=time.time(),
                )
                .returning(*datasets.c)
            ).one()
    return _dataset(row)


def find_dataset(store: Store, dataset_id: str) -> Dataset | None:
    """The data set with this id, or None."""
    with store.read() as connection:
        row = connection.execute(select(datasets).where(datasets.c.id == dataset_id)).one_or_none()
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


def list_datasets(store: Store) -> list[Dataset]:
    """Every data set, newest first."""
    with store.read() as connection:
        rows = connection.execute(select(datasets).order_by(datasets.c.created_at.desc())).all()
    return [_dataset(row) for row in rows]


def save_scan(store: Store, dataset_id: str, summary: Mapping[str, Any]) -> None:
    """Note what a scan found."""
    with store.write() as connection:
        connection.execute(
            update(datasets)
            .where(datasets.c.id == dataset_id)
            .values(summary=dict(summary), scanned_at=time.time())
        )


def _resolve(workspace: Workspace, path: str) -> tuple[Source, str, Path, str]:
    if path.startswith(BUILTIN_PREFIX):
        name = path.removeprefix(BUILTIN_PREFIX)
        if name not in BUILTIN:
            raise DatasetError(
                "unknown-dataset",
                f"There is no built-in set {name!r}. Choose one of: {', '.join(BUILTIN)}.",
            )
        return Source.BUILTIN, name, workspace.builtin_folder(name), name
    folder = Path(path).expanduser()
    if not folder.exists():
        raise DatasetError(
            "missing-path", f"There is no folder at {path!r}. Check the path and its spelling."
        )
    if not folder.is_dir():
        raise DatasetError(
            "not-a-folder",
            f"A data set is a folder with one sub-folder per class. Received a file: {path!r}.",
        )
    folder = folder.resolve()
    name = folder.name or "pictures"
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "pictures"
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:6]
    return Source.FOLDER, name, folder, f"{slug}-{digest}"


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(
        id=row.id,
        name=row.name,
        source=Source(row.source),
        location=Path(row.location),
        created_at=row.created_at,
        scanned_at=row.scanned_at,
        summary=row.summary,
    )
