"""Study 3's grid of 27 networks: a sweep against a plain Keras loop, and with pruning.

    python -m benchmarks.grid --data FOLDER --out FOLDER [--epochs 10] [--sides keras sweep pruned]

FOLDER holds two classes, of which 2,000 pictures are taken; 30 % of them are for validation. Both
sides begin with the files: the loop opens and shrinks each picture once, then trains the networks
one after the other in one process; the sweep is the command line's, from its start to its end. Each
side's results are kept in --out, so that a side can be measured anew.
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

DENSE, NODES, CONV = (0, 1, 2), (32, 64, 128), (1, 2, 3)
PICTURES_OF_A_CLASS = 1000
SIZE = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--sides", nargs="+", default=["keras", "sweep", "pruned"])
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
    began_at = time.perf_counter()
    if side == "keras":
        words = ["-m", "benchmarks.grid", "--child", "--data", str(data), "--out", str(out)]
        said = run([*words, "--epochs", str(epochs)])
        return {"seconds": time.perf_counter() - began_at, "losses": json.loads(said)}
    workspace = out / f"workspace-{side}"
    shutil.rmtree(workspace, ignore_errors=True)
    words = ["-m", "cnnlab", "sweep", "--json", "--preset", "conv-grid-27", "--data", str(data)]
    words += ["--workspace", str(workspace), "--set", f"data.limit={PICTURES_OF_A_CLASS}"]
    words += ["--set", f"training.epochs={epochs}"]
    if side == "pruned":
        words += ["--pruner", "halving"]
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
        for side in ("keras", "sweep", "pruned")
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
            ratio = measured["seconds"] / sides["keras"]["seconds"]
            found[side]["of_keras"] = round(ratio, 3)
            common = [each for each in losses if each in sides["keras"]["losses"]]
            gaps = [losses[each] - sides["keras"]["losses"][each] for each in common]
            found[side]["median_gap_to_keras"] = round(statistics.median(gaps), 4)
    return found


def keras_loop(data: Path, epochs: int) -> dict[str, float]:
    """The study's loop: each network's lowest validation loss by its name."""
    import keras
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    pixels, labels = [], []
    classes = sorted(folder for folder in data.iterdir() if folder.is_dir())
    for label, folder in enumerate(classes):
        files = sorted(folder.rglob("*.*"))
        for file in files[:PICTURES_OF_A_CLASS]:
            with Image.open(file) as picture:
                grey = picture.convert("L").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
            pixels.append(np.asarray(grey))
            labels.append(label)
    order = rng.permutation(len(pixels))
    x = np.stack(pixels)[order][..., None].astype(np.float32) / 255
    y = np.array(labels)[order]
    held_out = int(0.3 * len(x))
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
