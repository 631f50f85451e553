"""A data set from its archive to its corrections, in a real browser."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from cnnlab.runs.corrections import load_index
from cnnlab.runs.datasets import add_dataset, list_datasets
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.store import open_store
from tests.browser.conftest import Dashboard, settled, settled_box
from tests.pictures import tree_digest
from tests.test_data_commands import zipped

pytestmark = pytest.mark.browser


@pytest.fixture
def archive(class_folders: Path, tmp_path: Path) -> Path:
    """A zip of sixty pictures, a copy of one of them, and a broken file."""
    (class_folders / "red" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    content = (class_folders / "red" / "000.png").read_bytes()
    (class_folders / "red" / "twin.png").write_bytes(content)
    return zipped(class_folders, tmp_path / "my colours.zip")


def figure(page: Page, label: str) -> Locator:
    """The value of a metric."""
    metric = page.get_by_test_id("stMetric").filter(has_text=label)
    return metric.get_by_test_id("stMetricValue")


def view(page: Page, name: str) -> None:
    settled(page)
    page.get_by_test_id("stMain").get_by_text(name, exact=True).first.click()


def choose(page: Page, label: str, option: str) -> None:
    settled(page)
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_zip_is_imported_its_broken_file_found_a_copy_excluded_and_restored(
    page: Page, dashboard: Dashboard, archive: Path
):
    page.goto(f"{dashboard.address}/samples")
    page.get_by_role("tab", name="Upload").click()
    page.locator("input[type=file]").first.set_input_files(archive)

    expect(figure(page, "Files found")).to_have_text("62")
    expect(figure(page, "Pictures used")).to_have_text("61")
    expect(figure(page, "Set aside")).to_have_text("1")
    expect(figure(page, "Exact copies")).to_have_text("1")
    assert "data=my-colours" in page.url
    (dataset,) = list_datasets(open_store(dashboard.workspace))
    before = tree_digest(dataset.location)

    view(page, "Findings")
    expect(page.get_by_text(re.compile(r"red/broken\.jpg")).first).to_be_attached()
    expect(page.get_by_text("keep one of each")).to_be_visible()
    assert "view=findings" in page.url

    view(page, "Pictures")
    choose(page, "Class", "red")
    expect(page.get_by_text("Pictures 1 to 21 of 21")).to_be_visible()
    page.locator("[class*=st-key-tick][class*=twin] label").click()
    page.get_by_role("button", name="Exclude 1").click()
    expect(figure(page, "Pictures used")).to_have_text("60")
    expect(figure(page, "Excluded")).to_have_text("1")
    expect(figure(page, "Exact copies")).to_have_text("0")
    expect(page.get_by_text("Pictures 1 to 20 of 20")).to_be_visible()

    link = page.url
    page.get_by_role("link", name="Home").click()
    expect(
        page.get_by_text(re.compile(r"60 pictures, 3 classes, 1 set aside, 1 excluded"))
    ).to_be_visible()
    page.get_by_role("link", name="Train", exact=True).first.click()
    chosen = page.get_by_role("combobox", name="Data set")
    expect(chosen).to_have_value("my colours · 60 pictures")

    page.goto(link)
    page.get_by_role("button", name="Undo").click()
    expect(figure(page, "Pictures used")).to_have_text("61")
    expect(figure(page, "Exact copies")).to_have_text("1")
    expect(page.get_by_test_id("stMetric").filter(has_text="Excluded")).to_have_count(0)
    assert tree_digest(dataset.location) == before


def test_dangerous_zip_is_refused_with_its_member_and_leaves_nothing(
    page: Page, dashboard: Dashboard, archive: Path
):
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("../../outside.png", b"x")
    page.goto(f"{dashboard.address}/samples")
    page.get_by_role("tab", name="Upload").click()
    page.locator("input[type=file]").first.set_input_files(archive)
    alert = page.get_by_test_id("stAlert").filter(has_text="outside.png")
    expect(alert).to_be_visible()
    assert not list(dashboard.workspace.root.rglob("*.png"))
    assert not list(dashboard.workspace.root.parent.glob("outside*"))
    page.get_by_text("Remove this data set").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", name="cnnlab", exact=True)).to_be_visible()


def test_lasso_on_the_map_leads_to_the_pictures_inside(
    page: Page, dashboard: Dashboard, class_folders: Path
):
    page.goto(f"{dashboard.address}/samples")
    page.get_by_role("textbox", name="A folder with one sub-folder per class").fill(
        str(class_folders)
    )
    page.get_by_role("button", name="Add folder").click()
    expect(figure(page, "Pictures used")).to_have_text("60")
    view(page, "Map")
    page.get_by_role("button", name="Compute the map").click()
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    expect(plot).to_be_visible(timeout=300_000)
    box = settled_box(page, plot)
    left, top = box["x"] + 2, box["y"] + 2
    right, bottom = box["x"] + box["width"] - 2, box["y"] + box["height"] - 2
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 4)):
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    expect(page.get_by_text("60 pictures inside the line")).to_be_visible()
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()


def test_a_class_name_that_cannot_be_is_explained_in_the_dialog_of_a_picture(
    page: Page, dashboard: Dashboard, class_folders: Path
):
    store = open_store(dashboard.workspace)
    dataset = add_dataset(store, dashboard.workspace, class_folders)
    scan_dataset(store, dashboard.workspace, dataset)
    page.goto(f"{dashboard.address}/samples?data={dataset.id}")
    expect(figure(page, "Pictures used")).to_have_text("60")
    settled(page)
    page.locator("[class*=st-key-open-gallery] button:visible").first.click()
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_role("combobox", name="Another class")
    name.fill("a/b")
    name.press("Enter")
    dialog.get_by_role("button", name="Relabel").click()
    expect(dialog.get_by_text("has a slash in its name")).to_be_visible()
    expect(dialog.get_by_test_id("stDataFrame")).to_be_visible()
    assert not load_index(store, dashboard.workspace, dataset).relabelled


def test_a_set_is_made_in_the_browser(page: Page, dashboard: Dashboard, class_folders: Path):
    page.goto(f"{dashboard.address}/samples")
    page.get_by_role("tab", name="Make a set").click()
    page.get_by_label("Name of the set").fill("two colours")
    page.get_by_label("Classes, separated by commas").fill("red, blue")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("There are no pictures in this set yet")).to_be_visible()
    for name in ("blue", "red"):
        choose(page, "Class that the pictures belong to", name)
        pictures = sorted((class_folders / name).iterdir())[:5]
        page.locator("input[type=file]").first.set_input_files(pictures)
        page.get_by_role("button", name=f"Add 5 to {name}").click()
        expect(page.get_by_test_id("stMetric").first).to_be_visible()
    expect(figure(page, "Pictures used")).to_have_text("10")
    expect(figure(page, "Classes")).to_have_text("2")


def test_link_to_another_page_shows_the_same_pictures_there(page: Page, dashboard: Dashboard):
    store = open_store(dashboard.workspace)
    for name in ("digits", "scenes"):
        scan_dataset(
            store, dashboard.workspace, add_dataset(store, dashboard.workspace, f"builtin:{name}")
        )
    for name, pictures in {"digits": "1,797", "scenes": "1,200"}.items():
        page.goto(f"{dashboard.address}/train?data={name}")
        settled(page)
        page.get_by_role("link", name="Preview the pictures").click()
        expect(page.get_by_role("heading", name="Samples")).to_be_visible()
        settled(page)
        expect(page.get_by_text(pictures).first).to_be_visible()
        expect(page).to_have_url(re.compile(f"data={name}"))
