"""Looking into many image files at once, on several threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cnnlab.datasets.images import ImageFacts, inspect

Progress = Callable[[int, int], object]  # files done, files in all

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
    if not paths:
        return []
    facts: list[ImageFacts] = []
    pieces = [paths[n : n + _FILES_AT_ONCE] for n in range(0, len(paths), _FILES_AT_ONCE)]
    workers = threads or min(_MOST_THREADS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="inspect")
    try:
        waiting = [pool.submit(_inspect_piece, root, piece) for piece in pieces]
        for future in waiting:
            facts += future.result()
            if progress is not None:
                progress(len(facts), len(paths))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return facts


def _inspect_piece(root: Path, paths: Sequence[str]) -> list[ImageFacts]:
    return [inspect(root / path) for path in paths]
