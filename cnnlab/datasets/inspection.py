"""Looking into many image files at once, on several threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from cnnlab.datasets.images import ImageFacts, inspect

Progress = Callable[[int, int], object]  # files done, files in all
Found = TypeVar("Found")

_FILES_AT_ONCE = 16  # few enough that progress is smooth, many enough that handing out is cheap
_MOST_THREADS = 8  # each may hold one large picture


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
    if not paths:
        return []
    found: list[Found] = []
    pieces = [paths[n : n + _FILES_AT_ONCE] for n in range(0, len(paths), _FILES_AT_ONCE)]
    workers = threads or min(_MOST_THREADS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="look-into")
    try:
        waiting = [
            pool.submit(lambda piece: [look(root / path) for path in piece], piece)
            for piece in pieces
        ]
        for future in waiting:
            found += future.result()
            if progress is not None:
                progress(len(found), len(paths))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return found
