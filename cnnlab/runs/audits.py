"""What was measured in a data set's pictures, kept by content so that nothing is done twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.datasets.audit import find
from cnnlab.datasets.copies import near_copies, read_pairs, write_pairs
from cnnlab.datasets.findings import Finding
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.measures import Measures, measure, read_measures, write_measures
from cnnlab.datasets.shortcuts import Shortcuts, find_shortcuts
from cnnlab.progress import PhaseProgress, in_phase
from cnnlab.runs.datasets import Dataset
from cnnlab.workspace import Workspace, write_atomically

MEASURING = "measuring the pictures"
COMPARING = "looking for copies"
GUESSING = "looking for shortcuts"
_MINIATURES_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where the audit of a data set lies.

    Attributes:
        folder: Measures and miniatures; also everything below.
    """

    folder: Path

    def pairs(self, key: str) -> Path:
        """Near copies among the pictures of one `content_key`."""
        return self.folder / f"copies-{key}.parquet"

    @property
    def shortcuts(self) -> Path:
        """What file facts tell about the classes."""
        return self.folder / "shortcuts.json"

    @property
    def map(self) -> Path:
        """The pictures as points in a plane."""
        return self.folder / "map.parquet"


def audit_dataset(
    workspace: Workspace,
    dataset: Dataset,
    index: DatasetIndex,
    progress: PhaseProgress | None = None,
) -> None:
    """Measure pictures, find near copies and shortcuts; only what is new is computed.

    Raises:
        WorkspaceError: If the disk is full or the workspace cannot be written to.
    """
    ensure_measures(workspace, dataset, index, progress)
    pairs = find_near_copies(workspace, dataset, index, progress)
    if progress is not None:
        progress(GUESSING, 0, 0)
    files = AuditFiles(workspace.audit_folder(dataset.id))
    known = read_shortcuts(files)
    if known is None or known.fingerprint != index.fingerprint:
        text = find_shortcuts(index, pairs).to_json().encode()
        write_atomically(files.shortcuts, lambda file: file.write(text))


def is_current(workspace: Workspace, dataset: Dataset, index: DatasetIndex) -> bool:
    """Whether the last audit says all that there is to say of the data set as it is now."""
    files = AuditFiles(workspace.audit_folder(dataset.id))
    shortcuts = read_shortcuts(files)
    return (
        known_pairs(workspace, dataset, index) is not None
        and read_measures(files.folder, miniatures=False) is not None
        and shortcuts is not None
        and shortcuts.fingerprint == index.fingerprint
    )


def ensure_measures(
    workspace: Workspace,
    dataset: Dataset,
    index: DatasetIndex,
    progress: PhaseProgress | None = None,
) -> Measures:
    """Measures of every readable picture; only what is new, or was damaged, is measured."""
    with workspace.lock(f"audit-{dataset.id}"):
        files = AuditFiles(workspace.audit_folder(dataset.id))
        return _measure(files, dataset, index, progress)


def find_near_copies(
    workspace: Workspace,
    dataset: Dataset,
    index: DatasetIndex,
    progress: PhaseProgress | None = None,
) -> pd.DataFrame:
    """Pairs of different files that show the same picture, as `near_copies` tells them."""
    files = AuditFiles(workspace.audit_folder(dataset.id))
    key = content_key(index.readable["content_hash"])
    known = read_pairs(files.pairs(key))
    if known is not None:
        return known
    with workspace.lock(f"audit-{dataset.id}"):
        measures = _measure(files, dataset, index, progress)
        known = read_pairs(files.pairs(key))  # another process may have been faster
        if known is None:
            known = near_copies(measures, in_phase(progress, COMPARING))
            write_pairs(known, files.pairs(key))
            _forget_others(files, key)
    return known


def known_pairs(workspace: Workspace, dataset: Dataset, index: DatasetIndex) -> pd.DataFrame | None:
    """The near copies among these very pictures if somebody has looked for them, else None."""
    files = AuditFiles(workspace.audit_folder(dataset.id))
    return read_pairs(files.pairs(content_key(index.readable["content_hash"])))


def findings(workspace: Workspace, dataset: Dataset, index: DatasetIndex) -> list[Finding]:
    """What the last audit has to say about the data set as it is now."""
    files = AuditFiles(workspace.audit_folder(dataset.id))
    shortcuts = read_shortcuts(files)
    if shortcuts is not None and shortcuts.fingerprint != index.fingerprint:
        shortcuts = None  # of other pictures, or other classes
    return find(
        index,
        measures=read_measures(files.folder, miniatures=False),
        pairs=known_pairs(workspace, dataset, index),
        shortcuts=shortcuts,
    )


def mean_images(
    workspace: Workspace, dataset_id: str, index: DatasetIndex
) -> dict[str, NDArray[np.uint8]]:
    """The mean of the miniatures of each class, shape (32, 32, 3); empty before the audit."""
    folder = workspace.audit_folder(dataset_id)
    measures = read_measures(folder)
    if measures is None:
        return {}
    row_of = measures.rows
    means = {}
    for name, pictures in index.usable.groupby("class")["content_hash"]:
        rows = [row_of[content] for content in pictures if content in row_of]
        if rows:
            total = np.zeros(measures.miniatures.shape[1:], dtype=np.float64)
            for start in range(0, len(rows), _MINIATURES_AT_ONCE):
                some = measures.miniatures[rows[start : start + _MINIATURES_AT_ONCE]]
                total += some.sum(axis=0, dtype=np.float64)
            means[str(name)] = np.rint(total / len(rows)).astype(np.uint8)
    return means


def read_shortcuts(files: AuditFiles) -> Shortcuts | None:
    """What the last audit found; None where there is none or it is damaged."""
    try:
        return Shortcuts.from_json(json.loads(files.shortcuts.read_bytes()))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def content_key(content_hashes: Iterable[str]) -> str:
    """A short digest of a set of pictures, by content alone."""
    text = "\0".join(sorted(set(content_hashes)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _measure(
    files: AuditFiles, dataset: Dataset, index: DatasetIndex, progress: PhaseProgress | None
) -> Measures:
    previous = read_measures(files.folder)
    measures = measure(dataset.location, index, previous, in_phase(progress, MEASURING))
    if measures is not previous:
        write_measures(measures, files.folder)
    return measures


def _forget_others(files: AuditFiles, key: str) -> None:
    for file in files.folder.glob("copies-*.parquet"):
        if file != files.pairs(key):
            with suppress(OSError):
                file.unlink()
