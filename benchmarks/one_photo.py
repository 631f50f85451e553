"""How long each part of what is said about one photo takes.

    python -m benchmarks.one_photo --workspace W --run RUN --photo FILE

The answer, a small copy for people, the two heat maps, the small changes, the nearest training
pictures and the evidence from validation; in milliseconds, the first time and the median.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnlab.datasets.images import load, look
from cnnlab.datasets.photos import Photo
from cnnlab.evaluation.evidence import evidence
from cnnlab.evaluation.neighbours import nearest
from cnnlab.evaluation.predictions import read_predictions
from cnnlab.inference.classify import classify
from cnnlab.inference.heat_maps import heat_map
from cnnlab.inference.model import load_model
from cnnlab.inference.stability import stability
from cnnlab.inference.training_features import read_training_features
from cnnlab.workspace import RunFiles, open_workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    files = RunFiles(open_workspace(options.workspace).run_folder(options.run))
    parts = prepared_parts(files, options.photo)
    found = {name: measured(part, options.rounds) for name, part in parts.items()}
    print(json.dumps({"run": options.run, "milliseconds": found}, indent=2))


def prepared_parts(files: RunFiles, file: Path) -> dict[str, Callable[[], object]]:
    """Each part, ready to be called again and again."""
    model = load_model(files)
    photo = Photo(name=file.name, source=file)
    answer = next(classify(model, [photo]))
    seen, features = answer.seen, answer.features
    if answer.probabilities is None or seen is None or features is None:
        raise SystemExit(str(answer.error))
    said, sure = int(answer.probabilities.argmax()), float(answer.probabilities.max())
    second = int(np.argsort(-answer.probabilities)[min(1, len(answer.probabilities) - 1)])
    copy = look(file, model.facts.data, thumbnail_px=1_024).thumbnail or b""
    known = read_training_features(files.training_features)
    predictions = read_predictions(files.predictions)
    validation, test = predictions.select("validation"), predictions.select("test")
    return {
        "answer": lambda: next(classify(model, [photo])),
        "small copy": lambda: look(file, model.facts.data, thumbnail_px=1_024),
        "two heat maps": lambda: [heat_map(model, seen, each) for each in (said, second)],
        "small changes": lambda: stability(model, load(copy), said),
        "nearest training pictures": lambda: nearest(known.features, features, 6),
        "evidence": lambda: evidence(validation, test, sure, said),
    }


def measured(part: Callable[[], object], rounds: int) -> dict[str, float]:
    """The first time and the median of some, in milliseconds."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        part()
        found.append(1_000 * (time.perf_counter() - began))
    return {"first": round(found[0], 1), "median": round(statistics.median(found), 1)}


if __name__ == "__main__":
    main()
