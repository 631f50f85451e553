"""From the leaderboard to a comparison, in a real browser."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as WaitedTooLong

from cnnlab.evaluation.predictions import Predictions
from cnnlab.networks.recipes import recipe
from cnnlab.runs.scans import scan_place
from cnnlab.runs.store import open_store
from cnnlab.workspace import Workspace, open_workspace
from tests.browser.conftest import TRIES, Dashboard, serve, settled, settled_box
from tests.finished import finished_run
from tests.pictures import write_class_folders

pytestmark = pytest.mark.browser

PICTURES = 60
TABLE = "[data-testid=stDataFrame] canvas"


@pytest.fixture
def two_runs(tmp_path: Path) -> tuple[Workspace, str, str, str]:
    """Two finished runs on pictures that are there; the second one is far better."""
    place = open_workspace(tmp_path / "workspace")
    store = open_store(place)
    folder = write_class_folders(tmp_path / "colours")
    dataset, index, _ = scan_place(store, place, str(folder), lambda *_: None)
    names, frame = tuple(index.class_names), index.usable
    true = np.array([names.index(name) for name in frame["class"]])
    ids = []
    for recipe_name, right in (("quick", 20), ("conv-grid(2,32,0)", 55)):
        probabilities = np.full((PICTURES, len(names)), 0.1, dtype=np.float32)
        said = np.where(np.arange(PICTURES) < right, true, (true + 1) % len(names))
        probabilities[np.arange(PICTURES), said] = 0.8
        found = Predictions(
            class_names=names,
            paths=tuple(frame["path"]),
            splits=np.array(["test"] * PICTURES),
            true=true,
            probabilities=probabilities,
        )
        config = recipe(recipe_name).config
        ids.append(finished_run(store, place, dataset.id, config, found))
    store.close()
    return place, dataset.id, *ids


def tick_row(page: Page, row: int) -> None:
    """Tick a row of the table: it is drawn, so only its place tells where."""
    box = settled_box(page, page.locator(TABLE).first)
    page.mouse.click(box["x"] + 15, box["y"] + 35 * (row + 1.5))


def test_two_ticked_runs_are_compared_by_words_and_pictures(page: Page, two_runs, tmp_path: Path):
    place, dataset_id, worse, better = two_runs
    with serve(place) as dashboard:
        page.goto(f"{dashboard.address}/leaderboard?data={dataset_id}&rank=test_accuracy")
        expect(page.get_by_text("2 runs.")).to_be_visible()
        expect(page.locator(TABLE).first).to_be_visible()
        compare = page.get_by_role("button", name="Compare these")
        expect(compare).to_be_disabled()
        tick_row(page, 0)
        expect(page.get_by_role("button", name="Open run")).to_be_enabled()
        tick_row(page, 1)
        expect(compare).to_be_enabled()
        settled(page)  # the table may be drawn anew until then
        assert read_csv(page, tmp_path) == [better, worse]
        compare.click()
        expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
        expect(page.get_by_text(f"{better} is better than {worse} by 58.3 points")).to_be_visible()
        assert f"runs={better}%2C{worse}" in page.url or f"runs={better},{worse}" in page.url
        page.get_by_text("Where they disagree").click()
        expect(page.get_by_text("of 35")).to_be_visible()
        expect(page.locator("[data-testid=stImage] img").first).to_be_visible()
        address = page.url
        assert "view=pictures" in address
        page.reload()
        expect(page.get_by_text("of 35")).to_be_visible()
        open_named_run(page, dashboard, dataset_id, better)


def read_csv(page: Page, folder: Path) -> list[str]:
    """Ids of the runs in the downloaded table."""
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    file = folder / "leaderboard.csv"
    download.value.save_as(file)
    with file.open(encoding="utf-8", newline="") as lines:
        return [row["runs"] for row in csv.DictReader(lines)]


def open_named_run(page: Page, dashboard: Dashboard, dataset_id: str, run_id: str) -> None:
    """The name of a run in the leaderboard leads to its page."""
    page.goto(f"{dashboard.address}/leaderboard?data={dataset_id}&rank=test_accuracy")
    table = page.locator(TABLE).first
    expect(table).to_be_visible()
    box = settled_box(page, table)
    place = box["x"] + 110, box["y"] + 35 * 1.5
    for _ in range(TRIES):
        page.mouse.move(place[0] - 20, place[1])
        page.mouse.move(*place, steps=5)  # a link that is drawn is one only below the pointer
        try:
            with page.expect_popup(timeout=5_000) as opened:
                page.mouse.click(*place)
        except WaitedTooLong:  # the table has not noticed the pointer yet
            continue
        else:
            break
    else:
        raise AssertionError(f"The name of {run_id} leads nowhere.")
    expect(opened.value).to_have_url(re.compile(rf"/run\?run={run_id}"))
    expect(opened.value.get_by_role("heading", name="Run", exact=True)).to_be_visible()
