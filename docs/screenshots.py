"""Makes the pictures of the documentation: trains on the built-in sets and photographs the pages.

    python -m docs.screenshots [--workspace FOLDER]

Only pictures that cnnlab draws itself are shown. With a workspace that exists already, its runs are
used again.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cnnlab.config import change_config
from cnnlab.networks.recipes import recipe
from cnnlab.run_commands import wait
from cnnlab.runs import runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.scheduler import ensure_scheduler
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import Workspace, open_workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.browser.conftest import serve

IMAGES = Path(__file__).parent / "images"
WIDTH_PX, HEIGHT_PX = 1280, 1000
SETTLE_MS = 6_000
SEEDS = (0, 1, 2)
SMALL = {"data.size": 32, "training.epochs": 8, "training.early_stopping": False}
RECIPES: Mapping[str, Mapping[str, object]] = {
    "quick": {**SMALL, "network.width": 0.5},
    "conv-grid(2,32,0)": {
        **SMALL,
        "data.colour": "rgb",
        "split.validation": 0.15,
        "split.test": 0.15,
    },
}


def train(place: Workspace, store: Store) -> list[str]:
    """Runs of two recipes with three seeds each on the drawn scenes; returns their ids."""
    dataset = add_dataset(store, place, "builtin:scenes")
    known = [run for run in runs.list_runs(store, dataset_id=dataset.id) if run.has_model]
    if len(known) >= len(RECIPES) * len(SEEDS):
        return [run.id for run in reversed(known)]
    scan_dataset(store, place, dataset)
    ids = [
        runs.submit_run(
            store,
            dataset.id,
            change_config(recipe(name).config, {**changes, "training.seed": seed}),
        )
        for name, changes in RECIPES.items()
        for seed in SEEDS
    ]
    ensure_scheduler(place)
    for run_id in ids:
        wait(place, store, run_id, quiet=False)
    return ids


def views(run_ids: list[str]) -> dict[str, tuple[str, dict[str, str]]]:
    """Name of each picture, the page, and what its address asks for."""
    first, other = run_ids[0], run_ids[len(SEEDS)]
    return {
        "run-overview": ("run", {"run": first}),
        "run-mistakes": ("run", {"run": other, "view": "mistakes"}),
        "run-pictures": ("run", {"run": other, "view": "pictures"}),
        "run-confidence": ("run", {"run": other, "view": "confidence"}),
        "run-inside": ("run", {"run": first, "view": "inside"}),
        "leaderboard": ("leaderboard", {"data": "scenes"}),
        "compare": ("compare", {"runs": f"{other},{first}"}),
    }


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of a headless Chromium."""
    path = find_chromium()
    if path is None:
        raise SystemExit("this needs a Chromium: make browser")
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=str(path), args=CHROMIUM_FLAGS
        )
        yield browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        browser.close()


def photograph(page: Page, address: str, target: Path) -> None:
    """A page as a small picture of few colours."""
    page.goto(address)
    page.wait_for_timeout(SETTLE_MS)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)
    page.wait_for_timeout(SETTLE_MS // 3)
    page.screenshot(path=target)
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(128).save(target, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path)
    folder = parser.parse_args().workspace
    with tempfile.TemporaryDirectory() as made:
        place = open_workspace(folder or Path(made) / "workspace")
        store = open_store(place)
        run_ids = train(place, store)
        IMAGES.mkdir(exist_ok=True)
        with serve(place) as dashboard, browser_page() as page:
            for name, (where, asked) in views(run_ids).items():
                address = f"{dashboard.address}/{where}?{urlencode(asked)}"
                photograph(page, address, IMAGES / f"{name}.png")
                print(f"{name}.png")


if __name__ == "__main__":
    main()
