"""Which files a folder of class folders holds, and what the folders say about each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from cnnlab.datasets.formats import PICTURE_SUFFIXES
from cnnlab.errors import DatasetError

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""The split that a folder stands for, by its name in lower case."""

_NO_PICTURES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir"})
_ARRANGE = (
    "Put the pictures of each class into a folder of its own, side by side, such as "
    "cats/1.jpg and dogs/1.jpg, and choose the folder that holds them all."
)


class FoundFile(NamedTuple):
    """A file in a class folder, not opened yet.

    Attributes:
        path: Relative to the data set's folder, with "/" between its parts.
        class_name: Name of the class folder, in Unicode's composed form (NFC).
        split: "train", "validation", "test", or "" where the folders do not say.
        bytes, modified_ns: Size and time of its last change; 0 if the system does not tell.
        refusal: Why it cannot be opened at all, as a sentence; else "".
    """

    path: str
    class_name: str
    split: str
    bytes: int
    modified_ns: int
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderContents:
    """What `list_files` found.

    Attributes:
        files: Every candidate, sorted by path.
        class_folders: Sorted names of the classes, those without any file included.
        notes: Sentences on what was left out.
    """

    files: Sequence[FoundFile]
    class_folders: tuple[str, ...]
    notes: tuple[str, ...]


class _Folder(NamedTuple):
    """A folder on the way down: where it is, and how paths in it begin in the index."""

    place: str
    prefix: str

    def inside(self, name: str) -> _Folder:
        return _Folder(os.path.join(self.place, name), f"{self.prefix}{name}/")  # noqa: PTH118


def list_files(root: Path) -> FolderContents:
    """List the files of all classes, without opening any and without changing anything.

    The folders in `root` are the classes, and whatever is below one belongs to it. If they are
    named train, validation and test (or training, val, valid, testing; in any case), the classes
    are one level further down. Hidden files and folders are skipped. Links are followed, but each
    folder is visited once for a class.

    Raises:
        DatasetError: "missing-path", "not-a-folder" or "unreadable-folder" if the folder cannot
            be listed; "no-images" if it has no files, "no-classes" if these are in no class folder.
    """
    _check_folder(root)
    top = _Folder(str(root), "")
    try:
        folders, loose = _children(top)
    except OSError as error:
        raise DatasetError(
            "unreadable-folder",
            f"The folder {root} cannot be opened: {error.strerror or error}. "
            "Check its permissions, or choose another.",
        ) from error
    sides = _split_folders(top, folders)
    notes: list[str] = []
    files: list[FoundFile] = []
    classes: list[tuple[str, _Folder, str]] = []  # name, folder, split
    if sides:
        notes += [_left_out(name) for name in folders if name not in sides]
    else:
        classes = [(name, top.inside(name), "") for name in folders]
    for side, split in sides.items():
        inner, more_loose = _children_or_problem(top.inside(side), split, files)
        loose += more_loose
        classes += [(name, top.inside(side).inside(name), split) for name in inner]
    for name, folder, split in classes:
        files += _files_below(folder, _class_name(name), split, root_key=_identity(top.place))
    if not files:
        raise _nothing_found(root, loose)
    if loose:
        what = "1 picture lies" if loose == 1 else f"{loose:,} pictures lie"
        notes.append(f"{what} in no class folder and will not be used.")
    files.sort(key=itemgetter(0))
    names = tuple(sorted({_class_name(name) for name, _, _ in classes}))
    return FolderContents(files=files, class_folders=names, notes=tuple(notes))


def _check_folder(root: Path) -> None:
    try:
        exists, is_folder = root.exists(), root.is_dir()
    except (OSError, ValueError):  # a name that the system does not take
        exists, is_folder = False, False
    if not exists:
        raise DatasetError(
            "missing-path",
            f"A data set must be a folder that exists. Received: {root}. Check its spelling.",
        )
    if not is_folder:
        raise DatasetError(
            "not-a-folder",
            f"A data set must be a folder. Received: {root}, which is a file. {_ARRANGE}",
        )


