"""Repeats the published studies by the command line and gathers the figures for docs/studies/.

    python -m benchmarks.studies --scenes FOLDER --cats-and-dogs FOLDER --cifar FOLDER --out FOLDER
        [--only 1 2 4 5]

--scenes holds train/ and test/, the other two a folder a class. Each step is kept in --out and not
taken again. Study 3 is `benchmarks.grid`.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.grid import run

SMALL = ["--set", "data.size=100", "--set", "network.width=0.25"]
SEEDS = [0, 1, 2]
CUT = [
    *("--set", "split.validation=0.3333", "--set", "split.test_from_validation=0.2"),
    *("--set", "split.seed=0"),
]
FOLDERS = ["--set", "split.validation=0.15", "--set", "split.test=0.15"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--cats-and-dogs", type=Path, required=True)
    parser.add_argument("--cifar", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, help="instead of each recipe's own")
    parser.add_argument("--only", nargs="+", default=["1", "2", "4", "5"])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    studies = Studies(options.out, options.epochs)
    if "2" in options.only:
        studies.cats_and_dogs(options.cats_and_dogs)
    if "4" in options.only:
        studies.cifar(options.cifar)
    if "1" in options.only:
        studies.scenes(options.scenes)
    if "5" in options.only:
        studies.folders(options.cats_and_dogs)
    print(json.dumps(studies.found, indent=1))


class Studies:
    """Carries out steps, and remembers the figures of each."""

    def __init__(self, out: Path, epochs: int | None) -> None:
        self._out = out
        self._epochs = [] if epochs is None else ["--set", f"training.epochs={epochs}"]
        self.found: dict[str, Any] = {}

    def scenes(self, folder: Path) -> None:
        """Strides or pooling with three seeds; a search; its best with three seeds."""
        data = ["--data", str(folder), *SMALL]
        pair = self._step("1-pair", ["sweep", "--preset", "strides-or-pooling", *data])
        for trial in pair["trials"]:
            self._note(f"1 {trial['parameters']['recipe']}", trial["run"])
        search = self._step("1-search", ["sweep", "--preset", "tune-scenes-pooling", *data])
        best = search["best"]["parameters"]
        space = self._out / "seeds.json"
        space.write_text(json.dumps({"training.seed": SEEDS}))
        words = ["sweep", "--recipe", "scenes-pooling", "--space", str(space), *data]
        for name, value in best.items():
            words += ["--set", f"{name}={json.dumps(value)}"]
        words += ["--sampler", "grid", "--objective", "validation_accuracy", "--name", "tuned"]
        tuned = self._step("1-tuned", words)
        for trial in tuned["trials"]:
            self._note("1 tuned", trial["run"])

    def cats_and_dogs(self, folder: Path) -> None:
        """The four steps."""
        for step in ("basic", "augmented", "preprocessed", "transfer"):
            self._train(f"2-{step}", f"catsdogs-{step}", folder, CUT)

    def cifar(self, folder: Path) -> None:
        """Three blocks with three seeds; no pictures are held back for a test."""
        for seed in SEEDS:
            changes = ["--set", f"training.seed={seed}"]
            self._train(f"4-blocks-{seed}", "cifar-blocks", folder, changes)

    def folders(self, folder: Path) -> None:
        """Four networks on large pictures."""
        for name in ("conv-16", "conv-32", "conv-32-32", "dense-only"):
            self._train(f"5-{name}", name, folder, FOLDERS)

    def _train(self, step: str, recipe: str, folder: Path, changes: list[str]) -> None:
        words = ["train", "--data", str(folder), "--recipe", recipe, *changes]
        self._note(step, self._step(step, words)["run"])

    def _note(self, name: str, run_id: str) -> None:
        document = self._command(["runs", "show", run_id])
        figures = {
            key: document.get(key) for key in ("run", "metrics", "best_epoch", "epochs", "seconds")
        }
        self.found.setdefault(name, []).append(figures)

    def _step(self, name: str, words: list[str]) -> dict[str, Any]:
        """Carry out a command once."""
        kept = self._out / f"{name}.json"
        if not kept.exists():
            began_at = time.perf_counter()
            document = self._command([*words, *self._epochs])
            document["wall_seconds"] = round(time.perf_counter() - began_at, 1)
            kept.write_text(json.dumps(document))
        found: dict[str, Any] = json.loads(kept.read_text())
        return found

    def _command(self, words: list[str]) -> dict[str, Any]:
        place = ["--workspace", str(self._out / "workspace"), "--json"]
        found: dict[str, Any] = json.loads(run(["-m", "cnnlab", *words, *place]))
        return found


if __name__ == "__main__":
    main()
