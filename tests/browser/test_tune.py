"""A search in a real browser: defined, followed to its end, its best opened and compared."""

import re

import pytest
from playwright.sync_api import Page, expect

from cnnlab.runs.store import open_store
from cnnlab.tuning import sweeps
from tests.browser.conftest import Dashboard, settled
from tests.browser.test_walk import TRAINING_MS, heading, open_at

pytestmark = pytest.mark.browser
CHANGES = "&set=training.epochs%3D2&set=data.size%3D16&set=data.limit%3D30"


def vary(page: Page, words: str, values: str) -> None:
    """Choose a field by what a user would type, and give it values."""
    fields = page.get_by_label("Values, with commas between them")
    before = fields.count()
    page.get_by_role("combobox", name="Fields").fill(words)
    page.get_by_role("option", name=words, exact=True).click()
    page.keyboard.press("Escape")
    expect(fields).to_have_count(before + 1)
    settled(page)
    fields.last.fill(values)
    fields.last.press("Enter")
    expect(page).to_have_url(re.compile("%5B" + values.replace(", ", "%2C") + "%5D"))
    settled(page)


def test_user_defines_a_grid_follows_it_opens_the_winner_and_compares(
    page: Page, dashboard: Dashboard
):
    open_at(page, dashboard, "/samples")
    page.get_by_role("button", name="digits").click()
    expect(page.get_by_text("1,797").first).to_be_visible()

    open_at(page, dashboard, f"/tune?data=digits&recipe=conv-grid{CHANGES}")
    heading(page, "Tune")
    expect(page.get_by_text("Choose at least one field that varies.")).to_be_visible()
    vary(page, "layer size", "4, 8")
    vary(page, "conv layers", "1, 9")
    page.get_by_role("combobox", name="Search").click()
    page.get_by_role("option", name="grid: every combination").click()
    expect(page).to_have_url(re.compile("sampler=grid"))
    expect(page.get_by_text("2 of 4 combinations make no network")).to_be_visible()
    page.get_by_role("button", name="Start the search").click()

    expect(page.get_by_text(re.compile(r"\d of 4 trials")).first).to_be_visible()
    address = page.url
    expect(page.get_by_text("completed").first).to_be_visible(timeout=TRAINING_MS)
    expect(page.get_by_text("4 of 4")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)

    page.get_by_role("button", name="Open the best").click()
    heading(page, "Run")
    expect(page.get_by_text("in the search")).to_be_visible()
    store = open_store(dashboard.workspace)
    (sweep,) = sweeps.list_sweeps(store)
    done = sorted(
        (trial for trial in sweeps.list_trials(store, sweep.id) if trial.results),
        key=lambda trial: trial.results,
    )
    assert f"run={done[0].run_id}" in page.url
    page.get_by_role("link", name="conv-grid").click()
    heading(page, "Tune")
    assert page.url == address

    page.get_by_role("button", name="Compare the best two").click()
    heading(page, "Compare")
    for trial in done:
        assert str(trial.run_id) in page.url
        expect(page.get_by_text(str(trial.run_id)).first).to_be_visible()
    assert len(done) == 2


def test_user_stops_and_resumes_an_earlier_search_and_stays_on_it(page: Page, dashboard: Dashboard):
    open_at(page, dashboard, "/samples")
    page.get_by_role("button", name="digits").click()
    expect(page.get_by_text("1,797").first).to_be_visible()
    space = "&space=%7B%22network.layer_size%22%3A%5B4%2C8%5D%7D&sampler=grid&name=sizes"
    long = CHANGES.replace("epochs%3D2", "epochs%3D500") + "&set=network.conv_layers%3D1"
    open_at(page, dashboard, f"/tune?data=digits&recipe=conv-grid{long}{space}")
    page.get_by_role("button", name="Start the search").click()
    page.get_by_role("button", name="All searches").click()
    expect(page.get_by_text("A new search")).to_be_visible()

    page.get_by_role("button", name=re.compile("sizes · sweep-")).click()
    expect(page).to_have_url(re.compile("sweep=sweep-"))
    main = page.get_by_test_id("stMain")
    page.get_by_role("button", name="Stop the search").click()
    expect(main.get_by_text("stopped").first).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Resume").click()
    expect(main.get_by_text("running").first).to_be_visible()
    expect(page).to_have_url(re.compile("sweep=sweep-"))
    page.get_by_role("button", name="Stop the search").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
