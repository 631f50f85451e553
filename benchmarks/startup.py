"""How long the first page, and the first batch, take.

    python -m benchmarks.startup [--repeat 3]

Prints medians: seconds from the start of the server's process to the first page in a browser, the
server's memory after every page was opened and a photo classified, and seconds from Start to the
first finished batch with the warm worker and without.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright

from cnnlab.config import change_config
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.scheduler import SPARE_VARIABLE, ensure_scheduler
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import Workspace, open_workspace
from tests.browser.chromium import CHROMIUM_FLAGS, find_chromium
from tests.browser.conftest import serve
from tests.conftest import end_processes_of

LIMIT_SECONDS = 180.0
WARM_CPU_SECONDS = 0.05  # a worker that used less in a second has finished its imports
PAGES = ("/samples", "/train", "/run", "/classify")


def first_page_seconds(browser: Browser, place: Workspace) -> float:
    began = time.perf_counter()
    with serve(place) as dashboard:
        page = browser.new_page()
        page.goto(dashboard.address)
        page.get_by_role("heading", name="cnnlab").wait_for()
        seconds = time.perf_counter() - began
        page.close()
    return seconds


def server_megabytes(browser: Browser, place: Workspace) -> float:
    with serve(place) as dashboard:
        page = browser.new_page()
        for path in ("/", *PAGES):
            page.goto(dashboard.address + path)
            page.locator("h1").first.wait_for()
            page.wait_for_timeout(1500)
        page.locator("h4").first.wait_for()
        memory = psutil.Process(dashboard.process.pid).memory_info().rss
        page.close()
    return memory / 2**20


def first_batch_seconds(place: Workspace, store: Store, dataset_id: str, *, warm: bool) -> float:
    """Seconds from the request to the first report of a finished batch."""
    os.environ[SPARE_VARIABLE] = "on" if warm else "off"
    ensure_scheduler(place)
    if warm:
        wait_for_warm_worker(place)
    config = change_config(recipe("quick").config, {"training.epochs": 1})
    began = time.time()
    run_id = runs.submit_run(store, dataset_id, config)
    deadline = began + LIMIT_SECONDS
    while time.time() < deadline:
        job = runs.get_run(store, run_id).job
        if job.progress.get("phase") == "training":
            seconds = job.progress["at"] - began
            jobs.request_stop(store, job.id)
            while not runs.get_run(store, run_id).state.final:
                time.sleep(0.1)
            end_processes_of(place)
            return float(seconds)
        time.sleep(0.02)
    raise SystemExit("no batch was finished in time")


def wait_for_warm_worker(place: Workspace) -> None:
    deadline = time.time() + LIMIT_SECONDS
    while time.time() < deadline:
        for process in psutil.process_iter():
            try:
                command = process.cmdline()
                if "worker" in command and str(place.root) in command:
                    before = sum(process.cpu_times()[:2])
                    time.sleep(1.0)
                    used = sum(process.cpu_times()[:2]) - before
                    if before > 1.0 and used < WARM_CPU_SECONDS:
                        return
            except psutil.Error:
                continue
        time.sleep(0.2)
    raise SystemExit("no warm worker appeared")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = open_workspace(Path(folder) / "workspace")
        store = open_store(place)
        dataset = add_dataset(store, place, "builtin:scenes")
        scan_dataset(store, place, dataset)
        for warm in (True, False):
            times = [
                first_batch_seconds(place, store, dataset.id, warm=warm) for _ in range(repeat)
            ]
            name = "with" if warm else "without"
            figures[f"first_batch_seconds_{name}_warm_worker"] = statistics.median(times)
        os.environ[SPARE_VARIABLE] = "on"
        with sync_playwright() as playwright:
            path = find_chromium()
            if path is None:
                raise SystemExit("this needs a Chromium: make browser")
            browser = playwright.chromium.launch(executable_path=str(path), args=CHROMIUM_FLAGS)
            pages = [first_page_seconds(browser, place) for _ in range(repeat)]
            figures["first_page_seconds"] = statistics.median(pages)
            figures["server_megabytes"] = server_megabytes(browser, place)
            browser.close()
        end_processes_of(place)
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
