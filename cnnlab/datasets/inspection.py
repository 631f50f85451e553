"""Looking into many image files at once, on several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from cnnlab.datasets.images import ImageFacts, inspect
from cnnlab.progress import Progress
from cnnlab.threads import in_order

Found = TypeVar("Found")

_FILES_AT_ONCE = 16  # few enough that progress is smooth, many enough that handing out is cheap


def inspect_files(
    root: Path,
    paths: Sequence[str],
    progress: Progress | None = None,
    threads: int | None = None,
) -> list[ImageFacts]:
    """Inspect files, in their order; Pillow decodes them side by side.

    Args:
        root: Folder that the paths are relative to.
        paths: With "/" between their parts.
        progress: Called in the calling thread; what it raises ends the work.
        threads: How many; else one for each processor.
    """
    return look_into(root, paths, inspect, progress, threads)


def look_into(
    root: Path,
    paths: Sequence[str],
    look: Callable[[Path], Found],
    progress: Progress | None = None,
    threads: int | None = None,
) -> list[Found]:
    """What a function finds in each of many files, in their order; see `inspect_files`."""
    found: list[Found] = []
    pieces = (paths[n : n + _FILES_AT_ONCE] for n in range(0, len(paths), _FILES_AT_ONCE))

    def look_at(piece: Sequence[str]) -> list[Found]:
        return [look(root / path) for path in piece]

    with closing(in_order(look_at, pieces, threads)) as results:
        for result in results:
            found += result
            if progress is not None:
                progress(len(found), len(paths))
    return found
