"""A browser before a server that notes how long each run of a page takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from cnnlab.workspace import Workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.browser.conftest import free_port, wait_for_port
from tests.conftest import end_processes_of


@dataclass(frozen=True)
class TimedPages:
    """A page of a browser, the server's address and process, and the file of its seconds."""

    page: Page
    address: str
    server: int
    log: Path

    def seconds_of(self, act: Callable[[], object]) -> float:
        """What the server took for what an action asks of it."""
        before = len(self.log.read_text().splitlines())
        act()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if len(self.log.read_text().splitlines()) > before:
                time.sleep(0.3)  # anything that follows belongs to it
                return sum(float(line) for line in self.log.read_text().splitlines()[before:])
            time.sleep(0.01)
        raise SystemExit("the server did not answer within 30 s")


@contextmanager
def timed_pages(place: Workspace, log: Path) -> Iterator[TimedPages]:
    """Serve a workspace and open a browser; both end with the block."""
    port = free_port()
    log.touch()
    words = ("-m", "benchmarks.timed_server", str(place.root), str(port), str(log))
    server = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, server)
        path = find_chromium()
        if path is None:
            raise SystemExit("this needs a Chromium: make browser")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(path), args=CHROMIUM_FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            yield TimedPages(page, f"http://127.0.0.1:{port}", server.pid, log)
            browser.close()
    finally:
        server.kill()
        server.wait()
        end_processes_of(place)
