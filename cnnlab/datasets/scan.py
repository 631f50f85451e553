"""Bringing the index of a folder up to date; only new and changed files are opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cnnlab.datasets.folders import FolderContents, FoundFiles, list_files
from cnnlab.datasets.image_problem import ImageProblem
from cnnlab.datasets.images import ImageFacts
from cnnlab.datasets.index import COLUMNS, DatasetIndex
from cnnlab.datasets.inspection import inspect_files
from cnnlab.progress import Progress

# Columns that come from listing a folder, by the attribute of `FoundFiles`.
_LISTED = {
    "path": "path",
    "class_name": "class",
    "split": "split",
    "bytes": "bytes",
    "modified_ns": "modified_ns",
}
_MAY_HAVE_HEALED = frozenset({ImageProblem.MISSING.value, ImageProblem.UNREADABLE.value})

Rows = NDArray[np.int64]


def scan(
    root: Path,
    previous: DatasetIndex | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
) -> DatasetIndex:
    """Find out what a folder of class folders holds; nothing in it is changed.

    A file is opened if it is new, if its size or time has changed, or if the system refused it
    before. Files that are no usable pictures are listed with their problem.

    Args:
        root: The data set's folder; `cnnlab.datasets.folders.list_files` tells its layout.
        previous: What an earlier scan of the same folder found.
        progress: Told the files done and in all, from the calling thread; what it raises ends
            the scan.
        threads: How many decode side by side; else one for each processor.

    Returns:
        The index; `previous` itself if nothing has changed.

    Raises:
        DatasetError: "missing-path", "not-a-folder", "unreadable-folder", "no-images" or
            "no-classes", with the cure.
    """
    contents = list_files(root)
    files, total = contents.files, len(contents.files)
    if previous is not None and _is_same(contents, previous):
        if progress is not None:
            progress(total, total)
        return previous
    known = _known_rows(files, previous)
    facts = _inspect(root, files, np.flatnonzero(known < 0), progress, threads)
    frame = _make_frame(files, known, previous, facts)
    index = DatasetIndex(frame, contents.class_folders, contents.notes)
    return previous if previous is not None and index.equals(previous) else index


def _is_same(contents: FolderContents, previous: DatasetIndex) -> bool:
    """Whether the folder holds the files of the previous index, unchanged, and no others."""
    frame = previous.frame
    return (
        len(contents.files) == len(frame)
        and contents.class_folders == previous.class_folders
        and contents.notes == previous.notes
        and all(
            _is_equal(values, frame[column])
            for column, values in _listed_columns(contents.files).items()
        )
        and not frame["problem"].isin(_MAY_HAVE_HEALED).any()
    )


def _is_equal(values: Sequence[object], column: pd.Series) -> bool:
    """Whether a column holds these values; by way of Arrow, since pandas takes ten times longer."""
    known = pa.array(column)
    return bool(pa.array(values, known.type).equals(known))


def _listed_columns(files: FoundFiles) -> dict[str, Sequence[object]]:
    """What the listing says, column by column."""
    return {column: getattr(files, attribute) for attribute, column in _LISTED.items()}


def _known_rows(files: FoundFiles, previous: DatasetIndex | None) -> Rows:
    """For each file its row in the previous index, or -1 if it must be opened."""
    if previous is None:
        return np.full(len(files), -1, dtype=np.int64)
    frame = previous.frame[~previous.frame["problem"].isin(_MAY_HAVE_HEALED)]
    columns = (frame[name].tolist() for name in ("path", "bytes", "modified_ns"))
    row_of = dict(zip(zip(*columns, strict=True), frame.index.tolist(), strict=True))
    listed = zip(files.path, files.bytes, files.modified_ns, strict=True)
    return np.array([row_of.get(key, -1) for key in listed], dtype=np.int64)


def _inspect(
    root: Path, files: FoundFiles, rows: Rows, progress: Progress | None, threads: int | None
) -> list[ImageFacts]:
    """Open some of the files, except those that the listing refused already."""
    refusals = [files.refusal[row] for row in rows]
    openable = [files.path[row] for row in rows if not files.refusal[row]]

    def tell(done: int, of: int) -> None:
        if progress is not None:
            progress(len(files) - of + done, len(files))

    tell(0, len(openable))
    opened = iter(inspect_files(root, openable, tell, threads))
    return [
        ImageFacts(problem=ImageProblem.UNREADABLE, detail=refusal) if refusal else next(opened)
        for refusal in refusals
    ]


def _make_frame(
    files: FoundFiles,
    known: Rows,
    previous: DatasetIndex | None,
    facts: Sequence[ImageFacts],
) -> pd.DataFrame:
    """One row a file: what the folder says now, and what is known or was just found inside.

    Args:
        files: All of them, sorted by path.
        known: For each its row in the previous index, or -1.
        previous: The index that those rows are of.
        facts: For each file without such a row, in their order.
    """
    columns: dict[str, object] = dict(_listed_columns(files))
    is_known = known >= 0
    for name in COLUMNS.keys() - columns.keys():
        values = np.empty(len(files), dtype=object)
        found = [getattr(fact, name) for fact in facts]
        values[~is_known] = ["" if value is None else value for value in found]
        if previous is not None:
            values[is_known] = previous.frame[name].to_numpy(dtype=object)[known[is_known]]
        columns[name] = values
    return pd.DataFrame({name: columns[name] for name in COLUMNS}).astype(COLUMNS)
