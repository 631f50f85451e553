"""Writing a corrected data set as a new folder, for any other tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

import pandas as pd

from cnnlab.config import SplitConfig
from cnnlab.datasets.images import content_hash
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.members import collision_key
from cnnlab.datasets.splits import assign_splits
from cnnlab.errors import DatasetError
from cnnlab.progress import Progress
from cnnlab.workspace import appearing_folder, explain_os_error, require_free


class ExportLayout(StrEnum):
    """How the new folder is arranged."""

    FLAT = "flat"  # class folders
    TREE = "tree"  # train, validation and test folders with class folders inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        counts: Pictures by split and class; the only split is "" in a flat folder.
        warnings: Sentences on what the user should know about the split.
    """

    folder: Path
    files: int
    bytes: int
    counts: Mapping[str, Mapping[str, int]]
    warnings: tuple[str, ...] = ()


def export_data(
    root: Path,
    index: DatasetIndex,
    target: Path,
    *,
    layout: ExportLayout,
    split: SplitConfig | None = None,
    pairs: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Copy the pictures in use, byte for byte, into class folders by their corrected class.

    Args:
        root: The data set's folder; it is only read.
        index: With the user's corrections; excluded pictures and broken files are left out.
        target: A folder that does not exist or is empty; it appears when everything is written.
        layout: FLAT or TREE.
        split: For TREE: fractions and seed, as for a training; folders' own splits win there, too.
        pairs: For TREE: near copies, which go to the same side.
        progress: Told the files done and in all; what it raises ends the work.

    Raises:
        DatasetError: If the target lies in the source or the other way round ("bad-target"), the
            set cannot be split, or a picture has changed ("picture-changed").
        PathError: If the target is not empty ("bad-target").
        WorkspaceError: If the disk is full or may not be written to. Nothing partial is left.
    """
    root, target = root.resolve(), target.resolve()
    _check_target(root, target)
    pictures = index.usable
    splits = [""] * len(pictures)
    warnings: tuple[str, ...] = ()
    if layout is ExportLayout.TREE:
        assignment = assign_splits(index, split or SplitConfig(), pairs)
        splits, warnings = assignment.frame["split"].tolist(), assignment.warnings
    if pictures.empty:
        raise DatasetError("no-images", "There is no picture to export. Restore or add some.")
    places = _places(pictures, splits)
    try:
        with appearing_folder(target) as part:
            for number, (path, expected, place) in enumerate(
                zip(pictures["path"], pictures["content_hash"], places, strict=True), start=1
            ):
                _copy(root / path, path, expected, part.joinpath(*place.parts))
                if progress is not None:
                    progress(number, len(places))
    except OSError as error:
        raise explain_os_error(
            error, target, "write the pictures to", cure="choose another"
        ) from error
    counts: dict[str, Counter[str]] = {}
    for side, name in zip(splits, pictures["class"], strict=True):
        counts.setdefault(side, Counter())[name] += 1
    return Exported(
        folder=target,
        files=len(places),
        bytes=int(pictures["bytes"].sum()),
        counts={side: dict(sorted(counts[side].items())) for side in sorted(counts)},
        warnings=warnings,
    )


def _check_target(root: Path, target: Path) -> None:
    if target == root or target.is_relative_to(root) or root.is_relative_to(target):
        raise DatasetError(
            "bad-target",
            f"The new folder must lie apart from the data set's own, {root}. Received: {target}.",
        )
    require_free(target)


def _places(pictures: pd.DataFrame, splits: list[str]) -> list[PurePosixPath]:
    """Where each picture goes; names that are taken get a number."""
    taken: set[str] = set()
    places = []
    for path, name, side in zip(pictures["path"], pictures["class"], splits, strict=True):
        folder = PurePosixPath(side, name) if side else PurePosixPath(name)
        original = PurePosixPath(path)
        place, number = folder / original.name, 1
        while collision_key(place) in taken:
            number += 1
            place = folder / f"{original.stem}-{number}{original.suffix}"
        taken.add(collision_key(place))
        places.append(place)
    return places


def _copy(source: Path, name: str, expected_hash: str, place: Path) -> None:
    """Copy a file that is still the one that was scanned, and labelled."""
    try:
        data: bytes | None = source.read_bytes()
    except OSError:
        data = None
    if data is None or content_hash(data) != expected_hash:
        what = "is gone, or cannot be read," if data is None else "has changed"
        raise DatasetError(
            "picture-changed",
            f"{name} {what} since the data set was scanned. Nothing was written. Scan it again, "
            "then export.",
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
