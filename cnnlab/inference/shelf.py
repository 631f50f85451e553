"""Networks kept in memory within a budget, loaded once and shared."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from cnnlab.inference.model import LiteModel, load_model
from cnnlab.workspace import RunFiles

BUDGET_BYTES = 512 * 2**20
_MEMORY_PER_FILE_BYTE = 2  # weights are packed once more for the processor when loaded

Key = tuple[Path, int]


class ModelShelf:
    """Loads networks on demand and puts away the least used ones when memory is short."""

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._models: OrderedDict[Key, LiteModel] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, files: RunFiles) -> LiteModel:
        """The network of a run.

        Raises:
            RunError: If the run has none, or it cannot be read.
        """
        try:
            key = (files.lite_model, files.lite_model.stat().st_mtime_ns)
        except OSError:
            key = (files.lite_model, 0)
        with self._lock:
            if key not in self._models:
                self._models[key] = load_model(files)
                self._put_away_others(key)
            self._models.move_to_end(key)
            return self._models[key]

    def __len__(self) -> int:
        return len(self._models)

    def _put_away_others(self, kept: Key) -> None:
        """Drop earlier versions of the same file, then the least used ones beyond the budget."""
        for key in [key for key in self._models if key != kept and key[0] == kept[0]]:
            del self._models[key]
        for key in [key for key in self._models if key != kept]:
            if self._used_bytes() > self._budget_bytes:
                del self._models[key]

    def _used_bytes(self) -> int:
        return sum(model.size_bytes * _MEMORY_PER_FILE_BYTE for model in self._models.values())
