"""Pictures that a network was right or wrong about, in a real browser."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnnlab.evaluation.predictions import Predictions
from cnnlab.networks.recipes import recipe
from cnnlab.runs.corrections import load_index
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.scans import scan_place
from cnnlab.runs.store import open_store
from cnnlab.workspace import Workspace, open_workspace
from tests.browser.conftest import serve, settled
from tests.finished import finished_run
from tests.pictures import write_class_folders

pytestmark = pytest.mark.browser

WRONG = 7


@pytest.fixture
def run_with_a_suspect(tmp_path: Path) -> tuple[Workspace, str, str, str]:
    """A workspace, its data set, a run on it, and the one picture whose label it contradicts."""
    place = open_workspace(tmp_path / "workspace")
    store = open_store(place)
    folder = write_class_folders(tmp_path / "colours")
    dataset, index, _ = scan_place(store, place, str(folder), lambda *_: None)
    names, frame = tuple(index.class_names), index.usable
    true = np.array([names.index(name) for name in frame["class"]])
    probabilities = np.full((len(true), len(names)), 0.05, dtype=np.float32)
    said = true.copy()
    said[WRONG] = (true[WRONG] + 1) % len(names)
    probabilities[np.arange(len(true)), said] = 0.9
    found = Predictions(
        class_names=names,
        paths=tuple(frame["path"]),
        splits=np.array(["test"] * len(true)),
        true=true,
        probabilities=probabilities,
    )
    config, now = recipe("quick").config, index.fingerprint
    run_id = finished_run(store, place, dataset.id, config, found, fingerprint=now)
    store.close()
    return place, dataset.id, run_id, found.paths[WRONG]


def test_a_suspected_label_is_corrected_undone_and_followed_to_where_the_network_looked(
    page: Page, run_with_a_suspect
):
    place, dataset_id, run_id, path = run_with_a_suspect
    store = open_store(place)
    dataset = get_dataset(store, dataset_id)
    with serve(place) as dashboard:
        page.goto(f"{dashboard.address}/run?run={run_id}&view=pictures")
        expect(page.get_by_text("Draw 1.")).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Other ten").click()
        expect(page).to_have_url(re.compile("seed=2"))
        expect(page.get_by_text("Draw 2.")).to_be_visible()

        settled(page)
        page.get_by_text("Suspected wrong labels").click()
        expect(page.get_by_text("labels of 1 of 60")).to_be_visible()
        expect(page).to_have_url(re.compile("kind=labels"))
        settled(page)
        relabel = page.get_by_role("button", name="Relabel to")
        relabel.click()
        expect(page.get_by_text("has changed since this run was trained on it")).to_be_visible()
        expect(relabel).to_have_count(0)
        assert list(load_index(store, place, dataset).relabelled) == [path]
        settled(page)
        page.get_by_role("button", name="Undo").click()
        expect(relabel).to_be_visible()
        assert not load_index(store, place, dataset).relabelled

        settled(page)
        page.locator("[class*='st-key-inside-']").get_by_role("button").click()
        expect(page).to_have_url(re.compile("view=inside.*picture="))
    store.close()
