"""Keeps Python's garbage collection from holding up pages.

A full collection looks at every object, most of which belong to modules and stay for ever: 0.2 s
with all that the pages import, in one run of a page of three. Those that are there after some pages
are put where the collection does not look.
"""

from __future__ import annotations

import gc
import itertools
import threading

SETTLE_AFTER = frozenset({1, 4, 16, 64})  # runs of pages, since modules are imported when needed
_DELAY_SECONDS = 1.0  # the page comes first

_page_runs = itertools.count(1)


def count_page_run() -> None:
    """Note that a page has run; now and then, put away what has come to stay."""
    if next(_page_runs) in SETTLE_AFTER:
        timer = threading.Timer(_DELAY_SECONDS, _settle)
        timer.daemon = True
        timer.start()


def _settle() -> None:
    gc.collect()
    gc.freeze()
