"""How fast the pages of results answer with many predictions and many runs.

    python -m benchmarks.results [--predictions 25000] [--runs 200] [--classes 10] [--repeat 15]

Writes a workspace with so many runs on one data set, of which one has so many test pictures with
predictions, opens the pages in Chromium, and prints the median seconds that the server needs for a
rerun of each view of the Run page and of the Leaderboard, and from the click on a cell of the
confusion matrix to its pictures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, expect

from benchmarks.timed_pages import TimedPages, timed_pages
from cnnlab.config import change_config
from cnnlab.evaluation.final import final_metrics
from cnnlab.evaluation.predictions import Predictions, write_predictions
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import RunFiles, Workspace, open_workspace

EPOCHS = 20
SIDE_PX = 32
VIEWS = ("Overview", "Mistakes", "Pictures", "Confidence")


def write_pictures(root: Path, classes: int, count: int) -> Path:
    """Class folders with so many small pictures in all, each different."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for number in range(count):
        folder = root / f"class-{number % classes:03}"
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:06}.png", compress_level=1)
    return root


def answers(paths: list[str], names: tuple[str, ...], accuracy: float) -> Predictions:
    """Made-up predictions of which so many are right."""
    rng = np.random.default_rng(1)
    true = np.array([names.index(path.split("/")[0]) for path in paths])
    scores = rng.normal(0, 1, (len(paths), len(names)))
    wrong = rng.random(len(paths)) >= accuracy
    favoured = np.where(wrong, (true + rng.integers(1, 4, len(paths))) % len(names), true)
    scores[np.arange(len(paths)), favoured] += rng.uniform(3, 9, len(paths))
    shares = np.exp(scores)
    return Predictions(
        class_names=names,
        paths=tuple(paths),
        splits=np.where(np.arange(len(paths)) % 10 == 0, "validation", "test"),
        true=true,
        probabilities=(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32),
    )


def fill(place: Workspace, store: Store, root: Path, run_count: int) -> str:
    """A data set with runs, the last of which has predictions for all pictures; returns its id."""
    dataset = add_dataset(store, place, root)
    index, _ = scan_dataset(store, place, dataset)
    paths, names = index.usable["path"].tolist(), tuple(index.class_names)
    predictions = answers(paths, names, 0.9)
    results = {
        "metrics": final_metrics(predictions),
        "epochs": EPOCHS,
        "best_epoch": EPOCHS - 2,
        "stop_reason": None,
        "class_names": list(names),
        "parameters": {"total": 242_662, "trainable": 242_662},
        "seconds": 100.0,
        "training_seconds": 90.0,
        "seconds_per_epoch": 4.5,
        "data": {"fingerprint": index.fingerprint, "usable": len(paths)},
    }
    rng = np.random.default_rng(2)
    run_id = ""
    for number in range(run_count):
        changes = {"training.seed": number % 5, "training.epochs": EPOCHS}
        changes["training.learning_rate"] = 1e-3 * (1 + number // 5)
        run_id = runs.submit_run(store, dataset.id, change_config(recipe("quick").config, changes))
        job_id = runs.get_run(store, run_id).job.id
        jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
        for epoch in range(1, EPOCHS + 1):
            value = 0.9 - 0.5 * 0.8**epoch + rng.normal(0, 0.01)
            figures = {"accuracy": value + 0.02, "validation_accuracy": value}
            figures |= {"loss": 1 - value, "validation_loss": 1.1 - value}
            figures |= {"learning_rate": 1e-3, "seconds": 4.5}
            runs.record_epoch(store, run_id, epoch, figures)
        jittered = {name: value - number / 1e4 for name, value in results["metrics"].items()}
        runs.save_results(store, run_id, {**results, "metrics": jittered})
        jobs.finish(store, job_id, RunState.COMPLETED)
    files = RunFiles(place.run_folder(run_id))
    files.folder.mkdir(parents=True, exist_ok=True)
    write_predictions(predictions, files.predictions)
    pd.DataFrame(
        {
            "path": paths,
            "class": [names[label] for label in predictions.true],
            "label": predictions.true,
            "split": predictions.splits,
        }
    ).to_parquet(files.split, index=False)
    return run_id


def rerun_seconds(timed: TimedPages, act: Callable[[int], object], repeat: int) -> float:
    """Median of what the server needs for an action; the first one warms its caches up."""
    found = []
    for number in range(repeat + 1):
        found.append(timed.seconds_of(lambda number=number: act(number)))
        timed.page.wait_for_timeout(300)
    return round(statistics.median(found[1:]), 4)


def click_cell(page: Page, true: str, predicted: str) -> None:
    """Click the middle of a cell of the confusion matrix."""
    chart = page.locator(".js-plotly-plot").first
    chart.scroll_into_view_if_needed()
    place = chart.evaluate(
        """(chart, [row, column]) => {
            const {xaxis, yaxis} = chart._fullLayout;
            return {x: xaxis.d2p(column) + xaxis._offset, y: yaxis.d2p(row) + yaxis._offset};
        }""",
        [true, predicted],
    )
    box = chart.bounding_box()
    if box is None:
        raise SystemExit("the confusion matrix is not on the page")
    x, y = box["x"] + place["x"], box["y"] + place["y"]
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y, steps=4)
    page.wait_for_timeout(200)
    page.mouse.click(x, y)


def measure(timed: TimedPages, run_id: str, repeat: int) -> dict[str, float]:
    page, address = timed.page, timed.address
    figures = {}
    for view in VIEWS:
        name = view.lower()
        page.goto(f"{address}/run?run={run_id}&view={name}")
        expect(page.get_by_role("heading", name="Run", exact=True)).to_be_visible(timeout=60_000)
        page.wait_for_timeout(4000)
        figures[f"run_{name}_rerun_seconds"] = rerun_seconds(
            timed, lambda _: page.keyboard.press("r"), repeat
        )
    page.goto(f"{address}/run?run={run_id}&view=mistakes")
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(4000)
    cells = [("class-000", "class-001"), ("class-002", "class-003")]
    figures["cell_to_gallery_seconds"] = rerun_seconds(
        timed, lambda number: click_cell(page, *cells[number % 2]), repeat
    )
    page.goto(f"{address}/leaderboard")
    expect(page.get_by_role("heading", name="Leaderboard", exact=True)).to_be_visible()
    page.wait_for_timeout(4000)
    figures["leaderboard_rerun_seconds"] = rerun_seconds(
        timed, lambda _: page.keyboard.press("r"), repeat
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--predictions", type=int, default=25_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        place = open_workspace(made / "workspace")
        store = open_store(place)
        root = write_pictures(made / "pictures", arguments.classes, arguments.predictions)
        run_id = fill(place, store, root, arguments.runs)
        store.close()
        with timed_pages(place, made / "seconds.log") as timed:
            figures = measure(timed, run_id, arguments.repeat)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
