"""Work on many things side by side: Pillow, NumPy and LiteRT let other threads go on meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

MOST_THREADS = 8  # each may hold one large picture
_AHEAD = 2  # results a thread may have waiting, so that memory stays bounded


def in_order(
    work: Callable[[Piece], Result], pieces: Iterable[Piece], threads: int | None = None
) -> Generator[Result]:
    """What a function makes of each piece, in their order, some of them computed ahead.

    Close the generator where it is not exhausted: then what has not begun is not done.

    Args:
        work: Called on several threads at once; what it raises is raised here.
        pieces: Taken one by one, a few ahead.
        threads: How many; else one for each processor, at most eight.
    """
    count = threads or min(MOST_THREADS, os.cpu_count() or 1)
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(count, thread_name_prefix=work.__name__.strip("_<>"))
    try:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > _AHEAD * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
