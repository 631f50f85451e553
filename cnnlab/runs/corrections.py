"""Corrections that the store keeps, step by step, so that each step can be undone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from filelock import FileLock
from sqlalchemy import delete, func, insert, select

from cnnlab.datasets.edits import Correction, Edit, apply_corrections
from cnnlab.datasets.index import DatasetIndex, read_index
from cnnlab.datasets.uploads import check_class_name
from cnnlab.errors import DatasetError
from cnnlab.runs.datasets import Dataset, save_counts
from cnnlab.runs.schema import corrections
from cnnlab.runs.store import Store
from cnnlab.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was done at once, and is undone at once.

    Attributes:
        number: Counts up within a data set.
        at: Seconds since 1970, UTC.
        class_name: The new class; None unless `edit` is RELABEL.
        paths: The pictures, sorted.
    """

    number: int
    at: float
    edit: Edit
    class_name: str | None
    paths: tuple[str, ...]


def load_index(store: Store, workspace: Workspace, dataset: Dataset) -> DatasetIndex:
    """What the last scan found, corrections applied.

    Raises:
        DatasetError: If the data set was never scanned or its index file is damaged.
    """
    file = workspace.index_file(dataset.id)
    if not file.exists():
        raise DatasetError("not-scanned", f"{dataset.name} has not been looked at yet. Scan it.")
    return corrected(store, dataset, read_index(file))


def corrected(store: Store, dataset: Dataset, index: DatasetIndex) -> DatasetIndex:
    """An index as it is with the data set's corrections."""
    return apply_corrections(index, _corrections(store, dataset.id))


def recount(store: Store, workspace: Workspace, dataset: Dataset) -> None:
    """Bring the counts and the fingerprint in the store up to date with index and corrections."""
    with counting(workspace, dataset):
        save_counts(store, dataset.id, load_index(store, workspace, dataset))


def counting(workspace: Workspace, dataset: Dataset) -> FileLock:
    """Held while counts are made and saved, so that the last ones are right."""
    return workspace.lock(f"counts-{dataset.id}")


def correct(
    store: Store,
    workspace: Workspace,
    dataset: Dataset,
    paths: Sequence[str],
    edit: Edit,
    class_name: str | None = None,
) -> Step:
    """Exclude, relabel or restore pictures; the files themselves stay as they are.

    Args:
        store: Keeps the corrections.
        workspace: Where the index is.
        dataset: The data set.
        paths: Pictures, as the index names them.
        edit: What to do to all of them.
        class_name: For RELABEL: their class from now on; it may be a new one.

    Raises:
        DatasetError: If there is no picture to correct, one is not in the index
            ("unknown-picture"), or the class name is missing or not allowed ("class-name").
    """
    index = load_index(store, workspace, dataset)
    if edit is Edit.RELABEL and class_name not in index.class_folders:
        class_name = check_class_name(class_name or "")
    content_of = dict(zip(index.frame["path"], index.frame["content_hash"], strict=True))
    chosen = sorted(set(paths))
    _check_paths(chosen, content_of, dataset)
    now = time.time()
    with store.write() as connection:
        last = connection.execute(
            select(func.max(corrections.c.step)).where(corrections.c.dataset_id == dataset.id)
        ).scalar()
        number = (last or 0) + 1
        connection.execute(
            insert(corrections),
            [
                {
                    "dataset_id": dataset.id,
                    "step": number,
                    "at": now,
                    "path": path,
                    "content_hash": content_of[path],
                    "edit": edit.value,
                    "class_name": class_name if edit is Edit.RELABEL else None,
                }
                for path in chosen
            ],
        )
    recount(store, workspace, dataset)
    return Step(number=number, at=now, edit=edit, class_name=class_name, paths=tuple(chosen))


def undo(store: Store, workspace: Workspace, dataset: Dataset, number: int | None = None) -> Step:
    """Take back one step, the last one unless another is named.

    Raises:
        DatasetError: If there is nothing to undo ("nothing-to-undo").
    """
    known = {step.number: step for step in steps(store, dataset.id)}
    chosen = max(known, default=None) if number is None else number
    if chosen is None or chosen not in known:
        what = "No step was made yet." if chosen is None else f"Received: step {chosen}."
        raise DatasetError(
            "nothing-to-undo",
            f"Only a step that was made and not undone can be undone in {dataset.name!r}. {what}",
        )
    with store.write() as connection:
        connection.execute(
            delete(corrections).where(
                corrections.c.dataset_id == dataset.id, corrections.c.step == chosen
            )
        )
    recount(store, workspace, dataset)
    return known[chosen]


def steps(store: Store, dataset_id: str) -> list[Step]:
    """Every step that was not undone, oldest first."""
    with store.read() as connection:
        rows = connection.execute(
            select(corrections)
            .where(corrections.c.dataset_id == dataset_id)
            .order_by(corrections.c.id)
        ).all()
    paths: dict[int, list[str]] = {}
    for row in rows:
        paths.setdefault(row.step, []).append(row.path)
    first = {row.step: row for row in reversed(rows)}
    return [
        Step(
            number=number,
            at=first[number].at,
            edit=Edit(first[number].edit),
            class_name=first[number].class_name,
            paths=tuple(sorted(paths[number])),
        )
        for number in sorted(paths)
    ]


def version(store: Store, dataset_id: str) -> str:
    """A word that changes whenever the data set's corrections do."""
    with store.read() as connection:
        row = connection.execute(
            select(func.count(), func.max(corrections.c.id), func.sum(corrections.c.at)).where(
                corrections.c.dataset_id == dataset_id
            )
        ).one()
    return f"{row[0]}-{row[1] or 0}-{row[2] or 0!r}"  # ids alone are used again after an undo


def _corrections(store: Store, dataset_id: str) -> list[Correction]:
    with store.read() as connection:
        rows = connection.execute(
            select(corrections)
            .where(corrections.c.dataset_id == dataset_id)
            .order_by(corrections.c.id)
        ).all()
    return [
        Correction(
            path=row.path,
            content_hash=row.content_hash,
            edit=Edit(row.edit),
            class_name=row.class_name,
        )
        for row in rows
    ]


def _check_paths(paths: Sequence[str], content_of: dict[str, str], dataset: Dataset) -> None:
    if not paths:
        raise DatasetError("no-images", "Choose at least one picture. Received: none.")
    unknown = [path for path in paths if not content_of.get(path)]
    if unknown:
        raise DatasetError(
            "unknown-picture",
            f"Pictures are named as the scan of {dataset.name!r} names them, relative to "
            f"{dataset.location}. Received: {unknown[0]!r}"
            + (f" and {len(unknown) - 1} more" if len(unknown) > 1 else "")
            + ". Scan the data set again if the file is new.",
        )
