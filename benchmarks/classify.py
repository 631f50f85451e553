"""A folder of photos through cnnlab and through Keras, in turn, in one process.

    python -m benchmarks.classify --workspace W --run RUN --photos FOLDER

Three ways to the same answers: cnnlab's `classify`; `model.predict` on Keras'
`image_dataset_from_directory` (batches of 32, the network's own picture size); and the loop that
opens one picture after the other, resizes it and calls `model.predict` with it. The folder holds a
folder per class, as Keras needs it. Each way runs once to warm up, then in turn; medians and
ratios. The loop, which is slow, takes every tenth picture.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from PIL import Image

from cnnlab.datasets.photos import photos_at
from cnnlab.inference.classify import classify
from cnnlab.inference.model import LiteModel, load_model
from cnnlab.training.export import load_trained
from cnnlab.workspace import RunFiles, open_workspace

LOOP_TAKES_ONE_OF = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    files = RunFiles(open_workspace(options.workspace).run_folder(options.run))
    ways = prepared_ways(load_model(files), load_trained(files), options.photos)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(options.rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            count = way()
            if turn:
                rates[name].append(count / (time.perf_counter() - began))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(
        json.dumps(
            {
                "run": options.run,
                "images_per_second": {name: round(rate, 1) for name, rate in medians.items()},
                "all": {name: [round(rate, 1) for rate in found] for name, found in rates.items()},
                "times_the_loop": round(medians["cnnlab"] / medians["loop"], 2),
                "times_keras": round(medians["cnnlab"] / medians["keras"], 2),
            },
            indent=2,
        )
    )


def prepared_ways(
    lite: LiteModel, model: keras.Model, folder: Path
) -> dict[str, Callable[[], int]]:
    """Each way, as a function that gives the number of pictures answered."""
    photos = photos_at([folder])
    size = lite.facts.data.size
    channels = lite.facts.data.colour.channels

    def cnnlab() -> int:
        return sum(answer.probabilities is not None for answer in classify(lite, photos))

    def by_keras() -> int:
        pictures = keras.utils.image_dataset_from_directory(
            folder,
            labels=None,
            image_size=(size, size),
            color_mode="rgb" if channels == 3 else "grayscale",
            batch_size=32,
            shuffle=False,
            verbose=False,
        )
        return len(model.predict(pictures, verbose=0))

    def loop() -> int:
        chosen = photos[::LOOP_TAKES_ONE_OF]
        for photo in chosen:
            image = Image.open(photo.source).convert("RGB" if channels == 3 else "L")
            pixels = np.asarray(image.resize((size, size)), dtype=np.float32)
            model.predict(pixels.reshape(1, size, size, channels), verbose=0)
        return len(chosen)

    return {"cnnlab": cnnlab, "keras": by_keras, "loop": loop}


if __name__ == "__main__":
    main()
