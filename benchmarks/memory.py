"""Private memory of a worker that trains on few and on many pictures of 150x150.

    python -m benchmarks.memory --pictures 2400 24000

Pictures are made once below --folder. For each count a training of one epoch runs through
`python -m cnnlab train`; its worker's private memory (without the pages of mapped files, which the
system shares and can drop) is read twice a second from outside, to its end.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.pictures import write_photos
from cnnlab.training.memory import private_bytes

SIDE_PX = 150


def workers(workspace: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "worker" in words and "train" in words and workspace in words:
            found.append(process)
    return found


def peak_bytes(folder: Path, recipe: str, assignments: list[str]) -> tuple[int, dict[str, object]]:
    with tempfile.TemporaryDirectory(prefix="cnnlab-memory-") as workspace:
        settings = [f"data.size={SIDE_PX}", "training.epochs=1", *assignments]
        options = [word for setting in settings for word in ("--set", setting)]
        words = ["train", "--data", str(folder), "--recipe", recipe, *options]
        command = [sys.executable, "-m", "cnnlab", *words, "--workspace", workspace, "--json"]
        training = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        peak = 0
        while training.poll() is None:
            for process in workers(workspace):
                try:
                    peak = max(peak, private_bytes(process))
                except psutil.Error:
                    continue
            time.sleep(0.5)
        output = training.stdout.read() if training.stdout else ""
        return peak, json.loads(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, nargs="+", default=[2400, 24000])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "photos")
    parser.add_argument("--recipe", default="catsdogs-preprocessed")
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    options = parser.parse_args()
    for count in options.pictures:
        folder = write_photos(options.folder / str(count), count, SIDE_PX)
        peak, run = peak_bytes(folder, options.recipe, options.assignments)
        row = {"pictures": count, "private_gb": round(peak / 1e9, 3), "state": run["state"]}
        print(json.dumps(row | {"seconds": run["seconds"]}), flush=True)


if __name__ == "__main__":
    main()
