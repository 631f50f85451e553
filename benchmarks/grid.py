"""Study 3's grid of 27 networks: a sweep against a plain Keras loop, and with pruning.

    python -m benchmarks.grid --data FOLDER --out FOLDER [--epochs 10]
        [--sides keras sweep again pruned]

FOLDER holds two classes, of which 2,000 pictures are taken; 30 % of them are for validation, the
same for all sides. All begin with the files: the loop opens and shrinks each picture once, then
trains the networks one after the other in one process; the sweep is the command line's, from its
start to its end. A side's results are kept in --out, so that it can be measured anew; "again"
trains twelve of the networks with another seed, which tells how far two trainings of one network
lie apart.
"""

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

DENSE, NODES, CONV = (0, 1, 2), (32, 64, 128), (1, 2, 3)
PICTURES_OF_A_CLASS = 1000
SIZE, VALIDATION = 50, 0.3
AGAIN = {
    "network.dense_layers": DENSE,
    "network.layer_size": (32, 64),
    "network.conv_layers": (2, 3),
}
SIDES = ("keras", "sweep", "again", "pruned")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--sides", nargs="+", default=list(SIDES))
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(keras_loop(options.data, options.epochs)))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    for side in options.sides:
        found = measure(side, options.data, options.out, options.epochs)
        (options.out / f"{side}.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(summary(options.out), indent=2))


def measure(side: str, data: Path, out: Path, epochs: int) -> dict[str, Any]:
    """Seconds of one side, and each network's lowest validation loss by its name."""
    split_folder(data, out)
    began_at = time.perf_counter()
    if side == "keras":
        words = ["-m", "benchmarks.grid", "--child", "--data", str(data), "--out", str(out)]
        said = run([*words, "--epochs", str(epochs)])
        return {"seconds": time.perf_counter() - began_at, "losses": json.loads(said)}
    workspace = out / f"workspace-{side}"
    shutil.rmtree(workspace, ignore_errors=True)
    words = ["-m", "cnnlab", "sweep", "--json", "--preset", "conv-grid-27"]
    words += ["--data", str(split_folder(data, out)), "--workspace", str(workspace)]
    words += ["--set", f"training.epochs={epochs}"]
    if side == "again":
        space = out / "again-space.json"
        space.write_text(json.dumps(AGAIN))
        words += ["--set", "training.seed=1", "--space", str(space)]
    if side == "pruned":
        words += ["--prune"]
    document = json.loads(run(words).splitlines()[-1])
    seconds = time.perf_counter() - began_at
    losses = {
        name(trial["parameters"]): trial["value"]
        for trial in document["trials"]
        if trial["value"] is not None
    }
    states = [trial["state"] for trial in document["trials"]]
    return {"seconds": seconds, "losses": losses, "states": states, "trials": document["trials"]}


def run(words: list[str]) -> str:
    done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def name(fields: dict[str, int]) -> str:
    """A network as the study names it: convolutions, nodes, dense layers."""
    return "-".join(
        str(fields[f"network.{field}"]) for field in ("conv_layers", "layer_size", "dense_layers")
    )


def summary(out: Path) -> dict[str, Any]:
    """Ratios, and the best five of each side that was measured."""
    sides = {
        side: json.loads((out / f"{side}.json").read_text())
        for side in SIDES
        if (out / f"{side}.json").exists()
    }
    found: dict[str, Any] = {}
    for side, measured in sides.items():
        losses = measured["losses"]
        best = sorted(losses, key=lambda each: losses[each])[:5]
        found[side] = {
            "seconds": round(measured["seconds"], 1),
            "networks": len(losses),
            "best_five": {each: round(losses[each], 4) for each in best},
        }
        if side != "keras" and "keras" in sides:
            found[side]["of_keras"] = round(measured["seconds"] / sides["keras"]["seconds"], 3)
    for first, second in itertools.combinations(sides, 2):
        found[f"{first} and {second}"] = agreement(sides[first]["losses"], sides[second]["losses"])
    return found


def agreement(first: dict[str, float], second: dict[str, float]) -> dict[str, Any]:
    """How two sides rank the networks that both have finished.

    The gaps' spread is the noise: between "sweep" and "again" it is that of the seed alone. A best
    network of one side is within noise of the other's best five if it lies no more than two such
    spreads behind the fifth.
    """
    common = [each for each in first if each in second]
    gaps = [first[each] - second[each] for each in common]
    spread = statistics.stdev(gaps) if len(gaps) > 1 else 0.0
    found: dict[str, Any] = {
        "networks": len(common),
        "mean_gap": round(statistics.fmean(gaps), 4) if gaps else None,
        "spread_of_gaps": round(spread, 4),
    }
    if len(common) < len(DENSE) * len(NODES) * len(CONV):
        return found
    order = [sorted(side, key=lambda each: side[each]) for side in (first, second)]
    places = [{each: place for place, each in enumerate(side)} for side in order]
    found["rank_correlation"] = round(
        statistics.correlation(*([place[each] for each in common] for place in places)), 3
    )
    fifth = second[order[1][4]]
    found["best_five_behind_the_others_fifth"] = {
        each: round(max(0.0, second[each] - fifth), 4) for each in order[0][:5]
    }
    return found


def shuffled_pictures(data: Path) -> list[Path]:
    """The pictures in the order of the study's loop; the first 30 % are for validation."""
    files = [
        file
        for folder in sorted(data.iterdir())
        if folder.is_dir()
        for file in sorted(folder.rglob("*.*"))[:PICTURES_OF_A_CLASS]
    ]
    return [files[place] for place in np.random.default_rng(0).permutation(len(files))]


def split_folder(data: Path, out: Path) -> Path:
    """The same pictures as a train/validation tree."""
    tree = out / "pictures"
    if not tree.exists():
        files = shuffled_pictures(data)
        held_out = int(VALIDATION * len(files))
        for place, file in enumerate(files):
            split = "validation" if place < held_out else "train"
            link = tree / split / file.parent.name / f"{place}{file.suffix}"
            link.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, link)
    return tree


def keras_loop(data: Path, epochs: int) -> dict[str, float]:
    """The study's loop: each network's lowest validation loss by its name."""
    import keras
    from PIL import Image

    pixels, labels = [], []
    pictures = shuffled_pictures(data)
    classes = sorted({file.parent.name for file in pictures})
    for file in pictures:
        with Image.open(file) as picture:
            grey = picture.convert("L").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        pixels.append(np.asarray(grey))
        labels.append(classes.index(file.parent.name))
    x = np.stack(pixels)[..., None].astype(np.float32) / 255
    y = np.array(labels)
    held_out = int(VALIDATION * len(x))
    losses = {}
    for dense, nodes, conv in itertools.product(DENSE, NODES, CONV):
        layers: list[Any] = [keras.layers.Input((SIZE, SIZE, 1))]
        for _ in range(conv):
            layers += [keras.layers.Conv2D(nodes, 3, activation="relu")]
            layers += [keras.layers.MaxPooling2D()]
        layers.append(keras.layers.Flatten())
        layers += [keras.layers.Dense(nodes, activation="relu") for _ in range(dense)]
        layers.append(keras.layers.Dense(len(classes), activation="softmax"))
        model = keras.Sequential(layers)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x[held_out:],
            y[held_out:],
            batch_size=32,
            epochs=epochs,
            validation_data=(x[:held_out], y[:held_out]),
            verbose=0,
        )
        losses[f"{conv}-{nodes}-{dense}"] = float(min(history.history["val_loss"]))
    return losses


if __name__ == "__main__":
    main()
