"""A tuner against chance: TPE over the recorded results of study 3's grid, and a real search.

    python -m benchmarks.tuner --recorded GRID.json
    python -m benchmarks.tuner --data FOLDER --out FOLDER

GRID.json is a side of `benchmarks.grid`. Each seed searches the 27 networks with 12 trials, which
"train" by looking their result up; it has found one if a trial is among the three best. With
--data, 15 trials of a real search over filters, dropout and learning rate, on 2,000 pictures.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.grid import CONV, DENSE, NODES, PICTURES_OF_A_CLASS, name, run
from cnnlab.networks.recipes import recipe
from cnnlab.tuning.plan import parse_plan
from cnnlab.tuning.study import SweepStudy

SEEDS, TRIALS, BEST = 10, 12, 3
SEARCHED = 15
SPACE = {
    "network.layers.1.filters": {"low": 8, "high": 96, "log": True},
    "network.layers.4.filters": {"low": 8, "high": 96, "log": True},
    "network.layers.3.rate": {"low": 0.0, "high": 0.6},
    "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
}
EPOCHS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recorded", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.recorded is not None:
        losses = json.loads(options.recorded.read_text())["losses"]
        found |= {sampler: over_recorded(losses, sampler) for sampler in ("tpe", "random")}
    if options.data is not None:
        found["search"] = search(options.data, options.out)
    print(json.dumps(found, indent=2))


def over_recorded(losses: dict[str, float], sampler: str) -> dict[str, Any]:
    """How many seeds reach one of the best, and at which trial each of them did."""
    best = sorted(losses, key=lambda each: losses[each])[:BEST]
    reached = [_first_hit(losses, best, sampler, seed) for seed in range(SEEDS)]
    return {
        "best": best,
        "reached": sum(trial is not None for trial in reached),
        "of": SEEDS,
        "at_trial": reached,
    }


def _first_hit(losses: dict[str, float], best: list[str], sampler: str, seed: int) -> int | None:
    plan = parse_plan(
        {
            "base": recipe("conv-grid").config.model_dump(mode="json"),
            "space": {
                "network.dense_layers": list(DENSE),
                "network.layer_size": list(NODES),
                "network.conv_layers": list(CONV),
            },
            "sampler": sampler,
            "trials": TRIALS,
            "seed": seed,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        study = SweepStudy(plan, Path(folder) / "journal")
        for trial in range(1, TRIALS + 1):
            number, fields = study.ask()
            network = name(fields)
            if network in best:
                return trial
            study.tell(number, [losses[network]])
    return None


def search(data: Path, out: Path) -> dict[str, Any]:
    """The real search by the command line: its best trial, the first one, and its time."""
    out.mkdir(parents=True, exist_ok=True)
    workspace = out / "workspace-search"
    shutil.rmtree(workspace, ignore_errors=True)
    space = out / "space.json"
    space.write_text(json.dumps(SPACE))
    words = ["-m", "cnnlab", "sweep", "--json", "--recipe", "catsdogs-basic"]
    words += ["--data", str(data), "--workspace", str(workspace), "--space", str(space)]
    words += ["--set", f"data.limit={PICTURES_OF_A_CLASS}", "--set", "data.size=64"]
    words += ["--set", "network.scaling=unit", "--set", f"training.epochs={EPOCHS}"]
    words += ["--set", "split.validation=0.2", "--set", "split.test_from_validation=0"]
    began_at = time.perf_counter()
    document = json.loads(run([*words, "--trials", str(SEARCHED)]).splitlines()[-1])
    trials = document["trials"]
    return {
        "seconds": round(time.perf_counter() - began_at, 1),
        "first": trials[0],
        "best": document["best"],
        "values": [trial["value"] for trial in trials],
    }


if __name__ == "__main__":
    main()
