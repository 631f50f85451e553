"""What a frozen backbone sees in pictures, computed once and shared by all runs of a workspace."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import Timeout
from numpy.typing import NDArray

from cnnlab.errors import WorkspaceError
from cnnlab.inference.engines import FeatureEngines
from cnnlab.progress import Progress
from cnnlab.threads import in_order
from cnnlab.workspace import Workspace, explain_os_error, write_atomically

Half = NDArray[np.float16]
PixelSource = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
_LOCK_POLL_SECONDS = 0.5
_SHARD_BYTES = 128_000_000  # so much is lost at most when the work is interrupted


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """Features by row number, on disk until they are asked for."""

    shards: tuple[Half, ...]
    places: NDArray[np.int64]  # (n, 2): number of the shard, row in it

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, height, width, channels)."""
        return (len(self.places), *self.shards[0].shape[1:])

    def __getitem__(self, rows: NDArray[np.int64]) -> Half:
        """Some of the features, shape (len(rows), height, width, channels)."""
        places = self.places[rows]
        numbers = np.unique(places[:, 0])
        if len(numbers) == 1:
            only: Half = self.shards[numbers[0]]
            return only[places[:, 1]]
        found = np.empty((len(rows), *self.shards[0].shape[1:]), dtype=np.float16)
        for number in numbers:
            here = places[:, 0] == number
            found[here] = self.shards[number][places[here, 1]]
        return found


class FeatureCache:
    """The features of one backbone for one preparation; its folder is named by both."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self._name = name
        self._folder = workspace.features_folder / name

    @property
    def model_file(self) -> Path:
        """The backbone for LiteRT."""
        return self._folder / "backbone.tflite"

    def rows(
        self,
        keys: Sequence[str],
        pixels: PixelSource,
        *,
        make_model: Callable[[Path], object],
        budget_bytes: int,
        progress: Progress | None = None,
    ) -> FeatureRows:
        """The features of pictures, computing those that are missing.

        Args:
            keys: What identifies each picture, its content above all, shape (n,).
            pixels: Gives the prepared pictures with some of the numbers 0..n-1.
            make_model: Writes the backbone's file where it is missing.
            budget_bytes: Most that all features of the workspace may take; those that were not
                used for longest go first.
            progress: Told the pictures done and in all; what it raises ends the work, and what
                was computed before stays.

        Raises:
            WorkspaceError: If the disk is full or may not be written to.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._alone(progress):
                missing = self._missing(keys)
                if len(missing):
                    self._compute(keys, missing, pixels, make_model, progress, budget_bytes)
                os.utime(self._folder)
                return self._open(keys)
        except OSError as error:
            raise explain_os_error(error, self._folder, "write") from error

    @contextmanager
    def _alone(self, progress: Progress | None) -> Iterator[None]:
        """Wait until no other process computes these features; `progress` may end the waiting."""
        lock = self._workspace.lock(f"features-{self._name}", timeout_seconds=_LOCK_POLL_SECONDS)
        while True:
            try:
                lock.acquire()
                break
            except Timeout:
                if progress is not None:
                    progress(0, 0)
        try:
            yield
        finally:
            lock.release()

    def _known(self) -> dict[str, tuple[int, int]]:
        known: dict[str, tuple[int, int]] = {}
        for number, file in enumerate(self._shard_files()):
            keys = file.with_suffix(".txt").read_text(encoding="utf-8").split("\n")
            known.update({key: (number, row) for row, key in enumerate(keys)})
        return known

    def _shard_files(self) -> list[Path]:
        return sorted(file.with_suffix(".npy") for file in self._folder.glob("[!.]*.txt"))

    def _missing(self, keys: Sequence[str]) -> NDArray[np.int64]:
        known = self._known()
        first: dict[str, int] = {}
        for number, key in enumerate(keys):
            if key not in known:
                first.setdefault(key, number)
        return np.fromiter(first.values(), dtype=np.int64)

    def _compute(
        self,
        keys: Sequence[str],
        missing: NDArray[np.int64],
        pixels: PixelSource,
        make_model: Callable[[Path], object],
        progress: Progress | None,
        budget_bytes: int,
    ) -> None:
        if not self.model_file.exists():
            make_model(self.model_file)
        engines = FeatureEngines(self.model_file)
        picture_bytes = 2 * int(np.prod(engines.feature_shape))
        self._make_room(len(missing) * picture_bytes, budget_bytes)
        size = engines.batch_size
        at_once = max(size, _SHARD_BYTES // picture_bytes)

        def look(numbers: NDArray[np.int64]) -> Half:
            return engines.features(pixels(numbers)).astype(np.float16)

        for start in range(0, len(missing), at_once):
            chosen = missing[start : start + at_once]
            batches = (chosen[first : first + size] for first in range(0, len(chosen), size))
            features: list[Half] = []
            with closing(in_order(look, batches, engines.count)) as results:
                for result in results:
                    features.append(result)
                    if progress is not None:
                        done = start + size * len(features)
                        progress(min(done, len(missing)), len(missing))
            self._write_shard([keys[number] for number in chosen], np.concatenate(features))

    def _write_shard(self, keys: Sequence[str], features: Half) -> None:
        """The features first: a shard counts when its keys are there."""
        number = 1 + max((int(file.stem) for file in self._shard_files()), default=0)
        file = self._folder / f"{number:06}.npy"
        text = "\n".join(keys).encode()
        write_atomically(file, lambda out: np.save(out, features))
        write_atomically(file.with_suffix(".txt"), lambda out: out.write(text))

    def _open(self, keys: Sequence[str]) -> FeatureRows:
        known = self._known()
        try:
            # np.memmap itself is slow to index.
            shards = tuple(np.asarray(np.load(file, mmap_mode="r")) for file in self._shard_files())
        except ValueError as error:
            raise WorkspaceError(
                "damaged-features",
                f"The features in {self._folder} cannot be read. Delete the folder; they are "
                "computed again.",
            ) from error
        places = np.array([known[key] for key in keys], dtype=np.int64).reshape(-1, 2)
        return FeatureRows(shards, places)

    def _make_room(self, wanted_bytes: int, budget_bytes: int) -> None:
        others = [
            folder
            for folder in self._workspace.features_folder.iterdir()
            if folder.is_dir() and folder != self._folder
        ]
        others.sort(key=lambda folder: folder.stat().st_mtime)
        sizes = {
            folder: sum(file.stat().st_size for file in folder.iterdir())
            for folder in [*others, self._folder]
        }
        for folder in others:
            if sum(sizes.values()) + wanted_bytes <= budget_bytes:
                break
            lock = self._workspace.lock(f"features-{folder.name}", timeout_seconds=0)
            with suppress(OSError, TimeoutError), lock:  # one that is being computed stays
                shutil.rmtree(folder)
                sizes.pop(folder)
