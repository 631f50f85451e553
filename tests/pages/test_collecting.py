"""Garbage collection in the server."""

import gc
import itertools
import time

from cnnlab.ui import collecting


def test_what_has_come_to_stay_is_put_away_after_some_pages_and_garbage_is_not(monkeypatch):
    monkeypatch.setattr(collecting, "_page_runs", itertools.count(1))
    monkeypatch.setattr(collecting, "_DELAY_SECONDS", 0.0)
    gc.unfreeze()
    try:
        collecting.count_page_run()
        deadline = time.monotonic() + 30
        while not gc.get_freeze_count():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        put_away = gc.get_freeze_count()
        later: list[list[object]] = [[] for _ in range(10_000)]
        for _ in range(2):
            collecting.count_page_run()
        time.sleep(0.2)
        # What was put away may end meanwhile; what has come since is not among it.
        assert gc.get_freeze_count() < put_away + len(later)
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
