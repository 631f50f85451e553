"""`quick` against `cifar-blocks` on the same pictures, one after the other, seed by seed.

    python -m benchmarks.quick --data FOLDER --seeds 0 1 2

For each seed both are trained by `python -m cnnlab train` in one workspace (32 px, 20 % for
validation, early stopping off). Printed are the best validation accuracies, when each epoch ended,
how many times sooner quick passes the best accuracy of cifar-blocks than cifar-blocks itself, and
what quick had reached when cifar-blocks had trained its ten epochs. Times are those of the epochs,
validation included; starting and exporting are the same for both and left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from itertools import accumulate
from pathlib import Path
from typing import Any

COMMON = (
    "data.size=32",
    "split.validation=0.2",
    "split.test=0",
    "training.early_stopping=off",
    "training.monitor=validation_accuracy",
)


def cnnlab(workspace: str, *words: str) -> Any:
    command = [sys.executable, "-m", "cnnlab", *words, "--workspace", workspace, "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return json.loads(result.stdout)


def trained(workspace: str, data: Path, recipe: str, seed: int, assignments: list[str]) -> Any:
    settings = [*COMMON, *assignments, f"training.seed={seed}"]
    options = [word for setting in settings for word in ("--set", setting)]
    run = cnnlab(workspace, "train", "--data", str(data), "--recipe", recipe, *options)
    return cnnlab(workspace, "runs", "show", run["run"])["epochs"]


def curve(epochs: Any) -> list[tuple[float, float]]:
    """(seconds since the start, validation accuracy) at the end of each epoch."""
    seconds = accumulate(epoch["seconds"] for epoch in epochs)
    return list(zip(seconds, [epoch["validation_accuracy"] for epoch in epochs], strict=True))


def compare(blocks: list[tuple[float, float]], quick: list[tuple[float, float]]) -> dict[str, Any]:
    best = max(accuracy for _, accuracy in blocks)
    reached = next(seconds for seconds, accuracy in blocks if accuracy == best)
    passed = next((seconds for seconds, accuracy in quick if accuracy >= best), None)
    whole = blocks[-1][0]
    in_time = [accuracy for seconds, accuracy in quick if seconds <= whole]
    return {
        "blocks_best": best,
        "blocks_seconds": round(whole, 1),
        "quick_seconds": round(quick[-1][0], 1),
        "times_sooner": round(reached / passed, 2) if passed else 0.0,
        "quick_best": max(accuracy for _, accuracy in quick),
        "quick_best_in_time_of_blocks": max(in_time, default=0.0),
        "blocks": [[round(seconds, 1), round(accuracy, 4)] for seconds, accuracy in blocks],
        "quick": [[round(seconds, 1), round(accuracy, 4)] for seconds, accuracy in quick],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], dest="assignments", help="for both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cnnlab-quick-") as workspace:
        rows = []
        for seed in options.seeds:
            curves = [
                curve(trained(workspace, options.data, recipe, seed, options.assignments))
                for recipe in ("cifar-blocks", "quick")
            ]
            rows.append(compare(*curves))
            print(json.dumps({"seed": seed, **rows[-1]}), flush=True)
    names = ("blocks_best", "times_sooner", "quick_best", "quick_best_in_time_of_blocks")
    print(json.dumps({name: statistics.median(row[name] for row in rows) for name in names}))


if __name__ == "__main__":
    main()
