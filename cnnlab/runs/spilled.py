"""Photos on their way from a browser into a folder: their names, and where they are written."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cnnlab.datasets.archives import ArchiveLimits, extract_zip
from cnnlab.datasets.members import UnsafeName, collision_key, is_junk, safe_path
from cnnlab.datasets.photos import (
    MOST_PHOTOS,
    Photo,
    files_below,
    folder_label,
    without_wrapper,
)
from cnnlab.datasets.uploads import write_upload
from cnnlab.progress import Progress

Incoming = tuple[str, BinaryIO | Path]
"""A name with "/" between its parts, and content; a file that is given by its place is moved."""

ZIP_LIMITS = ArchiveLimits(members=MOST_PHOTOS, bytes=2 * 2**30, member_bytes=256 * 2**20)
ZIP_SUFFIX = ".zip"
_NOT_IN_NAMES = '\\:<>"|?*'
_LONGEST_STEM = 80  # characters


@dataclass(slots=True)
class Names:
    """Gives each photo a name of its own, one that every system takes for a file."""

    taken: set[str] = field(default_factory=set)

    def give(self, path: PurePosixPath) -> PurePosixPath:
        """The path, or the first of "name-2", "name-3", ... that is free."""
        number, free = 1, path
        while collision_key(free) in self.taken:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        self.taken.add(collision_key(free))
        return free


@dataclass(slots=True)
class Spilled:
    """What was written into a folder: photos whose sources are relative to it, and junk."""

    photos: list[Photo] = field(default_factory=list)
    skipped: int = 0


def spill(
    files: Iterable[Incoming], folder: Path, names: Names, progress: Progress | None = None
) -> Spilled:
    """Write photos into a folder, and unpack archives; nothing is decoded.

    Args:
        files: What was handed over.
        folder: An empty folder, or one to make.
        names: Those that are taken already.
        progress: Told the bytes of an archive that are unpacked, and in all.

    Raises:
        DatasetError: If an archive is refused; as `extract_zip`.
        WorkspaceError: If an archive cannot be unpacked for want of space.
        OSError: If a photo cannot be written.
    """
    spilled = Spilled()
    loose: list[tuple[PurePosixPath, BinaryIO | Path]] = []
    for name, content in files:
        path = safe_name(name, f"photo-{len(loose) + 1}")
        if is_junk(path):
            spilled.skipped += 1
        elif path.suffix.lower() == ZIP_SUFFIX:
            _unpack_sent(path.name, content, folder, names, spilled, progress)
        else:
            loose.append((path, content))
    _write_all(loose, folder, names, spilled)
    return spilled


def _write_all(
    loose: list[tuple[PurePosixPath, BinaryIO | Path]],
    folder: Path,
    names: Names,
    spilled: Spilled,
) -> None:
    """Write files under numbers, which cannot be in each other's way."""
    if not loose:
        return
    here = _new_folder(folder, "files")
    shown = without_wrapper([path for path, _ in loose])
    for number, (path, (_, content)) in enumerate(zip(shown, loose, strict=True)):
        place = here / f"{number:05d}{_suffix(path)}"
        write(content, place)
        spilled.photos.append(_photo(path, place.relative_to(folder), names))


def unpack(
    archive: Path, folder: Path, names: Names, spilled: Spilled, progress: Progress | None = None
) -> None:
    """Unpack a zip of photos below a folder; the zip itself is only read.

    Raises:
        DatasetError: If it is refused; as `extract_zip`.
        WorkspaceError: If there is not enough space.
    """
    here = _new_folder(folder, "zip")
    unpacked = extract_zip(archive, here / "unpacked", progress, ZIP_LIMITS)
    spilled.skipped += unpacked.skipped
    found = files_below(unpacked.folder).paths
    for path, stored in zip(without_wrapper(found), found, strict=True):
        place = (unpacked.folder / stored).relative_to(folder)
        spilled.photos.append(_photo(path, place, names))


def _unpack_sent(
    name: str,
    content: BinaryIO | Path,
    folder: Path,
    names: Names,
    spilled: Spilled,
    progress: Progress | None,
) -> None:
    archive = _new_folder(folder, "sent") / name
    write(content, archive)
    unpack(archive, folder, names, spilled, progress)
    shutil.rmtree(archive.parent)


def write(content: BinaryIO | Path, place: Path) -> None:
    """Move a file to a place, or copy a stream there from its beginning."""
    if isinstance(content, Path):
        shutil.move(content, place)
    else:
        write_upload(content, place)


def _photo(path: PurePosixPath, place: Path, names: Names) -> Photo:
    return Photo(name=str(names.give(path)), source=place, label=folder_label(path))


def safe_name(name: str, otherwise: str) -> PurePosixPath:
    """A name as a path that every system takes; one that is not safe loses its folders.

    Args:
        name: As it came.
        otherwise: A name without a suffix, for one that nothing can be made of.
    """
    name = "".join("_" if "\ud800" <= letter <= "\udfff" else letter for letter in name)
    try:
        return safe_path(name)
    except UnsafeName:
        last = name.replace("\\", "/").rsplit("/", 1)[-1]
    letters = [letter if letter.isprintable() else "_" for letter in last]
    clean = "".join("_" if letter in _NOT_IN_NAMES else letter for letter in letters).strip(" .")
    path = PurePosixPath(clean or otherwise)
    try:
        return safe_path(path.stem[:_LONGEST_STEM].strip(" .") + _suffix(path))
    except UnsafeName:
        return PurePosixPath(f"{otherwise}{_suffix(path)}")


def _suffix(path: PurePosixPath) -> str:
    suffix = path.suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 6 else ""


def _new_folder(folder: Path, kind: str) -> Path:
    number = 1
    while (folder / f"{kind}-{number}").exists():
        number += 1
    place = folder / f"{kind}-{number}"
    place.mkdir(parents=True)
    return place
