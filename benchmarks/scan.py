"""How fast a data set is looked at, against Pillow alone, for the first time and again.

    python -m benchmarks.scan [--pictures 24000] [--side 150] [--repeat 3] [--folder FOLDER]

Decodes every picture with Pillow in two threads, then scans the same files for the first time
(every file hashed, decoded and verified, the index written) and once more, in turn; prints medians
of pictures a second and the two ratios. Without --folder it makes its pictures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from benchmarks.pictures import write_photos
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import open_workspace

THREADS = 2


def decode(file: Path) -> None:
    with Image.open(file) as image:
        image.load()


def pillow_seconds(files: list[Path]) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(decode, files, chunksize=64))
    return time.perf_counter() - began


def scan_seconds(root: Path) -> tuple[float, float]:
    """Seconds of a first scan in a new workspace, and of a second one."""
    with tempfile.TemporaryDirectory() as folder:
        place = open_workspace(Path(folder) / "workspace")
        store = open_store(place)
        dataset = add_dataset(store, place, root)
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            scan_dataset(store, place, dataset)
            seconds.append(time.perf_counter() - began)
        store.close()
    return seconds[0], seconds[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=24_000)
    parser.add_argument("--side", type=int, default=150)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        root = arguments.folder or write_photos(Path(made), arguments.pictures, arguments.side)
        files = sorted(root.rglob("*.jpg"))
        pillow_seconds(files)  # so that every file is in the system's memory for all
        rates: dict[str, list[float]] = {"pillow": [], "first_scan": [], "second_scan": []}
        for _ in range(arguments.repeat):
            rates["pillow"].append(len(files) / pillow_seconds(files))
            first, second = scan_seconds(root)
            rates["first_scan"].append(len(files) / first)
            rates["second_scan"].append(len(files) / second)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    print(
        json.dumps(
            {
                "pictures": len(files),
                **{f"{name}_pictures_per_second": round(rate) for name, rate in medians.items()},
                "first_scan_by_pillow": round(medians["first_scan"] / medians["pillow"], 3),
                "second_scan_by_first": round(medians["second_scan"] / medians["first_scan"], 1),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
