"""Which files a folder of class folders holds, and what the folders say about each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
    "seg_train": "train",  # as Intel's scenes come, with a folder of the same name inside
    "seg_test": "test",
}
"""The split that a folder stands for, by its name in lower case."""

WORKSPACE_MARK = "store.sqlite"
_NO_PICTURES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir"})
_ARRANGE = (
    "Put the pictures of each class into a folder of its own, side by side, such as "
    "cats/1.jpg and dogs/1.jpg, and choose the folder that holds them all."
)


@dataclass(slots=True)
class FoundFiles:
    """Files in class folders, not opened yet; column by column, which is quicker for many.

    Attributes:
        path: Relative to the data set's folder, with "/" between its parts.
        class_name: Name of the class folder, in Unicode's composed form (NFC).
        split: "train", "validation", "test", or "" where the folders do not say.
        bytes, modified_ns: Size and time of the last change; 0 if the system does not tell.
        refusal: Why a file cannot be opened at all, as a sentence; else "".
    """

    path: list[str] = field(default_factory=list)
    class_name: list[str] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    modified_ns: list[int] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.path)

    def refuse(self, path: str, class_name: str, split: str, reason: str) -> None:
        """Add something that cannot be opened."""
        self.path.append(path)
        self.class_name.append(class_name)
        self.split.append(split)
        self.bytes.append(0)
        self.modified_ns.append(0)
        self.refusal.append(reason)

    def sort(self) -> None:
        """Put the rows in the order of their paths."""
        order = sorted(range(len(self.path)), key=self.path.__getitem__)
        for name in self.__slots__:
            column = getattr(self, name)
            setattr(self, name, [column[row] for row in order])


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderContents:
    """What `list_files` found.

    Attributes:
        files: Every candidate, sorted by path.
        class_folders: Sorted names of the classes, those without any file included.
        notes: Sentences on what was left out.
    """

    files: FoundFiles
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
    named train, validation and test (or training, val, valid, testing, seg_train, seg_test; in any
    case), the classes are one level further down; train/train and the like count as one. Hidden
    files and folders are skipped. Links are followed, but each folder is visited once for a class.

    Raises:
        DatasetError: "missing-path", "not-a-folder" or "unreadable-folder" if the folder cannot
            be listed; "no-images" if it has no files, "no-classes" if these are in no class folder.
    """
    check_folder(root)
    top = _Folder(str(root), "")
    try:
        folders, loose = _children(top)
    except OSError as error:
        raise DatasetError(
            "unreadable-folder",
            f"The folder {root} cannot be opened: {error.strerror or error}. "
            "Check its permissions, or choose another.",
        ) from error
    own = [name for name in folders if _is_workspace(top.inside(name))]
    folders = [name for name in folders if name not in own]
    sides = _split_folders(top, folders)
    notes = [
        f"The folder {_clean(name)!r} is a workspace of cnnlab and is not used." for name in own
    ]
    files = FoundFiles()
    classes: list[tuple[str, _Folder, str]] = []  # name, folder, split
    if sides:
        notes += [_left_out(name) for name in folders if name not in sides]
    else:
        classes = [(name, top.inside(name), "") for name in folders]
    for side, split in sides.items():
        folder = top.inside(side)
        inner, more_loose = _children_or_problem(folder, split, files)
        if not more_loose and [name.casefold() for name in inner] == [side.casefold()]:
            folder = folder.inside(inner[0])  # train/train/cats, as some archives have it
            inner, more_loose = _children_or_problem(folder, split, files)
        loose += more_loose
        classes += [(name, folder.inside(name), split) for name in inner]
    for name, folder, split in classes:
        _add_below(files, folder, _class_name(name), split, root_key=_identity(top.place))
    if not len(files):
        raise _nothing_found(root, loose)
    if loose:
        what = "1 picture lies" if loose == 1 else f"{loose:,} pictures lie"
        notes.append(f"{what} in no class folder and will not be used.")
    files.sort()
    names = tuple(sorted({_class_name(name) for name, _, _ in classes}))
    return FolderContents(files=files, class_folders=names, notes=tuple(notes))


