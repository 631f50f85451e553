"""A finished network, run by LiteRT."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlab.config import DataConfig
from cnnlab.errors import RunError
from cnnlab.workspace import RunFiles

BATCH_SIZE = 8
PIXELS, PROBABILITIES, FEATURES = "pixels", "probabilities", "features"
MAP, HIDDEN, CLASS_INDEX, HEAT = "map", "hidden", "class_index", "heat"
# Signatures of the file; programs that know no names run the first one by the alphabet.
PREDICT, EXPLAIN = "serving_default", "serving_explain"

FloatArray = npt.NDArray[np.float32]
PixelArray = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What must be known to use a network: its classes and how pictures are prepared for it."""

    run_id: str
    class_names: tuple[str, ...]
    data: DataConfig

    def to_json(self) -> str:
        """As a JSON document; `read_facts` reads it back."""
        return json.dumps(
            {
                "run_id": self.run_id,
                "class_names": list(self.class_names),
                "data": self.data.model_dump(mode="json"),
            },
            indent=2,
            ensure_ascii=False,
        )


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a network says about some pictures.

    Attributes:
        probabilities: float32, shape (n_images, n_classes); rows sum to 1.
        features: float32, shape (n_images, n_features); what enters the last layer.
    """

    probabilities: FloatArray
    features: FloatArray


class LiteModel:
    """A network in memory. Safe to share between threads: one prediction at a time.

    Attributes:
        facts: Its classes, and how pictures are prepared for it.
        size_bytes: Of its file.
        explains: Whether it says by itself where it has looked.
    """

    def __init__(self, facts: ModelFacts, model_file: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter  # 0.2 s and 39 MB: only when used

        self.facts = facts
        self.size_bytes = model_file.stat().st_size
        self._lock = threading.Lock()
        interpreter = Interpreter(str(model_file), num_threads=min(os.cpu_count() or 1, 4))
        signatures = interpreter.get_signature_list()
        self._run = _Signature(interpreter, PREDICT)
        self._kept = [name for name in (MAP, HIDDEN) if name in signatures[PREDICT]["outputs"]]
        self.explains = EXPLAIN in signatures
        self._interpreter = interpreter

    def predict(self, pixels: PixelArray) -> Outputs:
        """Classify prepared pictures.

        Args:
            pixels: uint8 or float32 values 0-255, shape (n_images, size, size, channels).
        """
        probabilities: list[FloatArray] = []
        features: list[FloatArray] = []
        with self._lock:
            for start in range(0, len(pixels), BATCH_SIZE):
                batch = np.asarray(pixels[start : start + BATCH_SIZE], dtype=np.float32)
                outputs = self._run(batch, (PROBABILITIES, FEATURES))
                probabilities.append(outputs[PROBABILITIES])
                features.append(outputs[FEATURES].reshape(len(batch), -1))
        if not probabilities:
            none = np.zeros((0, len(self.facts.class_names)), dtype=np.float32)
            return Outputs(none, np.zeros((0, 0), dtype=np.float32))
        return Outputs(np.concatenate(probabilities), np.concatenate(features))

    def explain(self, pixels: PixelArray, class_index: Sequence[int]) -> FloatArray:
        """Say what in prepared pictures speaks for a class, place by place.

        Args:
            pixels: uint8 or float32 values 0-255, shape (n_images, size, size, channels).
            class_index: One class a picture.

        Returns:
            float32, 0 or more, shape (n_images, rows, columns) of the network's last map.

        Raises:
            RunError: If the network cannot; see `explains`.
        """
        if not self.explains:
            raise RunError(
                "no-class-map",
                f"The network of run {self.facts.run_id!r} has no class map of its own. Cover "
                "parts of the picture instead, as heat_map does.",
            )
        classes = np.asarray(class_index, dtype=np.int32)
        found: list[FloatArray] = []
        with self._lock:
            for start in range(0, len(pixels), BATCH_SIZE):
                batch = np.asarray(pixels[start : start + BATCH_SIZE], dtype=np.float32)
                kept = self._run(batch, self._kept)
                kept[CLASS_INDEX] = classes[start : start + BATCH_SIZE]
                # Made anew: while there is one, the interpreter refuses to work directly.
                explain = self._interpreter.get_signature_runner(EXPLAIN)
                found.append(explain(**kept)[HEAT])
                del explain
        return np.concatenate(found)


class _Signature:
    """One function of a network's file. Its big outputs are copied only when they are asked for."""

    def __init__(self, interpreter: Any, name: str) -> None:
        self._interpreter = interpreter
        runner = interpreter.get_signature_runner(name)
        self._pixels: int = runner.get_input_details()[PIXELS]["index"]
        outputs = runner.get_output_details().items()
        self._outputs: dict[str, int] = {name: facts["index"] for name, facts in outputs}
        self._shape: tuple[int, ...] = ()

    def __call__(self, batch: FloatArray, names: Sequence[str]) -> dict[str, Any]:
        if batch.shape != self._shape:
            self._interpreter.resize_tensor_input(self._pixels, batch.shape)
            self._interpreter.allocate_tensors()
            self._shape = batch.shape
        self._interpreter.set_tensor(self._pixels, batch)
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(self._outputs[name]) for name in names}


def read_facts(files: RunFiles) -> ModelFacts:
    """The facts of a run's finished network.

    Raises:
        RunError: If the run has none, or its file is damaged.
    """
    try:
        document = json.loads(files.model_facts.read_text(encoding="utf-8"))
        return ModelFacts(
            run_id=document["run_id"],
            class_names=tuple(document["class_names"]),
            data=DataConfig.model_validate(document["data"]),
        )
    except FileNotFoundError as error:
        raise _no_model(files) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            "damaged-model",
            f"The network of run {files.folder.name!r} cannot be read: {files.model_facts.name} "
            "is damaged. Train it again, or put the file back from a copy.",
        ) from error


def load_model(files: RunFiles) -> LiteModel:
    """Load a run's finished network.

    Raises:
        RunError: If the run has none, or its files are damaged.
    """
    facts = read_facts(files)
    try:
        return LiteModel(facts, files.lite_model)
    except FileNotFoundError as error:
        raise _no_model(files) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise RunError(
            "damaged-model",
            f"The network of run {files.folder.name!r} cannot be loaded: {files.lite_model.name} "
            "is damaged. Train it again, or put the file back from a copy.",
        ) from error


def _no_model(files: RunFiles) -> RunError:
    return RunError(
        "no-model",
        f"The run {files.folder.name!r} has no finished network. Wait until it has ended, or "
        "choose a completed run.",
    )
