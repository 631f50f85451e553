"""From a cell of the confusion matrix to its pictures, in a real browser."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from cnnlab.evaluation.predictions import Predictions, read_predictions, write_predictions
from cnnlab.workspace import RunFiles
from tests.browser.conftest import Dashboard, serve

pytestmark = pytest.mark.browser

NAMES = ("blue", "green", "red")
MISTAKEN = {"blue/003.png": 0.71, "blue/008.png": 0.93, "blue/014.png": 0.82}  # for red
TRIES = 10
LISTENS = """() => {
    const chart = document.querySelector(".js-plotly-plot");
    const selects = chart?._fullLayout?.clickmode?.includes("select");
    return selects && chart._ev.listenerCount("plotly_selected") > 0;
}"""


@pytest.fixture
def judged(trained) -> Iterator[tuple[Dashboard, str]]:
    """A dashboard with a run that takes three blue pictures for red ones, and no others."""
    place, _, run_id = trained
    file = RunFiles(place.run_folder(run_id)).predictions
    kept = [path for path in read_predictions(file).paths if not path.startswith("blue/")]
    paths = [*MISTAKEN, "blue/001.png", "blue/002.png", *kept]
    rows = []
    for path in paths:
        row = np.full(3, 0.01)
        row[2 if path in MISTAKEN else NAMES.index(path.split("/")[0])] = MISTAKEN.get(path, 0.97)
        rows.append(row / row.sum())
    predictions = Predictions(
        class_names=NAMES,
        paths=tuple(paths),
        splits=np.full(len(paths), "test"),
        true=np.array([NAMES.index(path.split("/")[0]) for path in paths]),
        probabilities=np.array(rows, dtype=np.float32),
    )
    write_predictions(predictions, file)
    with serve(place) as running:
        yield running, run_id


def shown_pictures(page: Page) -> list[str]:
    """Paths of the pictures in the gallery, in their order."""
    texts = page.locator("[data-testid=stImage] img").evaluate_all(
        "images => images.map(image => image.alt)"
    )
    return [text.split(": ")[-1] for text in texts]


def cell_place(chart: Locator, true: str, predicted: str) -> dict[str, float]:
    """Middle of a cell inside the chart, and how large cells are, in pixels."""
    return chart.evaluate(
        """(chart, [row, column]) => {
            const {xaxis, yaxis} = chart._fullLayout;
            const x = xaxis.d2p(column) + xaxis._offset, y = yaxis.d2p(row) + yaxis._offset;
            return {x, y, width: xaxis._length / 3, height: yaxis._length / 3};
        }""",
        [true, predicted],
    )


def click_cell(page: Page, true: str, predicted: str, *, off: tuple[float, float] = (0, 0)) -> None:
    """Click a cell, at a distance from its middle in shares of its size.

    As a person does: once the page stands still and the chart has answered the pointer. A chart
    that was just drawn answers it a little before it listens to clicks.
    """
    expect(page.locator("[data-testid=stApp]")).to_have_attribute(
        "data-test-script-state", "notRunning"
    )
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
    chart = page.locator(".js-plotly-plot").first
    expect(chart.locator(".scatterlayer .point").first).to_be_attached()
    page.wait_for_function(LISTENS)
    chart.scroll_into_view_if_needed()
    answer = chart.locator(".hoverlayer .hovertext")
    for _ in range(TRIES):
        before = on_page(chart, true, predicted, off)
        page.mouse.move(before[0] - 3, before[1] - 3)
        page.mouse.move(*before, steps=4)
        try:
            expect(answer.first).to_be_visible(timeout=3_000)
        except AssertionError:
            continue
        if on_page(chart, true, predicted, off) == before:
            page.mouse.click(*before)
            return
    raise AssertionError(f"The cell {true}, {predicted} did not answer the pointer.")


def on_page(
    chart: Locator, true: str, predicted: str, off: tuple[float, float]
) -> tuple[float, float]:
    """Where on the page a cell is clicked, in pixels."""
    place, box = cell_place(chart, true, predicted), chart.bounding_box()
    assert box is not None
    return (
        box["x"] + place["x"] + off[0] * place["width"],
        box["y"] + place["y"] + off[1] * place["height"],
    )


def test_a_click_on_a_cell_shows_its_pictures_and_the_address_keeps_them(
    page: Page, judged: tuple[Dashboard, str]
):
    dashboard, run_id = judged
    page.goto(f"{dashboard.address}/run?run={run_id}&view=mistakes")
    expect(page.get_by_role("heading", name="Where it fails")).to_be_visible()
    expect(page.get_by_text("“blue” is recognised least: 40.0% of 5")).to_be_visible()
    click_cell(page, "blue", "red", off=(0.38, -0.36))
    heading = "3 pictures of “blue” taken for “red”, most confident first"
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator("[data-testid=stImage] img")).to_have_count(3)
    expected = sorted(MISTAKEN, key=lambda path: -MISTAKEN[path])
    assert shown_pictures(page) == expected
    expect(page.get_by_text("008", exact=True)).to_be_visible()
    assert "true=blue" in page.url
    assert "predicted=red" in page.url

    page.reload()
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator("[data-testid=stImage] img")).to_have_count(3)
    assert shown_pictures(page) == expected

    click_cell(page, "green", "green", off=(-0.35, 0.3))
    expect(page.get_by_role("heading", name="of “green” recognised")).to_be_visible()
    pictures = "[data-testid=stImage] img"
    expect(page.locator(f"{pictures}[alt*='green/']").first).to_be_visible()
    expect(page.locator(f"{pictures}:not([alt*='green/'])")).to_have_count(0)


def test_the_list_of_confused_pairs_leads_to_the_same_pictures(
    page: Page, judged: tuple[Dashboard, str]
):
    dashboard, run_id = judged
    page.goto(f"{dashboard.address}/run?run={run_id}&view=mistakes")
    page.get_by_role("button", name="3 of “blue” taken for “red”").click()
    expect(page.locator("[data-testid=stImage] img")).to_have_count(3)
    assert shown_pictures(page) == sorted(MISTAKEN, key=lambda path: -MISTAKEN[path])


def test_a_cell_can_be_clicked_again_after_another_was_chosen_in_the_list(
    page: Page, judged: tuple[Dashboard, str]
):
    dashboard, run_id = judged
    page.goto(f"{dashboard.address}/run?run={run_id}&view=mistakes")
    click_cell(page, "green", "green")
    expect(page.get_by_role("heading", name="of “green” recognised")).to_be_visible()
    page.get_by_role("button", name="3 of “blue” taken for “red”").click()
    expect(page.get_by_role("heading", name="of “blue” taken for “red”")).to_be_visible()
    click_cell(page, "green", "green")
    expect(page.get_by_role("heading", name="of “green” recognised")).to_be_visible()
    click_cell(page, "red", "blue")
    expect(page.get_by_role("heading", name="No picture of “red” was taken")).to_be_visible()
