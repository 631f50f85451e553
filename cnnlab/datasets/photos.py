"""Pictures that somebody wants an answer for, wherever they come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from cnnlab.datasets.folders import SPLIT_FOLDERS
from cnnlab.datasets.members import is_junk
from cnnlab.errors import DatasetError
from cnnlab.paths import user_path

MOST_PHOTOS = 50_000  # at once; a whole disk is named by mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """Something to classify: its name for people, and a file or its bytes.

    Attributes:
        name: A file's name, or its path below what was handed over, with "/" between the parts.
        label: The class that its folder says it shows, or None.
    """

    name: str
    source: Path | bytes
    label: str | None = None


def photos_at(paths: Iterable[Path]) -> list[Photo]:
    """Every file that is named, and every file in the folders that are named, sorted within.

    Raises:
        DatasetError: If a path does not exist ("missing-path"), or a folder holds far too many
            files ("too-many-photos").
        PathError: If there can be no such path.
    """
    photos: list[Photo] = []
    for path in map(existing_path, paths):
        if path.is_dir():
            photos += [
                Photo(name=str(path / relative), source=path / relative)
                for relative in files_below(path).paths
            ]
        else:
            photos.append(Photo(name=str(path), source=path))
    return photos


def existing_path(text: str | Path) -> Path:
    """A file or folder that a user names.

    Raises:
        DatasetError: If there is nothing ("missing-path").
        PathError: If there can be no such path.
    """
    path = user_path(text)
    if not path.exists():
        raise DatasetError(
            "missing-path", f"There is nothing at {str(path)!r}. Check the path's spelling."
        )
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesBelow:
    """What lies in a folder.

    Attributes:
        paths: Relative to the folder, sorted.
        skipped: How many hidden files there are, and such as systems leave behind.
    """

    paths: list[PurePosixPath]
    skipped: int


def files_below(folder: Path) -> FilesBelow:
    """Every ordinary file in a folder and below it; links to folders are not followed.

    Raises:
        DatasetError: If there are more than `MOST_PHOTOS` ("too-many-photos").
    """
    paths: list[PurePosixPath] = []
    skipped = 0
    for relative in _walk(folder):
        if is_junk(relative):
            skipped += 1
        elif (folder / relative).is_file():
            paths.append(relative)
        if len(paths) > MOST_PHOTOS:
            raise DatasetError(
                "too-many-photos",
                f"At most {MOST_PHOTOS:,} photos are taken at once. Received: {str(folder)!r}, "
                "which holds more files. Choose a folder inside it.",
            )
    return FilesBelow(paths=sorted(paths), skipped=skipped)


def _walk(folder: Path) -> Iterator[PurePosixPath]:
    for place, folders, names in os.walk(folder):
        here = PurePosixPath(Path(place).relative_to(folder).as_posix())
        folders[:] = [name for name in folders if not is_junk(PurePosixPath(name))]
        for name in names:
            yield here / name


def without_wrapper(paths: Iterable[PurePosixPath]) -> list[PurePosixPath]:
    """Paths without the single folder that is around all of them, which says nothing."""
    listed = list(paths)
    tops = {path.parts[0] if len(path.parts) > 1 else "" for path in listed}
    top = tops.pop() if len(tops) == 1 else ""
    if not top or top.casefold() in SPLIT_FOLDERS:
        return listed
    return [PurePosixPath(*path.parts[1:]) for path in listed]


def folder_label(path: PurePosixPath) -> str | None:
    """The class that a photo shows as its folder has it; None outside of class folders.

    Args:
        path: Below what was handed over.
    """
    if len(path.parts) < 2 or path.parts[-2].casefold() in SPLIT_FOLDERS:
        return None
    return normalize("NFC", readable(path.parts[-2]))


def readable(name: str) -> str:
    r"""A file's name as it can be shown and stored: what is not Unicode becomes \x escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