def check_folder(root: Path) -> None:
    """Make sure that a folder is there.

    Raises:
        DatasetError: "missing-path" if there is nothing, "not-a-folder" if it is a file.
    """
    try:
        exists, is_folder = root.exists(), root.is_dir()
    except (OSError, ValueError):  # a name that the system does not take
        exists, is_folder = False, False
    if not exists:
        raise DatasetError(
            "missing-path",
            f"There is no folder at {root}. Check the path and its spelling.",
        )
    if not is_folder:
        raise DatasetError(
            "not-a-folder",
            f"A data set must be a folder, or a zip of one. Received: {root}, which is another "
            f"file. {_ARRANGE}",
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


def _is_workspace(folder: _Folder) -> bool:
    """Whether somebody has made a workspace here, as the commands do where none is named."""
    return os.path.isfile(os.path.join(folder.place, WORKSPACE_MARK))  # noqa: PTH113, PTH118


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


def _children_or_problem(folder: _Folder, split: str, files: FoundFiles) -> tuple[list[str], int]:
    try:
        return _children(folder)
    except OSError as error:
        _refuse_folder(files, folder, "", split, error)
        return [], 0


def _add_below(
    files: FoundFiles, folder: _Folder, class_name: str, split: str, *, root_key: object
) -> None:
    """Add every candidate in a folder and below it."""
    visited = {root_key}
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            key = _identity(here.place)
            if key not in visited:
                visited.add(key)
                waiting += [
                    here.inside(name) for name in _add_files(files, here, class_name, split)
                ]
        except OSError as error:
            _refuse_folder(files, here, class_name, split, error)


def _add_files(files: FoundFiles, folder: _Folder, class_name: str, split: str) -> list[str]:
    """Add the candidates in a folder; returns the names of the folders in it.

    This runs once for every picture of every data set, at each scan: it makes no objects that
    it need not make.
    """
    folders: list[str] = []
    prefix = folder.prefix
    path, size, modified_ns = files.path.append, files.bytes.append, files.modified_ns.append
    before = len(files)
    try:
        with _entries(folder.place) as entries:
            for entry in entries:
                name = entry.name
                if name[0] == "." or name.lower() in _NO_PICTURES:
                    continue
                if _is_folder(entry):
                    folders.append(name)
                    continue
                path(prefix + name)
                try:
                    facts = entry.stat()
                    size(facts.st_size)
                    modified_ns(facts.st_mtime_ns)
                except OSError:  # a link into nowhere, or deleted just now
                    size(0)
                    modified_ns(0)
    finally:
        added = len(files) - before
        files.class_name += [class_name] * added
        files.split += [split] * added
        files.refusal += [""] * added
        if not "".join(files.path[before:]).isascii():
            _clean_names(files, before)
    return folders


def _clean_names(files: FoundFiles, first: int) -> None:
    """Write names that are not Unicode so that they can be stored and shown, and refuse them."""
    for row in range(first, len(files)):
        cleaned = _clean(files.path[row])
        if cleaned != files.path[row]:
            files.path[row] = cleaned
            name = cleaned.rsplit("/", 1)[-1]
            files.refusal[row] = (
                f"{name} has a name that is not Unicode. Rename the file or its folder."
            )


@contextmanager
def _entries(place: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """What a folder holds. Where the system can, asking for an entry's facts then needs no path."""
    if os.scandir not in os.supports_fd:
        with os.scandir(place) as entries:
            yield entries
        return
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(folder) as entries:
            yield entries
    finally:
        os.close(folder)


def _refuse_folder(
    files: FoundFiles, folder: _Folder, class_name: str, split: str, error: OSError
) -> None:
    path = _clean(folder.prefix.rstrip("/"))
    reason = (
        f"The folder {path} cannot be opened: {error.strerror or error}. Check its permissions."
    )
    files.refuse(path, class_name, split, reason)


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
