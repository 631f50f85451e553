"""Networks kept in memory within a budget, loaded once and shared."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cnnlab.errors import RunError
from cnnlab.inference.model import LiteModel, load_model
from cnnlab.inference.model_state import model_state
from cnnlab.workspace import RunFiles

BUDGET_BYTES = 512 * 2**20
IDLE_SECONDS = 15 * 60.0
_WEIGHTS_BYTES = 64 * 2**20  # of one network: a server is to stay small
_MEMORY_PER_FILE_BYTE = 2  # weights are packed once more for the processor when loaded


@dataclass(eq=False)
class _Place:
    """One run's network. Its lock is held while it is loaded, so that this happens once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    state: str = ""
    model: LiteModel | None = None
    used_at: float = 0.0


class ModelShelf:
    """Loads networks on demand, and puts away those that are not used.

    A network is put away when its files have changed or are gone, after a quarter of an hour
    without use, and when memory is short, the least used one first. Whoever holds it meanwhile can
    go on with it: it leaves memory when nobody does.

    Args:
        budget_bytes: For all networks together; the one that is asked for is always kept.
        idle_seconds: Until an unused network is put away.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        budget_bytes: int = BUDGET_BYTES,
        idle_seconds: float = IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budget_bytes = budget_bytes
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._places: OrderedDict[Path, _Place] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def get(self, files: RunFiles) -> LiteModel:
        """The network of a run; while one is loaded, the others can be had.

        Raises:
            RunError: If the run has none, or it cannot be read; "deleted-model" if the run's whole
                folder is gone.
        """
        with self._lock:
            place = self._places.setdefault(files.lite_model, _Place())
        try:
            with place.lock:
                model = _current(place, files)
        except RunError as error:
            with self._lock:
                self._places.pop(files.lite_model, None)
            if not files.folder.exists():
                raise RunError(
                    "deleted-model",
                    f"The run {files.folder.name!r} was deleted meanwhile, and its network with "
                    "it. Choose another one.",
                ) from error
            raise
        with self._lock:
            place.used_at = self._clock()
            self._places[files.lite_model] = place
            self._places.move_to_end(files.lite_model)
            self._put_away(kept=place)
            self._watch()
        return model

    def __len__(self) -> int:
        """How many networks are in memory."""
        with self._lock:
            return sum(place.model is not None for place in self._places.values())

    def put_away_unused(self) -> None:
        """Put away what has not been used for a while, or is gone; it is done by itself as well."""
        with self._lock:
            self._put_away(kept=None)

    def _put_away(self, kept: _Place | None) -> None:
        oldest = self._clock() - self._idle_seconds
        for path, place in list(self._places.items()):
            if place is kept or place.model is None:  # it is being loaded
                continue
            idle = place.used_at <= oldest or not path.exists()
            if idle or self._used_bytes() > self._budget_bytes:
                del self._places[path]

    def _used_bytes(self) -> int:
        models = [place.model for place in self._places.values() if place.model is not None]
        return sum(model.size_bytes * _MEMORY_PER_FILE_BYTE for model in models)

    def _watch(self) -> None:
        """See to it that the last network is put away, too, though nobody asks for another."""
        if self._timer is None and self._places:
            self._timer = threading.Timer(self._idle_seconds, self._look_again)
            self._timer.daemon = True
            self._timer.start()

    def _look_again(self) -> None:
        self.put_away_unused()
        with self._lock:
            self._timer = None
            self._watch()


def _current(place: _Place, files: RunFiles) -> LiteModel:
    """The network as its files are now; loaded again where they change while that is done."""
    state = _state_of(files)
    while place.model is None or place.state != state:
        place.model, place.state = load_model(files, weights_bytes=_WEIGHTS_BYTES), state
        state = _state_of(files)
    return place.model


def _state_of(files: RunFiles) -> str:
    """As `model_state`; "" where there is no network, which loading it will explain."""
    try:
        return model_state(files)
    except RunError:
        return ""
