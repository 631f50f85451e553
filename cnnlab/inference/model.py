"""A finished network, run by LiteRT."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cnnlab.config import DataConfig
from cnnlab.errors import RunError
from cnnlab.inference.engines import BATCH_SIZE, WEIGHTS_BYTES, EnginePool
from cnnlab.inference.signatures import (
    CLASS_INDEX,
    EXPLAIN,
    FEATURES,
    HIDDEN,
    MAP,
    PREDICT,
    PROBABILITIES,
)
from cnnlab.threads import in_order
from cnnlab.workspace import RunFiles

if TYPE_CHECKING:
    from cnnlab.inference.rejection import RejectionRule

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
    """A network in memory. Safe to share between threads.

    Attributes:
        facts: Its classes, and how pictures are prepared for it.
        size_bytes: Of its file.
        explains: Whether it says by itself where it has looked.
        threads: How many can ask at the same time without waiting for one another.
        rule: Tells pictures of its classes from all others; None where there is none.
    """

    def __init__(
        self,
        facts: ModelFacts,
        model_file: Path,
        rule: RejectionRule | None = None,
        *,
        weights_bytes: int = WEIGHTS_BYTES,
    ) -> None:
        self.facts = facts
        self.rule = rule
        self.size_bytes = model_file.stat().st_size
        self._engines = EnginePool(model_file, weights_bytes)
        self.threads = self._engines.count
        signatures = self._engines.signatures
        self._kept = [name for name in (MAP, HIDDEN) if name in signatures[PREDICT]["outputs"]]
        self.explains = EXPLAIN in signatures

    def predict(self, pixels: PixelArray) -> Outputs:
        """Classify prepared pictures; more than a few are spread over the processors.

        Args:
            pixels: uint8 or float32 values 0-255, shape (n_images, size, size, channels).
        """
        if not len(pixels):
            none = np.zeros((0, len(self.facts.class_names)), dtype=np.float32)
            return Outputs(none, np.zeros((0, 0), dtype=np.float32))
        if len(pixels) <= BATCH_SIZE:
            return self._predict_batch(pixels)
        starts = range(0, len(pixels), BATCH_SIZE)
        batches = (pixels[start : start + BATCH_SIZE] for start in starts)
        parts = list(in_order(self._predict_batch, batches, self.threads))
        return Outputs(
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.features for part in parts]),
        )

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
        with self._engines.lend() as engine:
            for start in range(0, len(pixels), BATCH_SIZE):
                batch = np.asarray(pixels[start : start + BATCH_SIZE], dtype=np.float32)
                kept = engine.predict(batch, self._kept)
                kept[CLASS_INDEX] = classes[start : start + BATCH_SIZE]
                found.append(engine.explain(kept))
        return np.concatenate(found)

    def _predict_batch(self, pixels: PixelArray) -> Outputs:
        batch = np.asarray(pixels, dtype=np.float32)
        with self._engines.lend() as engine:
            outputs = engine.predict(batch, (PROBABILITIES, FEATURES))
        return Outputs(outputs[PROBABILITIES], outputs[FEATURES].reshape(len(batch), -1))


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


def load_model(files: RunFiles, *, weights_bytes: int = WEIGHTS_BYTES) -> LiteModel:
    """Load a run's finished network, with its rule for pictures of none of its classes.

    Args:
        files: Of the run.
        weights_bytes: How much memory its weights may take, which decides how many threads can ask
            it side by side.

    Raises:
        RunError: If the run has none, or its files are damaged.
    """
    from cnnlab.inference.rejection import load_rule  # which takes the names of this module

    facts, rule = read_facts(files), load_rule(files)
    try:
        return LiteModel(facts, files.lite_model, rule, weights_bytes=weights_bytes)
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
