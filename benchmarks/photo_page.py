"""How soon a photo is answered on the Classify page.

    python -m benchmarks.photo_page --workspace W --run RUN --photo FILE [--repeat 7]

A server is started, and a real browser uploads the photo again and again. Milliseconds count inside
the server, from the moment when the upload has arrived to the message with the answer, and to the
first one with a heat map. The way to the browser and back, in which it asks for the new page, is
part of it and is also given by itself; the browser works on the same processors meanwhile.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from cnnlab.ui.server import serve_dashboard
from cnnlab.workspace import open_workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.browser.conftest import free_port, settled, wait_for_port

ARRIVED, ASKED = "arrived", "asked for the page"
SIGNS = {"answer": b"#### ", "heat map": b"Speaks for"}
UPLOADER = "[class*=st-key-upload-photos-] input[type=file]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run")
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_noting(options.workspace, options.serve)
        return
    found = measured(options.workspace, options.run, options.photo, options.repeat)
    milliseconds = {
        name: {
            "median": round(statistics.median(each[name] for each in found), 1),
            "slowest": round(max(each[name] for each in found), 1),
        }
        for name in (ASKED, *SIGNS)
    }
    print(json.dumps({"run": options.run, "milliseconds": milliseconds}, indent=2))


def serve_noting(workspace: Path, port: int) -> None:
    """The dashboard, which prints when what happens."""
    add_file, handle = MemoryUploadedFileManager.add_file, AppSession.handle_backmsg
    enqueue = AppSession._enqueue_forward_msg

    def add(manager: MemoryUploadedFileManager, *words: Any, **named: Any) -> None:
        add_file(manager, *words, **named)
        note(ARRIVED)

    def asked(session: AppSession, message: Any) -> None:
        note(ASKED)
        handle(session, message)

    def send(session: AppSession, message: Any) -> None:
        content = message.SerializeToString()
        for name, sign in SIGNS.items():
            if sign in content:
                note(name)
        enqueue(session, message)

    MemoryUploadedFileManager.add_file = add
    AppSession.handle_backmsg = asked
    AppSession._enqueue_forward_msg = send
    serve_dashboard(open_workspace(workspace), port)


def note(what: str) -> None:
    print(f"{time.perf_counter():.6f} {what}", file=sys.stderr, flush=True)


def measured(workspace: Path, run_id: str, photo: Path, repeat: int) -> list[dict[str, float]]:
    """Milliseconds of each upload, by what has happened; a first one warms up."""
    port, log = free_port(), workspace / "photo-page.log"
    words = [sys.executable, "-m", "benchmarks.photo_page", "--workspace", str(workspace)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*words, "--serve", str(port)], stdout=subprocess.DEVNULL, stderr=output
        )
    try:
        wait_for_port(port, server)
        for _ in range(repeat + 1):
            upload(f"http://127.0.0.1:{port}/classify?run={run_id}", photo)
    finally:
        server.terminate()
        server.wait()
    return read_times(log)[1:]


def upload(address: str, photo: Path) -> None:
    """Hand the photo over in a new browser, and wait for its heat map."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.goto(address)
        settled(page)
        page.wait_for_timeout(1_000)
        page.locator(UPLOADER).set_input_files(photo)
        expect(page.get_by_text("Speaks for").first).to_be_visible(timeout=60_000)
        settled(page)
        browser.close()


def read_times(log: Path) -> list[dict[str, float]]:
    """Of each upload, when each thing happened first after it had arrived."""
    found: list[dict[str, float]] = []
    arrived_at = 0.0
    for line in log.read_text().splitlines():
        at, _, what = line.partition(" ")
        if what == ARRIVED:
            arrived_at = float(at)
            found.append({})
        elif found and what in (ASKED, *SIGNS) and what not in found[-1]:
            found[-1][what] = 1000 * (float(at) - arrived_at)
    return found


if __name__ == "__main__":
    main()
