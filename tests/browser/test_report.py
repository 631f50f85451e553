"""A report in a real browser that has no network at all."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import serve
from tests.test_cli import call

pytestmark = pytest.mark.browser

CHARTS = ["ladder", "confusion", "accuracy", "loss"]


class Reader:
    """Somebody who opens a report without a network, and what the browser complains of."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        context.set_offline(True)
        context.route(re.compile(r"^(?!file:|data:)"), self._refuse)
        self.page = context.new_page()
        self.page.on("request", self._look_at)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def open(self, file: Path) -> None:
        self.page.goto(file.as_uri())

    def _refuse(self, route: Route) -> None:
        self.complaints.append(f"asked for {route.request.url}")
        route.abort()

    def _look_at(self, request) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.complaints.append(f"asked for {request.url}")


@pytest.fixture(
    params=[(1440, 1000, "light"), (1440, 1000, "dark"), (390, 844, "light")],
    ids=["wide", "dark", "narrow"],
)
def reader(chromium: Browser, request) -> Iterator[Reader]:
    width, height, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    yield Reader(context)
    context.close()


@pytest.fixture
def offline(chromium: Browser) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    yield Reader(context)
    context.close()


def expect_whole(reader: Reader) -> None:
    """Charts are drawn, pictures are there, nothing stands out of the page, nobody complains."""
    page = reader.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("of unseen pictures named right")
    for name in CHARTS:
        chart = page.locator(f"[data-chart={name}].js-plotly-plot .main-svg").first
        expect(chart).to_be_visible()
    images = page.locator(".example img")
    assert images.count() >= 9
    assert images.evaluate_all("found => found.every(image => image.naturalWidth > 0)")
    for section in ("Where it goes wrong", "What these figures do not say", "Model card"):
        expect(page.get_by_role("heading", name=section, exact=True)).to_be_visible()
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    assert reader.complaints == []


def test_a_written_report_opens_without_a_network(trained, reader: Reader, tmp_path: Path):
    place, _, run_id = trained
    report = tmp_path / "report.html"
    told = call("report", run_id, "--out", report, workspace=place)
    assert told.returncode == 0, told.stderr
    reader.open(report)
    expect_whole(reader)
    reader.page.get_by_text("Read it", exact=True).click()
    expect(reader.page.get_by_role("heading", name="Intended use")).to_be_visible()
    with reader.page.expect_download() as card:
        reader.page.get_by_role("link", name="Save it as a file").click()
    assert card.value.suggested_filename == "model-card.md"
    assert Path(card.value.path()).read_text(encoding="utf-8").startswith("# Model card")
    assert reader.complaints == []


def test_a_report_follows_the_theme_and_is_light_on_paper(trained, offline: Reader, tmp_path: Path):
    place, _, run_id = trained
    call("report", run_id, "--out", tmp_path / "report.html", workspace=place)
    page = offline.page
    page.emulate_media(color_scheme="light")
    offline.open(tmp_path / "report.html")
    title = page.locator("[data-chart=loss] .gtitle").first
    light = title.evaluate("text => getComputedStyle(text).fill")
    page.emulate_media(color_scheme="dark")
    expect(title).not_to_have_css("fill", light)
    dark = title.evaluate("text => getComputedStyle(text).fill")
    title.evaluate(
        """() => window.addEventListener("beforeprint", () => {
            const title = document.querySelector("[data-chart=loss] .gtitle");
            window.printed = getComputedStyle(title).fill;
        })"""
    )
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert page.evaluate("window.printed") == light
    expect(title).to_have_css("fill", dark)
    assert offline.complaints == []


def test_a_report_from_the_run_page_opens_without_a_network(
    trained, page: Page, offline: Reader, tmp_path: Path
):
    place, _, run_id = trained
    with serve(place) as dashboard:
        page.goto(f"{dashboard.address}/run?run={run_id}&view=share")
        with page.expect_download() as report:
            page.get_by_role("button", name="Report as one HTML file").click()
        assert report.value.suggested_filename == f"{run_id}-report.html"
        report.value.save_as(tmp_path / "report.html")
        with page.expect_download() as card:
            page.get_by_role("button", name="Model card").click()
        assert card.value.suggested_filename == f"{run_id}-model-card.md"
    offline.open(tmp_path / "report.html")
    expect_whole(offline)
    expect(offline.page.get_by_text(run_id, exact=True).first).to_be_visible()
