"""catsdogs-transfer with cached features against the study's own way, in one workspace.

    python -m benchmarks.transfer --data FOLDER --seeds 0 1 2

The study sends every picture through the frozen network in each of 20 epochs, behind its
augmentation: two epochs of that are trained and the second is taken twenty times. cnnlab's own way
is trained twice in the same workspace, first with no features in the cache, then with them.
Trainings are compared from prepared pictures to a trained network:

    ratio        the study against a training that finds its features in the cache
    first_ratio  the study against one that exports the backbone and computes the features first
    whole_ratio  the same with what that first run spends beside its training, the export, the
                 final figures and the baselines, added to both sides
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

EPOCHS = 20


def cnnlab(workspace: str, *words: str) -> Any:
    command = [sys.executable, "-m", "cnnlab", *words, "--workspace", workspace, "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def trained(workspace: str, data: Path, *settings: str) -> Any:
    options = [word for setting in settings for word in ("--set", setting)]
    words = ["train", "--data", str(data), "--recipe", "catsdogs-transfer", *options]
    run = cnnlab(workspace, *words)
    return cnnlab(workspace, "runs", "show", run["run"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--study-epochs", type=int, default=2, help="20 trains the study's way to its end"
    )
    options = parser.parse_args()
    rows = []
    for seed in options.seeds:
        with tempfile.TemporaryDirectory(prefix="cnnlab-transfer-") as workspace:
            live = trained(
                workspace,
                options.data,
                f"training.seed={seed}",
                "network.backbone.features=live",
                "training.precision=float32",
                f"training.epochs={options.study_epochs}",
            )
            first, cached = (
                trained(workspace, options.data, f"training.seed={seed}") for _ in range(2)
            )
        seconds = [row["seconds"] for row in live["epochs"]]
        rest = EPOCHS * statistics.median(seconds[1:]) - sum(seconds)
        study = live["training_seconds"] + rest
        beside = first["seconds"] - first["training_seconds"]
        rows.append(
            {
                "seed": seed,
                "study_seconds": round(study, 1),
                "study_accuracy": live["metrics"]["validation_accuracy"],
                "first_seconds": round(first["training_seconds"], 1),
                "cached_seconds": round(cached["training_seconds"], 1),
                "cached_accuracy": cached["metrics"]["validation_accuracy"],
                "ratio": round(study / cached["training_seconds"], 2),
                "first_ratio": round(study / first["training_seconds"], 2),
                "whole_ratio": round((study + beside) / first["seconds"], 2),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    names = ("ratio", "first_ratio", "whole_ratio", "cached_accuracy", "study_accuracy")
    print(json.dumps({name: statistics.median(row[name] for row in rows) for name in names}))


if __name__ == "__main__":
    main()
