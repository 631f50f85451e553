"""Training through cnnlab against a plain Keras fit, epoch by epoch in turn, in one process.

    python -m benchmarks.throughput --data FOLDER --recipe catsdogs-basic --epochs 5

Both train the same network on the same pictures with the same batch size and a validation at the
end of each epoch; the plain one on float32 arrays in memory. cnnlab's epochs include everything
that it does beside: progress, checkpoints, best epoch, stop requests. Medians of the epochs after
the first; the ratio is plain / cnnlab, so 1 means as fast and more means faster.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from cnnlab.config import Precision, change_config, parse_assignments
from cnnlab.datasets.splits import Split
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.store import open_store
from cnnlab.training.batches import one_hot
from cnnlab.training.compiling import compile_model
from cnnlab.training.run import EVALUATION_BATCH, TrainingRun
from cnnlab.training.stages import Stages
from cnnlab.workspace import open_workspace


class AlternatingRun(TrainingRun):
    """Trains one plain epoch after each of its own."""

    plain_seconds: list[float]
    plain_precision: Precision

    def _plan(self, data: Any, weights: Any, checkpoint: Any) -> Stages:
        stages = super()._plan(data, weights, checkpoint)
        self.plain_seconds = []
        self._arrays = {}
        for split in (Split.TRAIN, Split.VALIDATION):
            images = data.images[split]
            pixels = images[np.arange(len(images))].astype(np.float32)
            self._arrays[split] = (pixels, one_hot(images.labels, data.class_count))
        self._plain: keras.Model = stages.build_whole(self.plain_precision)
        compile_model(self._plain, self._config.training, data.class_count)
        own = self._plain.optimizer
        self._plain.optimizer = keras.optimizers.deserialize(  # Keras' own of the same name
            {"class_name": type(own).__name__.lower(), "config": own.get_config()}
        )
        return stages

    def _note_epoch(self, table: Any, epoch: int, figures: dict[str, float]) -> None:
        super()._note_epoch(table, epoch, figures)
        began = time.perf_counter()
        self._plain.fit(
            *self._arrays[Split.TRAIN],
            batch_size=self._config.training.batch_size,
            validation_data=self._arrays[Split.VALIDATION],
            validation_batch_size=EVALUATION_BATCH,
            epochs=1,
            verbose=0,
        )
        self.plain_seconds.append(time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recipe", default="catsdogs-basic")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--plain-precision", default="float32", choices=list(Precision)[1:])
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    options = parser.parse_args()
    changes = {
        "training.epochs": options.epochs,
        "training.early_stopping": False,
        **parse_assignments(options.assignments),
    }
    config = change_config(recipe(options.recipe).config, changes)
    with tempfile.TemporaryDirectory(prefix="cnnlab-throughput-") as folder:
        place = open_workspace(folder)
        store = open_store(place)
        run_id = runs.submit_run(store, add_dataset(store, place, options.data).id, config)
        job = runs.get_run(store, run_id).job
        jobs.claim(store, job.id, ProcessIdentity(os.getpid(), time.time()))
        run = AlternatingRun(store, place, runs.get_run(store, run_id).job)
        run.plain_precision = Precision(options.plain_precision)
        run.execute()
        records = runs.epoch_records(store, run_id)
        results = runs.get_run(store, run_id).results
        store.close()
    own = statistics.median(record["seconds"] for record in records[1:])
    plain = statistics.median(run.plain_seconds[1:])
    print(
        json.dumps(
            {
                "recipe": options.recipe,
                "precision": results["precision"],
                "prediction": results.get("prediction"),
                "plain_precision": options.plain_precision,
                "cnnlab_epoch_seconds": round(own, 3),
                "plain_epoch_seconds": round(plain, 3),
                "ratio": round(plain / own, 3),
                "all": [[round(r["seconds"], 2) for r in records], run.plain_seconds],
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
