"""What a browser asks for just as another page begins does not spoil that page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from cnnlab.runs import jobs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.scheduler import LOCK_NAME
from cnnlab.runs.states import JobKind
from cnnlab.runs.store import open_store
from cnnlab.workspace import open_workspace
from tests.browser.conftest import Dashboard, serve

pytestmark = pytest.mark.browser


class LateTimer:
    """Between browser and server: asks again for a part of a page while the next one is drawn.

    Attributes:
        armed: Whether the next page that begins is to be disturbed.
        fired: How often it was.
    """

    def __init__(self, page: Page) -> None:
        self.armed = False
        self.fired = 0
        self._timer: bytes | None = None
        self._shown = ""
        self._is_drawing = False
        page.route_web_socket("**/_stcore/stream", self._connect)

    @property
    def has_seen_a_timer(self) -> bool:
        return self._timer is not None

    def _connect(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def fire() -> None:
            assert self._timer is not None
            self.fired += 1
            server.send(self._timer)

        def to_server(message: str | bytes) -> None:
            server.send(message)
            if isinstance(message, bytes):
                asked = BackMsg.FromString(message).rerun_script
                if self.armed and not asked.fragment_id:  # a click that leads to another page
                    fire()
                elif asked.is_auto_rerun and not self.armed:
                    self._timer = message

        def to_browser(message: str | bytes) -> None:
            if isinstance(message, bytes) and self._disturbs(ForwardMsg.FromString(message)):
                fire()
            browser.send(message)

        browser.on_message(to_server)
        server.on_message(to_browser)

    def _disturbs(self, message: ForwardMsg) -> bool:
        """Whether the server is drawing the page after the one that the timer belongs to."""
        begun = message.new_session.page_script_hash
        if begun:
            self._is_drawing = self.armed and begun != self._shown
            self._shown = begun
        elif message.WhichOneof("type") == "script_finished" and self._is_drawing:
            self._is_drawing = self.armed = False
        return self._is_drawing


@pytest.fixture
def busy_dashboard(tmp_path: Path, class_folders: Path) -> Iterator[Dashboard]:
    """A dashboard where a job waits for ever, so that Samples has a part that renews itself."""
    workspace = open_workspace(tmp_path / "workspace")
    store = open_store(workspace)
    dataset = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, dataset)
    jobs.submit_job(store, JobKind.AUDIT, dataset.id)
    with workspace.lock(LOCK_NAME), serve(workspace) as running:  # no scheduler can begin
        yield running


def open_with_a_timer(page: Page, dashboard: Dashboard) -> LateTimer:
    """Open Samples and wait until its part has renewed itself."""
    timer = LateTimer(page)
    page.goto(f"{dashboard.address}/samples")
    expect(page.get_by_text("waiting for a process")).to_be_visible()
    while not timer.has_seen_a_timer:
        page.wait_for_timeout(100)
    timer.armed = True
    return timer


def expect_train_page(page: Page, timer: LateTimer) -> None:
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    page.wait_for_timeout(1500)  # until the late answer would have come
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    assert "/train" in page.url
    assert timer.fired > 0


def test_page_behind_a_link_stays_when_the_page_before_asks_for_a_part(
    page: Page, busy_dashboard: Dashboard
):
    timer = open_with_a_timer(page, busy_dashboard)
    page.get_by_role("link", name="Train", exact=True).first.click()
    expect_train_page(page, timer)


def test_page_behind_a_button_stays_when_the_page_before_asks_for_a_part(
    page: Page, busy_dashboard: Dashboard
):
    timer = open_with_a_timer(page, busy_dashboard)
    page.get_by_role("button", name="Train on these").click()
    expect_train_page(page, timer)
