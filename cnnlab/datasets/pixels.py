"""Prepared pictures of a data set as one file that every process maps into memory.

The files are a cache: its budget is kept by `cnnlab.datasets.pixel_cache`, and a data set that is
larger than the whole budget is read from its own files instead, batch by batch.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from math import prod
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from filelock import Timeout
from numpy.lib import format as npy
from numpy.typing import NDArray

from cnnlab.config import DataConfig
from cnnlab.datasets.images import content_hash, look, read
from cnnlab.datasets.pixel_cache import DEFAULT_BUDGET_BYTES, PixelCache
from cnnlab.errors import CnnlabError, DatasetError, ImageError, WorkspaceError
from cnnlab.progress import Progress
from cnnlab.threads import in_order
from cnnlab.workspace import Workspace, aside, explain_os_error, write_atomically

ShouldStop = Callable[[], bool]
Picture = tuple[str, str]  # its path, and the content hash that the scan found
Pieces = Generator[NDArray[np.uint8], None, None]  # each (a few, size, size, channels)

MEGABYTE = 1_000_000
PREPARATION = 2  # raised when `load` or `prepare` changes a result; older files are not used
_PIECE_BYTES = 4 * MEGABYTE  # at most this much is prepared at once by one thread
_PIECE_PICTURES = 16  # and no more than this, so that a stop request is heard soon
_LOCK_POLL_SECONDS = 0.2


class PreparationStopped(CnnlabError):
    """Preparing the pictures was given up because `should_stop` said so."""

    def __init__(self) -> None:
        super().__init__("stopped", "Preparing the pictures was stopped on request.")


class PixelRows(Protocol):
    """Prepared pictures by row number: an array mapped from a file, or `StreamedPixels`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, size, size, channels)."""

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Some of the pictures, shape (len(rows), size, size, channels)."""


@dataclass(frozen=True, slots=True)
class StreamedPixels:
    """Pictures that are decoded and prepared each time they are asked for."""

    root: Path
    pictures: tuple[Picture, ...]
    data: DataConfig

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, size, size, channels)."""
        return (len(self.pictures), *self.data.picture_shape)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Prepare some of the pictures, on several threads.

        Raises:
            DatasetError: If one is no longer what was scanned ("picture-changed").
        """
        chosen = [self.pictures[row] for row in rows]
        if not chosen:
            return np.empty((0, *self.shape[1:]), dtype=np.uint8)
        with closing(_prepare_in_threads(self.root, chosen, self.data)) as pieces:
            return np.concatenate(list(pieces))


@dataclass(frozen=True, slots=True)
class PixelArray:
    """Prepared pictures, shared between processes through the system's page cache.

    Attributes:
        pixels: Shape (n, size, size, channels), uint8, read-only: mapped from the file, or
            streamed where the file would be larger than the whole budget.
        paths: The picture of each row.
    """

    pixels: PixelRows
    paths: tuple[str, ...]

    def rows(self, paths: Iterable[str]) -> NDArray[np.int64]:
        """Row numbers of pictures, in the order asked for.

        Raises:
            DatasetError: If one is not among the prepared pictures.
        """
        row_of = {path: row for row, path in enumerate(self.paths)}
        try:
            return np.array([row_of[path] for path in paths], dtype=np.int64)
        except KeyError as error:
            raise DatasetError(
                "unknown-picture",
                f"A picture must be in the data set's index. Received: {error.args[0]}. "
                "Scan the data set again.",
            ) from error


