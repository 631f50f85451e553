"""A chart is saved as the picture that was chosen, with a mouse and with a finger."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import WAIT_MS, serve

pytestmark = pytest.mark.browser
PNG, SVG = b"\x89PNG\r\n\x1a\n", b"<svg"
DESK = {"viewport": {"width": 1440, "height": 1200}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_charts_are_saved_as_png_and_as_svg(trained, chromium: Browser, tmp_path: Path, device):
    place, _, run_id = trained
    context = chromium.new_context(**device)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    with serve(place) as dashboard:
        page.goto(f"{dashboard.address}/run?run={run_id}")
        by_touch = "has_touch" in device
        assert saved(page, "Loss", tmp_path, by_touch) == (f"{run_id}-loss.png", PNG)
        page.get_by_role("radio", name="SVG").click()
        for title, name in (("Loss", "loss"), ("Learning rate", "learning-rate")):
            redrawn = chart_of(page, title).locator("[data-title='Download plot']")
            expect(redrawn).to_have_count(1)  # not "as a PNG"
            file_name, begins = saved(page, title, tmp_path, by_touch)
            assert file_name == f"{run_id}-{name}.svg"
            assert begins.startswith(SVG)
    context.close()


def chart_of(page: Page, title: str) -> Locator:
    return page.locator(".js-plotly-plot").filter(has=page.get_by_text(title, exact=True)).first


def saved(page: Page, title: str, folder: Path, by_touch: bool) -> tuple[str, bytes]:
    """Name and first bytes of what the camera over a chart saves."""
    chart = chart_of(page, title)
    camera = chart.locator(".modebar-btn[data-title^='Download plot']")
    if by_touch:
        chart.tap(position={"x": 60, "y": 120})
    else:
        chart.hover()
    with page.expect_download() as started:
        if by_touch:
            camera.tap()
        else:
            camera.click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path.name, path.read_bytes()[: len(PNG)]
