"""The index of a data set: one row a file, kept in a columnar file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pandas as pd

from cnnlab.errors import DatasetError
from cnnlab.tables import TableError, read_frame, write_frame

COLUMNS = {
    "path": "str",  # relative to the data set's folder, with "/" between its parts
    "class": "str",
    "split": "str",  # "train", "validation", "test", or "" where the folders do not say
    "width": "int64",
    "height": "int64",
    "mode": "str",
    "format": "str",
    "orientation": "int64",  # of the EXIF data, 1 to 8; 0 where the file is no picture
    "bytes": "int64",
    "modified_ns": "int64",
    "content_hash": "str",
    "problem": "str",  # an ImageProblem, or "" for a usable picture
    "detail": "str",
}
"""Columns of the index and their types."""

_VERSION = 2  # raised when the columns or the decoder's verdicts change; older files are read anew
_KIND = "index"


@dataclass(frozen=True, eq=False)
class DatasetIndex:
    """What a data set's folder holds. The frames that are handed out must not be changed.

    Attributes:
        frame: One row a file, with the columns of `COLUMNS`, sorted by path, numbered from 0.
        class_folders: Sorted names of the classes, those without any file included.
        notes: Sentences on what was left out.
        excluded: Paths that the user took out; they stay in the frame.
        relabelled: For paths that the user gave another class, the class that their folder says.
    """

    frame: pd.DataFrame
    class_folders: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    relabelled: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def readable(self) -> pd.DataFrame:
        """The rows of pictures without a problem, excluded ones too, numbered from 0."""
        return self.frame[self.frame["problem"] == ""].reset_index(drop=True)

    @cached_property
    def usable(self) -> pd.DataFrame:
        """The rows of pictures without a problem that nobody took out, numbered from 0."""
        if not self.excluded:
            return self.readable
        return self.readable[~self.readable["path"].isin(self.excluded)].reset_index(drop=True)

    @cached_property
    def problems(self) -> pd.DataFrame:
        """The rows of files that are set aside, numbered from 0."""
        return self.frame[self.frame["problem"] != ""].reset_index(drop=True)

    @property
    def class_names(self) -> list[str]:
        """Sorted names of the classes with at least one usable picture."""
        return list(self.class_counts)

    @property
    def empty_classes(self) -> list[str]:
        """Sorted names of the classes without a usable picture."""
        folders = {*self.class_folders, *self.frame["class"].unique()}
        return sorted(folders - {"", *self.class_counts})

    @cached_property
    def class_counts(self) -> dict[str, int]:
        """Usable pictures by class, the classes sorted by name, none of them 0."""
        sizes = self.usable["class"].value_counts()
        return {name: int(sizes[name]) for name in sorted(sizes.index)}

    @property
    def has_given_split(self) -> bool:
        """Whether folders say what is for training, validation and test."""
        return bool((self.usable["split"] != "").any())

    @cached_property
    def fingerprint(self) -> str:
        """Hexadecimal digest of the usable pictures: their paths, classes, splits and content."""
        digest = blake2b(digest_size=16)
        for column in ("path", "class", "split", "content_hash"):
            digest.update("\0".join([column, *self.usable[column], ""]).encode())
        return digest.hexdigest()

    def equals(self, other: DatasetIndex) -> bool:
        """Whether both say the same of the same files."""
        return (
            self.class_folders == other.class_folders
            and self.notes == other.notes
            and self.excluded == other.excluded
            and self.relabelled == other.relabelled
            and self.frame.equals(other.frame)
        )

    def duplicates(self) -> list[list[str]]:
        """Paths of usable pictures with the same bytes; groups and paths sorted."""
        copies = self.usable[self.usable["content_hash"].duplicated(keep=False)]
        groups: dict[str, list[str]] = {}
        for content, path in zip(copies["content_hash"], copies["path"], strict=True):
            groups.setdefault(content, []).append(path)
        return list(groups.values())


def require_trainable(index: DatasetIndex) -> list[str]:
    """Check that there are at least two classes to tell apart.

    Returns:
        Sentences on the classes that are left out.

    Raises:
        DatasetError: "no-images" if no picture is usable, "one-class" if there is one class only.
    """
    left_out = [
        f"Class {name!r} has no picture that can be read and is left out."
        for name in index.empty_classes
    ]
    if not index.class_names:
        raise DatasetError(
            "no-images",
            f"A data set needs pictures that can be read. Received: {len(index.frame):,} files, "
            "none of which can be read. See the reasons, or choose another folder.",
        )
    if len(index.class_names) == 1:
        raise DatasetError("one-class", " ".join([_one_class(index), *left_out]))
    return left_out


def write_index(index: DatasetIndex, path: Path) -> None:
    """Write an index to a Parquet file, whole or not at all.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    facts = {"class_folders": index.class_folders, "notes": index.notes}
    write_frame(index.frame, path, kind=_KIND, version=_VERSION, facts=facts)


def read_index(path: Path) -> DatasetIndex:
    """Read what `write_index` wrote.

    Raises:
        DatasetError: "damaged-index" if the file is missing, damaged or of another version; the
            cure is to scan the folder anew, without it.
    """
    try:
        frame, facts = read_frame(path, COLUMNS, kind=_KIND, version=_VERSION)
        return DatasetIndex(frame, tuple(facts["class_folders"]), tuple(facts["notes"]))
    except (TableError, LookupError, TypeError) as error:
        raise DatasetError(
            "damaged-index",
            f"The data set's index must be a file of this version. Received: {error}. "
            "Scan the data set again.",
        ) from error


def summary(index: DatasetIndex, seconds: float) -> dict[str, Any]:
    """What a scan found, ready for JSON.

    Args:
        index: What it found.
        seconds: How long it took.
    """
    problems = index.problems
    classes = {**index.class_counts, **dict.fromkeys(index.empty_classes, 0)}
    return {
        "images": len(index.frame),
        "usable": len(index.usable),
        "classes": {name: classes[name] for name in sorted(classes)},
        "problems": [
            {"path": path, "reason": reason, "detail": detail}
            for path, reason, detail in zip(
                problems["path"], problems["problem"], problems["detail"], strict=True
            )
        ],
        "duplicates": index.duplicates(),
        "seconds": round(seconds, 3),
    }


def _one_class(index: DatasetIndex) -> str:
    (name,) = index.class_names
    deeper = index.usable["path"].str.count("/") > (2 if index.has_given_split else 1)
    cure = (
        f"If {name!r} holds the class folders itself, choose that folder."
        if deeper.any()
        else "Put the pictures of each class into a folder of its own, side by side."
    )
    return f"A network needs at least two classes to tell apart. Received: {name!r} only. {cure}"
