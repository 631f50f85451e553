"""A finished network, run by LiteRT."""

from __future__ import annotations

import json
import os
import threading
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
    """A network in memory. Safe to share between threads: one prediction at a time."""

    def __init__(self, facts: ModelFacts, model_file: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter  # 0.2 s and 39 MB: only when used

        self.facts = facts
        self.size_bytes = model_file.stat().st_size
        self._lock = threading.Lock()
        interpreter = Interpreter(str(model_file), num_threads=min(os.cpu_count() or 1, 4))
        self._run: Any = interpreter.get_signature_runner()

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
                outputs = self._run(**{PIXELS: batch})
                probabilities.append(np.array(outputs[PROBABILITIES]))
                features.append(np.array(outputs[FEATURES]).reshape(len(batch), -1))
        if not probabilities:
            none = np.zeros((0, len(self.facts.class_names)), dtype=np.float32)
            return Outputs(none, np.zeros((0, 0), dtype=np.float32))
        return Outputs(np.concatenate(probabilities), np.concatenate(features))


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
