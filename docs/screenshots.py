"""Makes the pictures of the documentation: trains on the built-in sets and photographs the pages.

    python -m docs.screenshots [--workspace FOLDER] [--only NAME ..] [--study FOLDER]

Only pictures that cnnlab draws itself are shown. With a workspace that exists already, its runs are
used again. --study takes the charts of study 1 instead, which show no photograph, from the
workspace that `benchmarks.studies` has made.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from cnnlab.runs.scheduler import ensure_scheduler, scheduler_runs
from cnnlab.runs.store import Store, open_store
from cnnlab.sweep_commands import follow
from cnnlab.tuning.plan import Objective, SamplerName
from cnnlab.tuning.planning import make_plan
from cnnlab.tuning.sweeps import list_sweeps, submit_sweep
from cnnlab.workspace import Workspace, open_workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.browser.conftest import serve

IMAGES = Path(__file__).parent / "images"
WIDTH_PX, HEIGHT_PX, TALL_PX = 1280, 1000, 1600
STUDY_CHARTS = {"strides-or-pooling": "slices", "tune-scenes-pooling": "coordinates"}
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
STRIDES, GRID = "strides-or-pooling", "conv-grid"
SWEEPS: Mapping[str, tuple[str, str, Mapping[str, object], Mapping[str, object]]] = {
    STRIDES: (
        "scenes",
        "scenes-pooling",
        {"data.size": 72, "network.width": 0.08, "data.limit": 60, "training.epochs": 8},
        {"training.seed": [0, 1, 2], "recipe": ["scenes-pooling", "scenes-strides"]},
    ),
    GRID: (
        "digits",
        "conv-grid",
        {"data.size": 28, "data.limit": 60, "training.epochs": 5},
        {
            "network.dense_layers": [0, 1],
            "network.layer_size": [4, 8, 16],
            "network.conv_layers": [1, 2],
        },
    ),
}
"""Name of each sweep: built-in set, recipe, what is changed of it, and the space."""


@dataclass(frozen=True)
class Shot:
    """A page, what its address asks for, and what is clicked there by name."""

    page: str
    asked: Mapping[str, str] = field(default_factory=dict)
    clicks: tuple[str, ...] = ()
    height_px: int = HEIGHT_PX


def search(place: Workspace, store: Store) -> dict[str, str]:
    """Carry out the sweeps; returns their ids by name."""
    known = {sweep.name: sweep.id for sweep in list_sweeps(store)}
    for name, (builtin, recipe_name, changes, space) in SWEEPS.items():
        if name in known:
            continue
        dataset = add_dataset(store, place, f"builtin:{builtin}")
        scan_dataset(store, place, dataset)
        plan = make_plan(
            store,
            change_config(recipe(recipe_name).config, changes),
            space,
            sampler=SamplerName.GRID,
            trials=100,
            objectives=[
                Objective.VALIDATION_ACCURACY if name == STRIDES else Objective.VALIDATION_LOSS
            ],
        )
        known[name] = submit_sweep(store, dataset.id, plan, name=name)
        follow(place, store, known[name], detach=False, json=False)
    return known


def train(place: Workspace, store: Store) -> list[str]:
    """Runs of two recipes with three seeds each on the drawn scenes; returns their ids."""
    dataset = add_dataset(store, place, "builtin:scenes")
    known = [
        run
        for run in runs.list_runs(store, dataset_id=dataset.id)
        if run.has_model and run.sweep_id is None
    ]
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


def shots(run_ids: list[str], sweeps: Mapping[str, str]) -> dict[str, Shot]:
    """What is photographed, by the name of the picture."""
    first, other = run_ids[0], run_ids[len(SEEDS)]
    return {
        "run-overview": Shot("run", {"run": first}),
        "run-mistakes": Shot("run", {"run": other, "view": "mistakes"}),
        "run-pictures": Shot("run", {"run": other, "view": "pictures"}),
        "run-confidence": Shot("run", {"run": other, "view": "confidence"}),
        "run-inside": Shot("run", {"run": first, "view": "inside"}),
        "leaderboard": Shot("leaderboard", {"data": "scenes"}),
        "compare": Shot("compare", {"runs": f"{other},{first}"}),
        "study-strides": Shot("tune", {"sweep": sweeps[STRIDES]}),
        "study-grid": Shot("tune", {"sweep": sweeps[GRID], "chart": "coordinates"}),
        "study-augmentation": Shot(
            "train",
            {"data": "scenes", "recipe": "catsdogs-augmented"},
            ("Preview the pictures", "Augmentation"),
        ),
        "study-convolution": Shot("how", {"at": "2"}),
    }


def study_shots(store: Store) -> dict[str, Shot]:
    """Both searches of study 1, each with the chart that answers it."""
    sweeps = {sweep.name: sweep.id for sweep in list_sweeps(store)}
    return {
        f"study-{name}": Shot("tune", {"sweep": sweeps[name], "chart": chart}, height_px=TALL_PX)
        for name, chart in STUDY_CHARTS.items()
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


def photograph(page: Page, server: str, shot: Shot, target: Path) -> None:
    """A page as a small picture of few colours."""
    page.set_viewport_size({"width": WIDTH_PX, "height": shot.height_px})
    page.goto(f"{server}/{shot.page}?{urlencode(shot.asked)}")
    page.wait_for_timeout(SETTLE_MS)
    for name in shot.clicks:
        page.get_by_role("link", name=name).or_(page.get_by_role("radio", name=name)).click()
        page.wait_for_timeout(SETTLE_MS)
    idle = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(idle).to_have_count(1, timeout=60_000)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)
    page.wait_for_timeout(SETTLE_MS // 3)
    page.screenshot(path=target)
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(128).save(target, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--only", nargs="+", help="names of pictures")
    parser.add_argument("--study", type=Path, help="workspace of benchmarks.studies")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = open_workspace(options.study or options.workspace or Path(made) / "workspace")
        if scheduler_runs(place):  # `serve` ends everything that works there
            raise SystemExit(f"{place.root} is in use: end its server, and wait for its scheduler")
        store = open_store(place)
        if options.study:
            wanted = study_shots(store)
        else:
            wanted = shots(train(place, store), search(place, store))
        IMAGES.mkdir(exist_ok=True)
        with serve(place) as dashboard, browser_page() as page:
            for name, shot in wanted.items():
                if options.only and name not in options.only:
                    continue
                photograph(page, dashboard.address, shot, IMAGES / f"{name}.png")
                print(f"{name}.png")


if __name__ == "__main__":
    main()
