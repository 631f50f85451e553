"""Interpreters of one network's file, lent to one thread at a time."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.allocator import forget_file
from cnnlab.inference.signatures import EXPLAIN, FEATURES, HEAT, PIXELS, PREDICT

BATCH_SIZE = 8
MOST_ENGINES = 4
WEIGHTS_BYTES = 128 * 2**20  # of all engines of one network together; one there always is


class Engine:
    """One interpreter. Not safe to share; see `EnginePool`.

    Attributes:
        signatures: Names of the file's functions, with their inputs and outputs.
    """

    def __init__(self, model_file: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter  # 0.2 s and 39 MB: only when used

        self._file = model_file
        self._interpreter = Interpreter(str(model_file), num_threads=threads)
        self.signatures: dict[str, Any] = self._interpreter.get_signature_list()
        runner = self._interpreter.get_signature_runner(PREDICT)
        self._pixels: int = runner.get_input_details()[PIXELS]["index"]
        outputs = runner.get_output_details().items()
        self._outputs: dict[str, int] = {name: facts["index"] for name, facts in outputs}
        self._shapes = {name: tuple(map(int, facts["shape"][1:])) for name, facts in outputs}
        self._shape: tuple[int, ...] = ()

    def predict(self, batch: NDArray[np.float32], names: Sequence[str]) -> dict[str, Any]:
        """Run the network.

        Args:
            batch: Shape (n_images, size, size, channels).
            names: Of the outputs; those that are not named cost nothing.
        """
        if batch.shape != self._shape:
            self._interpreter.resize_tensor_input(self._pixels, batch.shape)
            self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._pixels, batch)
        self._interpreter.invoke()
        if batch.shape != self._shape:
            self._shape = batch.shape
            forget_file(self._file)  # its weights are packed now
        return {name: self._interpreter.get_tensor(self._outputs[name]) for name in names}

    def output_shape(self, name: str) -> tuple[int, ...]:
        """Shape of one picture's output."""
        return self._shapes[name]

    def explain(self, inputs: dict[str, Any]) -> NDArray[np.float32]:
        """Run what says where the network has looked."""
        # Made anew: while there is one, the interpreter refuses to work directly.
        runner = self._interpreter.get_signature_runner(EXPLAIN)
        heat: NDArray[np.float32] = runner(**inputs)[HEAT]
        return heat


class EnginePool:
    """As many engines as processors, so that threads decode and predict side by side.

    Engines of one thread each finish a fifth sooner than one of several threads, but each packs the
    weights for itself: a large network has one engine, which uses all processors. All are opened at
    once, so that a file that is replaced later never mixes with the one that was opened.

    Args:
        model_file: What `cnnlab.training.export.to_lite` made.
        weights_bytes: How much memory the weights of all engines together may take.

    Attributes:
        count: Threads that should ask at the same time.
    """

    def __init__(self, model_file: Path, weights_bytes: int = WEIGHTS_BYTES) -> None:
        useful = min(os.cpu_count() or 1, MOST_ENGINES)
        affordable = max(1, weights_bytes // max(1, model_file.stat().st_size))
        self.count = min(useful, affordable)
        threads = max(1, useful // self.count)
        self._free: queue.LifoQueue[Engine] = queue.LifoQueue()
        for _ in range(self.count):
            self._free.put(Engine(model_file, threads))
        with self.lend() as engine:
            self.signatures = engine.signatures

    @contextmanager
    def lend(self) -> Iterator[Engine]:
        """An engine for this thread alone; waits for one."""
        engine = self._free.get()
        try:
            yield engine
        finally:
            self._free.put(engine)


class FeatureEngines:
    """Computes features on whichever thread asks.

    Attributes:
        count: Threads that should ask at the same time.
        batch_size: Pictures that each should ask about; all threads together then keep as much in
            memory as one batch of a single interpreter.
        feature_shape: Shape of one picture's features.
    """

    def __init__(self, model_file: Path) -> None:
        self._engines = EnginePool(model_file)
        self.count = self._engines.count
        self.batch_size = max(1, BATCH_SIZE // self.count)
        with self._engines.lend() as engine:
            self.feature_shape = engine.output_shape(FEATURES)

    def features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features of prepared pictures.

        Args:
            pixels: uint8, shape (n_images, size, size, 3).

        Returns:
            float32, shape (n_images, *feature_shape).
        """
        with self._engines.lend() as engine:
            found: NDArray[np.float32] = engine.predict(pixels.astype(np.float32), (FEATURES,))[
                FEATURES
            ]
        return found
