"""Where the pictures of a data set come from, and what a user's word for one means."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cnnlab.datasets.builtin import BUILTIN
from cnnlab.datasets.catalogue import CATALOGUE
from cnnlab.datasets.folders import check_folder
from cnnlab.errors import DatasetError
from cnnlab.paths import user_path
from cnnlab.workspace import Workspace

BUILTIN_PREFIX = "builtin:"
CATALOGUE_PREFIX = "catalogue:"
ARCHIVE_SUFFIX = ".zip"


class Source(StrEnum):
    """Where a data set's pictures come from."""

    FOLDER = "folder"
    BUILTIN = "builtin"
    ARCHIVE = "archive"  # unpacked into the workspace
    UPLOAD = "upload"  # a folder or single pictures, sent by a browser
    CATALOGUE = "catalogue"  # downloaded

    @property
    def owned(self) -> bool:
        """True where the pictures lie in the workspace and go when the data set goes."""
        return self is not Source.FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a word means: a data set that can be noted.

    Attributes:
        location: Where its pictures lie, or will.
        id: What it is called in the store; the same source always gives the same.
        origin: What imported pictures come from.
    """

    source: Source
    name: str
    location: Path
    id: str
    origin: str | None = None


def resolve_source(workspace: Workspace, path: str) -> Found:
    """Find out what a user means by a folder, a zip, "builtin:NAME" or "catalogue:NAME".

    Raises:
        DatasetError: If there is no such folder, archive or name.
        PathError: If there can be no such path.
    """
    if path.startswith(BUILTIN_PREFIX):
        name = _one_of(path.removeprefix(BUILTIN_PREFIX), BUILTIN, "built-in set")
        return Found(
            source=Source.BUILTIN,
            name=name,
            location=workspace.builtin_folder(name),
            id=name,
            origin=name,
        )
    if path.startswith(CATALOGUE_PREFIX):
        return _from_catalogue(workspace, path.removeprefix(CATALOGUE_PREFIX))
    place = user_path(path)
    if place.is_file() and place.suffix.lower() == ARCHIVE_SUFFIX:
        return _from_archive(workspace, place.resolve())
    folder = source_folder(path)
    name = folder.name or "pictures"
    return Found(
        source=Source.FOLDER, name=name, location=folder, id=f"{slug(name)}-{_digest(folder)}"
    )


def source_folder(path: str) -> Path:
    """The folder that a user means, in full.

    Raises:
        DatasetError: If it does not exist ("missing-path") or is a file ("not-a-folder").
        PathError: If there can be no such path.
    """
    if not path.strip():
        raise DatasetError(
            "missing-path", f"A data set needs the path of a folder or zip. Received: {path!r}."
        )
    folder = user_path(path)
    check_folder(folder)
    return folder.resolve()


def slug(name: str) -> str:
    """A name in small letters, digits and hyphens, fit for a file name and an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "pictures"


def _from_catalogue(workspace: Workspace, name: str) -> Found:
    entry = CATALOGUE[_one_of(name, CATALOGUE, "data set in the catalogue")]
    if entry.url is None:
        raise DatasetError(
            "no-download",
            f"{entry.title} cannot be downloaded without an account. "
            + " ".join(entry.instructions),
        )
    return Found(
        source=Source.CATALOGUE,
        name=name,
        location=workspace.pictures_folder(name),
        id=name,
        origin=name,
    )


def _from_archive(workspace: Workspace, archive: Path) -> Found:
    facts = archive.stat()
    name = archive.stem or "pictures"
    dataset_id = f"{slug(name)}-{_digest(archive, facts.st_size, facts.st_mtime_ns)}"
    return Found(
        source=Source.ARCHIVE,
        name=name,
        location=workspace.pictures_folder(dataset_id),
        id=dataset_id,
        origin=str(archive),
    )


def _one_of(name: str, table: Mapping[str, Any], what: str) -> str:
    if name not in table:
        raise DatasetError(
            "unknown-dataset", f"There is no {what} {name!r}. Choose one of: {', '.join(table)}."
        )
    return name


def _digest(*parts: object) -> str:
    return hashlib.sha256(
        "\0".join(map(str, parts)).encode("utf-8", "surrogateescape")
    ).hexdigest()[:6]
