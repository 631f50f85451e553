"""How soon a photo is answered on the Classify page, measured from a real browser.

    python -m benchmarks.photo_page --workspace W --run RUN --photo FILE [--repeat 7]

A server is started, and the photo is uploaded again and again. Milliseconds count from the moment
when the upload has arrived to the first message of the server that holds the answer, and to the one
that holds the heat map; the browser's drawing is not part of it, its request for the new page is.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from playwright.sync_api import Page, Request, WebSocket, expect, sync_playwright

from cnnlab.workspace import open_workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.browser.conftest import serve, settled

UPLOAD = "/_stcore/upload_file/"
SIGNS = {"answer": b"What the network saw", "heat map": b"Speaks for"}
UPLOADER = "[class*=st-key-upload-photos-] input[type=file]"


class Watch:
    """Notes when an upload ends and when the first messages with its answer arrive."""

    def __init__(self, page: Page) -> None:
        self.arrived_at = 0.0
        self.seen: dict[str, float] = {}
        page.on("requestfinished", self._finished)
        page.on("websocket", self._listen)

    def begin(self) -> None:
        self.arrived_at = 0.0
        self.seen = {}

    def _finished(self, request: Request) -> None:
        if UPLOAD in request.url and request.method == "PUT":
            self.arrived_at = time.perf_counter()

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._received)

    def _received(self, payload: bytes | str) -> None:
        now = time.perf_counter()
        content = payload.encode() if isinstance(payload, str) else payload
        for name, sign in SIGNS.items():
            if self.arrived_at and name not in self.seen and sign in content:
                self.seen[name] = 1000 * (now - self.arrived_at)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    found = measured(options.workspace, options.run, options.photo, options.repeat)
    print(
        json.dumps(
            {
                "run": options.run,
                "milliseconds": {
                    name: {
                        "median": round(statistics.median(each[name] for each in found), 1),
                        "slowest": round(max(each[name] for each in found), 1),
                    }
                    for name in SIGNS
                },
            },
            indent=2,
        )
    )


def measured(workspace: Path, run_id: str, photo: Path, repeat: int) -> list[dict[str, float]]:
    """Milliseconds of each upload, by what has come; a first one warms up."""
    times = []
    with serve(open_workspace(workspace)) as dashboard, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        for _ in range(repeat + 1):
            page = browser.new_page()
            watch = Watch(page)
            page.goto(f"{dashboard.address}/classify?run={run_id}")
            settled(page)
            watch.begin()
            page.locator(UPLOADER).set_input_files(photo)
            expect(page.get_by_text("Speaks for").first).to_be_visible(timeout=60_000)
            times.append(watch.seen)
            page.close()
        browser.close()
    return times[1:]


if __name__ == "__main__":
    main()
