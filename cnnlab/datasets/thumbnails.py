"""Small pictures for galleries, kept in memory, and on disk where decoding takes long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from cnnlab.datasets.images import content_hash, load, read, thumbnail
from cnnlab.errors import ImageError, WorkspaceError
from cnnlab.workspace import write_atomically

SIDE_PX = 192
BUDGET_BYTES = 16_000_000
_SLOW_BYTES = 300_000  # files from this size on take long enough to decode
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A file and what is in it.

    Attributes:
        content_hash: Digest of its bytes, as the index has it.
    """

    path: Path
    content_hash: str


class Thumbnails:
    """Thumbnails by content; safe to share between threads.

    Args:
        folder: Where those of large files are kept; it may be deleted at any time.
        budget_bytes: Most that is kept in memory; what was not asked for longest goes first.
    """

    def __init__(self, folder: Path, budget_bytes: int = BUDGET_BYTES) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._known_bytes = 0
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="thumbnail")

    def get(self, pictures: Sequence[Picture]) -> list[bytes | None]:
        """JPEGs with sides of at most `SIDE_PX`; None for a picture that cannot be read."""
        return list(self._pool.map(self._one, pictures))

    def _one(self, picture: Picture) -> bytes | None:
        key = picture.content_hash
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
                return found
        made, is_known = self._from_disk(picture), True
        if made is None:
            made, is_known = self._make(picture)
        if made is not None and is_known:
            self._keep(key, made)
        return made

    def _keep(self, key: str, jpeg: bytes) -> None:
        with self._lock:
            if key not in self._known:
                self._known[key] = jpeg
                self._known_bytes += len(jpeg)
            while self._known_bytes > self._budget_bytes:
                self._known_bytes -= len(self._known.popitem(last=False)[1])

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}-{SIDE_PX}.jpg"

    def _from_disk(self, picture: Picture) -> bytes | None:
        with suppress(OSError):
            if picture.path.stat().st_size >= _SLOW_BYTES:
                return self._file(picture.content_hash).read_bytes()
        return None

    def _make(self, picture: Picture) -> tuple[bytes | None, bool]:
        """A new thumbnail, and whether it is of the content that was asked for."""
        try:
            data = read(picture.path, picture.path.name)
            jpeg = thumbnail(load(data, picture.path.name), SIDE_PX)
        except ImageError:
            return None, False
        if content_hash(data) != picture.content_hash:  # the file has changed since the scan
            return jpeg, False
        if len(data) >= _SLOW_BYTES:
            with suppress(WorkspaceError, OSError):  # a full disk only costs time
                write_atomically(self._file(picture.content_hash), lambda file: file.write(jpeg))
        return jpeg, True
