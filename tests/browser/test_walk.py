"""The whole way of a first user, in a real browser."""

import re
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from cnnlab.runs import runs
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from tests.browser.conftest import Dashboard

pytestmark = pytest.mark.browser
TRAINING_MS = 480_000


def open_at(page: Page, dashboard: Dashboard, path: str = "/") -> None:
    page.goto(dashboard.address + path)


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def set_number(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")


def test_user_looks_trains_reloads_and_classifies(page: Page, dashboard: Dashboard):
    open_at(page, dashboard)
    heading(page, "cnnlab")
    page.get_by_role("button", name="scenes").click()

    heading(page, "Samples")
    expect(page.get_by_text("Pictures used")).to_be_visible()
    expect(page.get_by_text("1,200").first).to_be_visible()
    assert "data=scenes" in page.url
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()
    page.get_by_role("button", name="Train on these").click()

    heading(page, "Train")
    assert "data=scenes" in page.url
    expect(page.get_by_text("Parameters", exact=True)).to_be_visible()
    set_number(page, "Epochs", "2")
    start = page.get_by_role("button", name="Start training")
    expect(start).to_be_enabled()
    start.click()

    heading(page, "Run")
    expect(page.get_by_text(re.compile(r"Epoch \d of 2")).first).to_be_visible(timeout=TRAINING_MS)
    address = page.url
    run_id = re.search(r"run=([\w-]+)", address)
    assert run_id is not None
    page.reload()
    heading(page, "Run")
    assert page.url == address

    expect(page.get_by_text("completed").first).to_be_visible(timeout=TRAINING_MS)
    heading(page, "How it learnt")
    expect(page.get_by_text("too few to read the curves")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(4)  # three curves and the baselines
    page.get_by_role("radio", name="Mistakes").click()
    expect(page.get_by_text("Where it fails")).to_be_visible()
    expect(page.get_by_text("Confusion matrix")).to_be_visible()
    expect(page.get_by_text("Most often confused")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(4)  # matrix, recalls, both rankings

    page.get_by_role("radio", name="Overview").click()
    page.get_by_role("button", name="Classify photos").click()
    heading(page, "Classify")
    sea = dashboard.workspace.builtin_folder("scenes") / "sea"
    broken = dashboard.workspace.root / "broken.jpg"
    broken.write_bytes(b"this is no picture")
    picture = sorted(sea.iterdir())[0]
    page.locator("input[type=file]").first.set_input_files([picture, broken])
    expect(page.get_by_text(picture.name).last).to_be_visible()
    expect(page.locator("h4")).to_have_count(1)
    expect(page.get_by_text(re.compile(r"broken\.jpg.*"), exact=False).last).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(1)

    store = open_store(dashboard.workspace)
    run = runs.get_run(store, run_id[1])
    assert run.state is RunState.COMPLETED
    assert run.results["epochs"] == 2
    assert_server_has_no_tensorflow(dashboard)


def test_first_click_leads_to_a_classified_picture(page: Page, dashboard: Dashboard):
    open_at(page, dashboard)
    page.get_by_role("button", name="Train a first network").click()
    heading(page, "Run")
    expect(page.get_by_role("heading", name="Classify", exact=True)).to_be_visible(
        timeout=TRAINING_MS
    )
    expect(page.locator("h4").first).to_contain_text("%")


def test_first_visitor_may_come_by_a_link(page: Page, dashboard: Dashboard):
    open_at(page, dashboard, "/samples")
    heading(page, "Samples")
    page.wait_for_timeout(1000)
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_run_goes_on_when_browser_and_server_are_gone_and_can_be_stopped_later(
    page: Page, dashboard: Dashboard, tmp_path: Path
):
    open_at(page, dashboard, "/samples")
    page.get_by_role("button", name="digits").click()
    expect(page.get_by_text("1,797").first).to_be_visible()
    page.get_by_role("button", name="Train on these").click()
    heading(page, "Train")
    set_number(page, "Epochs", "500")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text(re.compile(r"Epoch \d+ of 500")).first).to_be_visible(
        timeout=TRAINING_MS
    )
    page.close()
    dashboard.process.terminate()
    dashboard.process.wait(timeout=60)

    store = open_store(dashboard.workspace)
    run = runs.list_runs(store)[0]
    assert run.state is RunState.RUNNING
    before = len(runs.epoch_records(store, run.id))
    wait_until(lambda: len(runs.epoch_records(store, run.id)) > before)

    from cnnlab.runs import jobs

    assert jobs.request_stop(store, run.job.id)
    wait_until(lambda: runs.get_run(store, run.id).state.final)
    stopped = runs.get_run(store, run.id)
    assert stopped.state is RunState.STOPPED
    assert stopped.has_model
    assert stopped.results["epochs"] < 500


def wait_until(condition, seconds: float = 300.0) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def assert_server_has_no_tensorflow(dashboard: Dashboard) -> None:
    """No library of TensorFlow is mapped into the server's memory."""
    process = psutil.Process(dashboard.process.pid)
    if not hasattr(process, "memory_maps"):
        return
    libraries = {mapped.path for mapped in process.memory_maps() if ".so" in mapped.path}
    assert any("ai_edge_litert" in path for path in libraries)
    assert not [path for path in libraries if "/tensorflow/" in path or "/keras/" in path]
