"""Writing what a browser sends: a folder, or pictures for a set that is made there."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cnnlab.datasets.folders import SPLIT_FOLDERS
from cnnlab.datasets.members import (
    UnsafeName,
    collision_key,
    free_path,
    is_junk,
    safe_path,
    shown,
    wrapping_folder,
)
from cnnlab.errors import DatasetError
from cnnlab.progress import Progress
from cnnlab.workspace import appearing_folder, aside, explain_os_error

MOST_CLASS_CHARACTERS = 100
_COPY_BYTES = 1_048_576

Upload = tuple[str, BinaryIO]  # name with "/" between its parts, content


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedUploads:
    """What was written.

    Attributes:
        skipped: Hidden files, and what systems leave behind.
    """

    folder: Path
    files: int
    skipped: int


def save_uploads(
    files: Iterable[Upload], target: Path, progress: Progress | None = None
) -> SavedUploads:
    """Write a folder that was dropped onto a page; a single folder around all is left out.

    Args:
        files: Names relative to what was dropped, and contents.
        target: The folder to make; it appears when everything is written.
        progress: Told the files done and in all.

    Raises:
        DatasetError: If a name is not safe ("unsafe-member"), two files would lie at the same
            place ("duplicate-member"), or there is none ("no-images"). Nothing is left.
        WorkspaceError: If the disk is full or may not be written to.
    """
    chosen: list[tuple[PurePosixPath, BinaryIO]] = []
    skipped = 0
    taken: set[str] = set()
    for name, content in files:
        path = check_file_name(name)
        if is_junk(path):
            skipped += 1
            continue
        key = collision_key(path)
        if key in taken:
            raise DatasetError(
                "duplicate-member",
                f"Each file needs a place of its own. Received: {shown(name)} twice, as some "
                "systems see it. Rename one of them.",
            )
        taken.add(key)
        chosen.append((path, content))
    if not chosen:
        raise DatasetError("no-images", "The folder holds no files. Choose one with class folders.")
    unwrap = wrapping_folder(path for path, _ in chosen) is not None
    try:
        with appearing_folder(target) as part:
            for number, (path, content) in enumerate(chosen, start=1):
                place = part.joinpath(*(path.parts[1:] if unwrap else path.parts))
                place.parent.mkdir(parents=True, exist_ok=True)
                write_upload(content, place)
                if progress is not None:
                    progress(number, len(chosen))
    except OSError as error:
        raise explain_os_error(error, target, "write the pictures to") from error
    return SavedUploads(folder=target, files=len(chosen), skipped=skipped)


def add_pictures(root: Path, class_name: str, files: Iterable[Upload]) -> list[Path]:
    """Add pictures to a class of a set that was made in the browser.

    Args:
        root: The set's folder; the class folder is made if it is missing.
        class_name: As `check_class_name` returns it, or of a folder that is there.
        files: Names and contents; a name that is taken gets a number.

    Returns:
        Where the pictures lie now.

    Raises:
        DatasetError: If a name is not safe ("unsafe-member"); nothing is written then.
        WorkspaceError: If the disk is full or may not be written to.
    """
    folder = root / class_name
    named = [(check_file_name(name).name, content) for name, content in files]
    written = []
    for name, content in named:
        place = free_path(folder / name)
        with aside(place) as temporary:
            try:
                write_upload(content, temporary)
            except OSError as error:
                raise explain_os_error(error, place, "write") from error
        written.append(place)
    return written


def check_class_name(name: str) -> str:
    """A class's name as it is used for its folder: trimmed, in Unicode's composed form.

    Raises:
        DatasetError: If a folder cannot have this name everywhere ("class-name").
    """
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    try:
        path = safe_path(clean)
        if len(path.parts) > 1 or "/" in clean:
            raise UnsafeName("has a slash in its name")
        if clean.startswith("."):
            raise UnsafeName("begins with a dot")
        if len(clean) > MOST_CLASS_CHARACTERS:
            raise UnsafeName(f"has more than {MOST_CLASS_CHARACTERS} characters")
        if clean.casefold() in SPLIT_FOLDERS:
            raise UnsafeName("means a part of a split")
    except UnsafeName as error:
        raise DatasetError(
            "class-name",
            f"A class must have a name that a folder can have. Received: {shown(name)}, which "
            f"{error}.",
        ) from error
    return clean


def check_file_name(name: str) -> PurePosixPath:
    """A file's name, or path below what was dropped, as one that every system takes.

    Raises:
        DatasetError: If it is not safe ("unsafe-member").
    """
    try:
        return safe_path(name)
    except UnsafeName as error:
        raise DatasetError(
            "unsafe-member",
            f"Nothing was kept: {shown(name)} {error}. Rename it, then try again.",
        ) from error


def write_upload(content: BinaryIO, place: Path) -> None:
    """Copy an upload from its beginning to a place where nothing is yet."""
    if content.seekable():
        content.seek(0)
    with place.open("xb") as file:
        shutil.copyfileobj(content, file, _COPY_BYTES)