def open_pixels(
    workspace: Workspace,
    root: Path,
    pictures: pd.DataFrame,
    data: DataConfig,
    *,
    budget_bytes: int = DEFAULT_BUDGET_BYTES,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> PixelArray:
    """Open the prepared pictures of a data set; prepare them first if nobody has.

    There is one file for each set of pictures, size, resize rule and colour; classes and splits do
    not matter to it. One process writes it while others that want it wait. A damaged file is
    written anew. Files that were not used for longest are deleted where the budget asks for it.

    Args:
        workspace: Where the file lies.
        root: The data set's folder; paths are relative to it.
        pictures: Rows with the columns path and content_hash, which become the file's rows.
        data: How a picture is prepared.
        budget_bytes: Most that all such files of the workspace may take.
        progress: Told the pictures done and in all, from the calling thread.
        should_stop: Asked every few pictures, and while waiting, from the calling thread.

    Raises:
        DatasetError: If there is no usable picture ("no-images"), or one can no longer be read
            ("picture-changed").
        WorkspaceError: If the disk is full ("disk-full") or the workspace cannot be written to;
            no partial file is left.
        PreparationStopped: If `should_stop` returned True.
    """
    paths = tuple(pictures["path"].tolist())
    if not paths:
        raise DatasetError(
            "no-images",
            f"A data set needs pictures that can be read. Received: none in {root}. "
            "Choose another folder, or scan it again.",
        )
    name = f"{_digest(pictures)}-{data.size}-{data.resize.value}-{data.colour.value}"
    shape = (len(paths), *data.picture_shape)
    file = _PixelFile(workspace.pixels_folder / f"{name}.npy", shape, paths)
    cache = PixelCache(workspace)
    ready = file.open()
    if ready is not None:
        cache.note_use(file.path)
        return ready
    known = tuple(zip(paths, pictures["content_hash"], strict=True))
    if prod(shape) > budget_bytes:
        return PixelArray(StreamedPixels(root, known, data), paths)
    with _alone(workspace, f"pixels-{name}", should_stop):
        ready = file.open()  # another process may have been faster
        if ready is None:
            cache.make_room(prod(shape), budget_bytes)
            with closing(_prepare(root, known, data, progress, should_stop)) as pieces:
                file.write(pieces)
            ready = file.open()
    if ready is None:
        raise WorkspaceError(
            "workspace-unusable",
            f"The prepared pictures could not be read back from {file.path}. "
            "Check the disk, or choose another workspace with --workspace.",
        )
    return ready


def file_name_of(pixels: PixelRows) -> str | None:
    """Name of the file that prepared pictures are mapped from; None for a stream."""
    return Path(str(pixels.filename)).name if isinstance(pixels, np.memmap) else None


def reopen_pixels(
    workspace: Workspace,
    root: Path,
    pictures: pd.DataFrame,
    data: DataConfig,
    file_name: str | None,
) -> PixelArray:
    """Open pictures that another process has prepared; decode them again where its file is gone.

    Args:
        workspace: Where the file lies.
        root: The data set's folder.
        pictures: Rows with the columns path and content_hash; the file may hold others besides.
        data: How a picture is prepared.
        file_name: As `file_name_of` tells it; None where there was no file.
    """
    if file_name is not None:
        path = workspace.pixels_folder / file_name
        with suppress(OSError, ValueError):
            paths = tuple(json.loads(path.with_suffix(".json").read_bytes()))
            found = _PixelFile(path, (len(paths), *data.picture_shape), paths).open()
            if found is not None and set(pictures["path"]) <= set(paths):
                return found
    known = tuple(zip(pictures["path"], pictures["content_hash"], strict=True))
    return PixelArray(StreamedPixels(root, known, data), tuple(pictures["path"]))


def _digest(pictures: pd.DataFrame) -> str:
    digest = blake2b(f"{PREPARATION}".encode(), digest_size=16)
    for column in ("path", "content_hash"):
        digest.update("\0".join([column, *pictures[column], ""]).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _PixelFile:
    """An .npy file and, beside it, the paths of its rows, which are always there first."""

    path: Path
    shape: tuple[int, int, int, int]
    paths: tuple[str, ...]

    @property
    def paths_file(self) -> Path:
        return self.path.with_suffix(".json")

    def open(self) -> PixelArray | None:
        """The prepared pictures, or None if the files are missing, damaged or of other rows."""
        try:
            if json.loads(self.paths_file.read_bytes()) != list(self.paths):
                return None
            pixels = npy.open_memmap(self.path, mode="r")  # refuses a file that is too short
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            raise explain_os_error(error, self.path, "read") from error
        if pixels.shape != self.shape or pixels.dtype != np.uint8:
            return None
        return PixelArray(pixels, self.paths)

    def write(self, pieces: Iterable[NDArray[np.uint8]]) -> None:
        """Write rows one after another; the files appear only once they are complete.

        Plain writes, because a full disk kills a process that writes through a memory map.

        Raises:
            WorkspaceError: If the disk is full or the folder cannot be written to.
        """
        self._remove_leftovers()
        document = json.dumps(self.paths).encode()
        layout = {"descr": "|u1", "fortran_order": False, "shape": self.shape}
        with aside(self.path) as temporary, self._explained():
            if shutil.disk_usage(self.path.parent).free < prod(self.shape) + len(document):
                raise self._disk_full()
            with temporary.open("xb") as file:
                npy.write_array_header_1_0(file, layout)
                for piece in pieces:
                    file.write(piece.data)
                file.flush()
                os.fsync(file.fileno())
            write_atomically(self.paths_file, lambda file: file.write(document))

    def _remove_leftovers(self) -> None:
        """Delete what processes left behind that were killed while they wrote this file."""
        for name in (self.path.name, self.paths_file.name):
            for leftover in self.path.parent.glob(f".*.{name}"):
                with suppress(OSError):
                    leftover.unlink()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            explained = explain_os_error(error, self.path, "write")
            raise self._disk_full() if explained.reason == "disk-full" else explained from error

    def _disk_full(self) -> WorkspaceError:
        needed = -(-prod(self.shape) // MEGABYTE)
        free = shutil.disk_usage(self.path.parent).free // MEGABYTE
        return WorkspaceError(
            "disk-full",
            f"The prepared pictures need {needed:,} MB of disk in {self.path.parent}. "
            f"Received: {free:,} MB free. Free some space, choose a smaller picture size, or "
            "choose another workspace with --workspace.",
        )


@contextmanager
def _alone(workspace: Workspace, name: str, should_stop: ShouldStop | None) -> Iterator[None]:
    """Hold a lock between processes; while another holds it, stop requests are still heard."""
    lock = workspace.lock(name)
    while True:
        _raise_if_stopped(should_stop)
        try:
            lock.acquire(timeout=_LOCK_POLL_SECONDS)
            break
        except Timeout:
            continue
        except OSError as error:
            raise explain_os_error(error, Path(lock.lock_file), "lock") from error
    try:
        yield
    finally:
        lock.release()


def _prepare(
    root: Path,
    pictures: Sequence[Picture],
    data: DataConfig,
    progress: Progress | None,
    should_stop: ShouldStop | None,
) -> Pieces:
    """Prepared pictures, a few rows at a time, in their order."""
    done = 0
    with closing(_prepare_in_threads(root, pictures, data)) as pieces:
        for piece in pieces:
            _raise_if_stopped(should_stop)
            yield piece
            done += len(piece)
            if progress is not None:
                progress(done, len(pictures))


def _prepare_in_threads(root: Path, pictures: Sequence[Picture], data: DataConfig) -> Pieces:
    """Pieces small enough that those which wait do not fill the memory."""
    picture_bytes = math.prod(data.picture_shape)
    step = min(_PIECE_PICTURES, max(1, _PIECE_BYTES // picture_bytes))
    pieces = (pictures[start : start + step] for start in range(0, len(pictures), step))
    return in_order(lambda piece: _prepare_piece(root, piece, data), pieces)


def _prepare_piece(root: Path, pictures: Sequence[Picture], data: DataConfig) -> NDArray[np.uint8]:
    """A few prepared pictures, shape (n, size, size, channels)."""
    piece = np.empty((len(pictures), *data.picture_shape), dtype=np.uint8)
    for row, (path, content) in enumerate(pictures):
        piece[row] = look(_read_known(root, path, content), data, path).pixels
    return piece


def _read_known(root: Path, path: str, content: str) -> bytes:
    """The bytes of a picture that is still what was scanned."""
    said = ""
    try:
        found = read(root / path, "It")
        if content_hash(found) == content:
            return found
    except ImageError as error:
        said = f"{error.message} "
    raise DatasetError(
        "picture-changed",
        f"{path} has changed since the data set was scanned. {said}Scan the data set again.",
    )


def _raise_if_stopped(should_stop: ShouldStop | None) -> None:
    if should_stop is not None and should_stop():
        raise PreparationStopped
