"""Names of files that come from elsewhere: which are safe to write below a folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from cnnlab.datasets.folders import SPLIT_FOLDERS

MOST_NAME_BYTES = 240  # of one part of a path; file systems take 255
MOST_PATH_BYTES = 1000
MOST_DEPTH = 20

_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_JUNK = frozenset({"__macosx", "thumbs.db", "desktop.ini", "@eadir"})
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_SHOWN_CHARACTERS = 80


class UnsafeName(ValueError):
    """A name that must not be written; its text says why, in half a sentence."""


def safe_path(name: str) -> PurePosixPath:
    """Read a member's name as a path below the folder that it will be written to.

    Args:
        name: With "/" between its parts, as archives and browsers give it.

    Raises:
        UnsafeName: If it leads elsewhere, or is not a name that every system takes.
    """
    if not name or "\0" in name:
        raise UnsafeName("has an empty name" if not name else "has a zero character in its name")
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        raise UnsafeName("has an absolute path")
    if "\\" in name:
        raise UnsafeName("has a backslash in its name, which some systems take for a folder")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnsafeName("leads out of the folder by ..")
    if not parts:
        raise UnsafeName("has an empty name")
    if len(parts) > MOST_DEPTH:
        raise UnsafeName(f"lies more than {MOST_DEPTH} folders deep")
    if len(name.encode("utf-8", "surrogatepass")) > MOST_PATH_BYTES:
        raise UnsafeName("has too long a path")
    for part in parts:
        _check_part(part)
    return PurePosixPath(*parts)


def is_junk(path: PurePosixPath) -> bool:
    """Whether a file is what systems leave behind, or hidden: nothing to import."""
    return any(part.startswith(".") or part.lower() in _JUNK for part in path.parts)


def collision_key(path: PurePosixPath) -> str:
    """Equal for paths that some file system takes for the same."""
    return unicodedata.normalize("NFC", path.as_posix()).casefold()


def wrapping_folder(paths: Iterable[PurePosixPath]) -> str | None:
    """The single folder around the class folders, which is not wanted itself; None without one.

    A lone folder that holds the files directly is a class, and a folder named train or test says
    something.
    """
    tops, deep = set(), False
    for path in paths:
        if len(path.parts) < 2:
            return None
        tops.add(path.parts[0])
        deep = deep or len(path.parts) > 2
    if len(tops) != 1 or not deep:
        return None
    top = tops.pop()
    return None if top.casefold() in SPLIT_FOLDERS else top


def free_path(path: Path) -> Path:
    """`path`, or the first of "name-2", "name-3", ... that does not exist."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def shown(name: str) -> str:
    """A name as it can stand in a message: one line, not too long."""
    text = "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1]
        for letter in name[: 4 * _SHOWN_CHARACTERS]
    )
    if len(text) > _SHOWN_CHARACTERS:
        text = text[: _SHOWN_CHARACTERS - 30] + "…" + text[-29:]
    return repr(text) if "'" not in text else f'"{text}"'


def _check_part(part: str) -> None:
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in part):
        raise UnsafeName("has a control character in its name")
    if len(part.encode("utf-8")) > MOST_NAME_BYTES:
        raise UnsafeName("has too long a name")
    if _DEVICES.fullmatch(part):
        raise UnsafeName("has the name of a Windows device")
    if part.endswith((" ", ".")):
        raise UnsafeName("has a name that ends with a space or a dot")
    if os.name == "nt" and _NOT_ON_WINDOWS.search(part):
        raise UnsafeName("has a character in its name that Windows does not take")
