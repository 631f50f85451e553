"""Which trays are deleted, so that photos do not stay for ever, nor fill the disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnnlab.workspace import Workspace

MANIFEST = "tray.json"
KEPT_SECONDS = 7 * 86_400.0
KEPT_BYTES = 2 * 2**30
IN_USE_SECONDS = 3_600.0
_LEFT_OVER_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class _OldTray:
    folder: Path
    used_at: float
    bytes: int


def touch(folder: Path) -> None:
    """Remember that somebody has just looked at a tray."""
    with suppress(OSError):
        os.utime(folder / MANIFEST)


def delete_tray(folder: Path) -> None:
    """Delete a tray's folder, the manifest first, so that nobody reads half of it."""
    with suppress(OSError):
        (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def clear_old_trays(
    workspace: Workspace, *, keep: str | None = None, now: float | None = None
) -> list[str]:
    """Delete trays that nobody has looked at for a week, and the oldest beyond two gibibytes.

    Those that were looked at within the last hour stay. What a killed process has left of one goes
    as well.

    Args:
        workspace: Where they lie.
        keep: The id of one that stays whatever happens.
        now: The time, in seconds since 1970.

    Returns:
        The ids of those that were deleted.
    """
    now = time.time() if now is None else now
    root = workspace.tray_folder("")
    trays = sorted(_trays(root), key=lambda tray: tray.used_at, reverse=True)
    deleted, total = [], 0
    for tray in trays:
        total += tray.bytes
        unused_seconds = now - tray.used_at
        if tray.folder.name == keep or unused_seconds < IN_USE_SECONDS:
            continue
        if unused_seconds > KEPT_SECONDS or total > KEPT_BYTES:
            delete_tray(tray.folder)
            total -= tray.bytes
            deleted.append(tray.folder.name)
    _delete_leftovers(root, now - _LEFT_OVER_SECONDS)
    return deleted


def _trays(root: Path) -> Iterator[_OldTray]:
    for folder in _children(root):
        if not folder.name.startswith("."):
            try:
                used_at = (folder / MANIFEST).stat().st_mtime
            except OSError:  # none, or deleted just now: as old as the folder
                used_at = _modified_at(folder)
            yield _OldTray(folder, used_at, _bytes_below(folder))


def _delete_leftovers(root: Path, before: float) -> None:
    for place in _children(root):
        if place.name.endswith(".part"):
            if _modified_at(place) < before:
                shutil.rmtree(place, ignore_errors=True)
        elif place.name.startswith("."):
            for file in _children(place):
                if _modified_at(file) < before:
                    file.unlink(missing_ok=True)


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


def _bytes_below(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).stat().st_size
    return total
