"""A real dashboard, its real server, and a real Chromium."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    Error,
    FloatRect,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from cnnlab.workspace import Workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.conftest import end_processes_of

PROJECT = Path(__file__).parents[2]
START_SECONDS = 60
WAIT_MS = 150_000
TRIES = 50
expect.set_options(timeout=WAIT_MS)


@dataclass(frozen=True)
class Dashboard:
    """A running server and where it is."""

    address: str
    workspace: Workspace
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        if os.environ.get("CNNLAB_REQUIRE_BROWSER") == "1":
            pytest.fail("CNNLAB_REQUIRE_BROWSER=1, but no Chromium could be found")
        pytest.skip("no Chromium could be found")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """A browser's page; what it showed in the end lies in the test's folder as page.png."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    yield page
    if not page.is_closed():
        with suppress(Error):
            page.screenshot(path=tmp_path / "page.png")
    context.close()


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    with serve(Workspace(tmp_path / "workspace")) as running:
        yield running


def settled(page: Page) -> None:
    """Wait until nothing works in the background and the page has been drawn."""
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def settled_box(page: Page, element: Locator) -> FloatRect:
    """Where an element stands once the page above it is drawn, in pixels."""
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
    before = None
    for _ in range(TRIES):
        box = element.bounding_box()
        if box is not None and box == before:
            return box
        before = box
        page.wait_for_timeout(300)
    raise AssertionError(f"{element} does not come to rest.")


class serve:
    """A dashboard for a workspace, as `python -m cnnlab app` starts it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __enter__(self) -> Dashboard:
        port = free_port()
        self._workspace.root.mkdir(parents=True, exist_ok=True)
        with (self._workspace.root / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "cnnlab", "app"),
                    *("--workspace", str(self._workspace.root), "--port", str(port)),
                ],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for_port(port, self._process)
        return Dashboard(f"http://127.0.0.1:{port}", self._workspace, self._process)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(timeout=10)
        end_processes_of(self._workspace)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the dashboard ended with status {process.returncode}")
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"the dashboard did not answer within {START_SECONDS} s")
