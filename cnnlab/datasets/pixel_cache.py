"""The budget of prepared pictures: how much they take, and which go first."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnnlab.workspace import Workspace

GIGABYTE = 1_000_000_000
DEFAULT_BUDGET_BYTES = 10 * GIGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPixels:
    """One file of prepared pictures.

    Attributes:
        used_at: When a process last opened it, in seconds since 1970.
        preparation: How its pictures are prepared, such as "64-squash-rgb".
    """

    path: Path
    bytes: int
    used_at: float
    preparation: str


@dataclass(frozen=True, slots=True)
class PixelCache:
    """All prepared pictures of a workspace. Deleting one costs time, never pictures.

    A process that has mapped a file keeps it until it lets go, also after the file is deleted.
    """

    workspace: Workspace

    def files(self) -> list[CachedPixels]:
        """Every complete file, the one that was not used for longest first."""
        found = []
        for path in self.workspace.pixels_folder.glob("[!.]*.npy"):
            with suppress(OSError):  # deleted just now
                facts = path.stat()
                found.append(
                    CachedPixels(
                        path=path,
                        bytes=facts.st_size,
                        used_at=facts.st_mtime,
                        preparation=path.stem.partition("-")[2],
                    )
                )
        return sorted(found, key=lambda file: (file.used_at, file.path))

    def size_bytes(self) -> int:
        """What all files take together."""
        return sum(file.bytes for file in self.files())

    def note_use(self, path: Path) -> None:
        """Remember that a file is used now."""
        with suppress(OSError):
            os.utime(path)

    def make_room(self, wanted_bytes: int, budget_bytes: int) -> int:
        """Delete files until so much more fits into the budget; returns the bytes set free."""
        files = self.files()
        too_much = sum(file.bytes for file in files) + wanted_bytes - budget_bytes
        freed = 0
        for file in files:
            if freed >= too_much:
                break
            freed += _delete(file)
        return freed

    def clear(self) -> int:
        """Delete every file and what killed processes left behind; returns the bytes set free.

        A file that is being written now is left alone.
        """
        freed = sum(_delete(file) for file in self.files())
        for leftover in self.workspace.pixels_folder.glob(".*"):
            name = leftover.name.split(".", 2)[-1].rsplit(".", 1)[0]
            lock = self.workspace.lock(f"pixels-{name}", timeout_seconds=0)
            with suppress(OSError, TimeoutError), lock:  # Timeout is a TimeoutError
                size = leftover.stat().st_size
                leftover.unlink()
                freed += size
        return freed


def _delete(file: CachedPixels) -> int:
    try:
        file.path.unlink()
    except OSError:  # a system that keeps mapped files, or somebody was faster
        return 0
    with suppress(OSError):
        file.path.with_suffix(".json").unlink()
    return file.bytes