def _nothing_found(root: Path, loose: int) -> DatasetError:
    if loose:
        return DatasetError(
            "no-classes",
            f"A data set needs a folder for each class. Received: {root}, where {loose:,} "
            f"{'picture lies' if loose == 1 else 'pictures lie'} in no class folder. {_ARRANGE}",
        )
    return DatasetError(
        "no-images", f"A data set needs pictures. Received: {root}, which has none. {_ARRANGE}"
    )


def _split_folders(top: _Folder, folders: Sequence[str]) -> dict[str, str]:
    """Split by folder name, or nothing if these folders are classes.

    "train" may well be a class beside "car" and "ship". The names mean splits if there are no
    others, or if there are two kinds of them and one has folders inside.
    """
    sides = {
        name: SPLIT_FOLDERS[name.casefold()] for name in folders if name.casefold() in SPLIT_FOLDERS
    }
    if len(sides) == len(folders):
        return sides
    if len(set(sides.values())) < 2:
        return {}
    return sides if any(_has_folders(top.inside(name)) for name in sides) else {}


def _has_folders(folder: _Folder) -> bool:
    try:
        return bool(_children(folder)[0])
    except OSError:
        return False


def _left_out(name: str) -> str:
    return f"The folder {_clean(name)!r} is beside the train and test folders and is not used."


def _children(folder: _Folder) -> tuple[list[str], int]:
    """Sorted names of the folders in a folder, and how many pictures lie beside them."""
    folders, pictures = [], 0
    with os.scandir(folder.place) as entries:
        for entry in entries:
            if _is_skipped(entry.name):
                continue
            if _is_folder(entry):
                folders.append(entry.name)
            elif os.path.splitext(entry.name)[1].lower() in PICTURE_SUFFIXES:  # noqa: PTH122
                pictures += 1
    return sorted(folders), pictures


def _children_or_problem(
    folder: _Folder, split: str, files: list[FoundFile]
) -> tuple[list[str], int]:
    try:
        return _children(folder)
    except OSError as error:
        files.append(_refused_folder(folder, "", split, error))
        return [], 0


def _files_below(
    folder: _Folder, class_name: str, split: str, *, root_key: object
) -> list[FoundFile]:
    """Every candidate in a folder and below it."""
    files: list[FoundFile] = []
    visited = {root_key}
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            key = _identity(here.place)
            if key in visited:
                continue
            visited.add(key)
            with os.scandir(here.place) as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == "." or name.lower() in _NO_PICTURES:
                        continue
                    if _is_folder(entry):
                        waiting.append(here.inside(name))
                    else:
                        files.append(_found(entry, here.prefix + name, class_name, split))
        except OSError as error:
            files.append(_refused_folder(here, class_name, split, error))
    return files


def _found(entry: os.DirEntry[str], path: str, class_name: str, split: str) -> FoundFile:
    try:
        facts = entry.stat()
        size, modified_ns = facts.st_size, facts.st_mtime_ns
    except OSError:  # a link into nowhere, or deleted just now
        size, modified_ns = 0, 0
    if path.isascii() or path == _clean(path):
        return FoundFile(path, class_name, split, size, modified_ns)
    refusal = f"{_clean(entry.name)} has a name that is not Unicode. Rename the file or its folder."
    return FoundFile(_clean(path), class_name, split, size, modified_ns, refusal)


def _refused_folder(folder: _Folder, class_name: str, split: str, error: OSError) -> FoundFile:
    path = _clean(folder.prefix.rstrip("/"))
    refusal = (
        f"The folder {path} cannot be opened: {error.strerror or error}. Check its permissions."
    )
    return FoundFile(path, class_name, split, 0, 0, refusal)


def _is_skipped(name: str) -> bool:
    return name[0] == "." or name.lower() in _NO_PICTURES


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _identity(place: str) -> tuple[int, int]:
    facts = os.stat(place)  # noqa: PTH116
    return facts.st_dev, facts.st_ino


def _class_name(folder_name: str) -> str:
    return normalize("NFC", _clean(folder_name))


def _clean(name: str) -> str:
    r"""Replace what is not Unicode in a name by \x escapes, so that it can be stored and shown."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
