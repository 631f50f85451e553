"""How fast the Samples page answers on a large data set, and what memory the server needs for it.

    python -m benchmarks.gallery [--pictures 24000] [--side 150] [--changes 30] [--folder FOLDER]

Opens Samples in Chromium, first on a small data set and then on the large one, changes the class
again and again, and turns pages. Prints the median seconds that the server needs for one class
change and for one page, and by how many megabytes its memory has grown since the small data set.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect

from benchmarks.pictures import write_photos
from benchmarks.timed_pages import TimedPages, timed_pages
from cnnlab.runs.audits import audit_dataset
from cnnlab.runs.datasets import Dataset, add_dataset, get_dataset
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import Workspace, open_workspace

SMALL_PICTURES = 120


def ready(place: Workspace, root: Path) -> Dataset:
    """A data set that was looked at and checked."""
    store = open_store(place)
    dataset = add_dataset(store, place, root)
    index, _ = scan_dataset(store, place, dataset)
    audit_dataset(place, dataset, index)
    return get_dataset(store, dataset.id)


def open_samples(page: Page, address: str, dataset: Dataset) -> None:
    page.goto(f"{address}/samples?data={dataset.id}")
    settle(page)


def settle(page: Page) -> None:
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(1000)


def choose_class(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name=name, exact=True).click()


def megabytes(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**20


def measure(timed: TimedPages, sets: list[Dataset], changes: int) -> dict[str, float]:
    small, large = sets
    page, address = timed.page, timed.address
    process = psutil.Process(timed.server)
    open_samples(page, address, small)
    names = sorted((large.summary or {})["classes"])
    for name in names[:3]:
        choose_class(page, name)
        settle(page)
    before = megabytes(process)
    open_samples(page, address, large)
    by_class, by_page = [], []
    for number in range(changes):
        name = names[(number + 1) % len(names)]
        by_class.append(timed.seconds_of(lambda name=name: choose_class(page, name)))
        settle(page)
    for _ in range(changes // 3):
        turn = page.get_by_role("button", name="Next page")
        by_page.append(timed.seconds_of(turn.click))
        settle(page)
    return {
        "pictures": (large.summary or {})["images"],
        "class_change_seconds": round(statistics.median(by_class), 4),
        "slowest_class_change_seconds": round(max(by_class), 4),
        "page_turn_seconds": round(statistics.median(by_page), 4),
        "server_megabytes_before": round(before, 1),
        "server_megabytes_growth": round(megabytes(process) - before, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=24_000)
    parser.add_argument("--side", type=int, default=150)
    parser.add_argument("--changes", type=int, default=30)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        place = open_workspace(made / "workspace")
        small = ready(place, write_photos(made / "small", SMALL_PICTURES, arguments.side))
        root = arguments.folder or write_photos(made / "large", arguments.pictures, arguments.side)
        large = ready(place, root)
        with timed_pages(place, made / "seconds.log") as timed:
            figures = measure(timed, [small, large], arguments.changes)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
