"""Uploads on disk: what a browser sends is written to the workspace as it arrives.

Streamlit keeps every uploaded file in memory, and tells the page only when the last one of a
folder has come: by then, two hundred photos of a phone take more than half a gigabyte. Here the
server writes each to disk when it has arrived, and keeps its place instead of its bytes; the page
gets an object that reads from there. A file goes when nobody has it any more.
"""

from __future__ import annotations

import secrets
import shutil
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from streamlit.elements.widgets import file_uploader
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cnnlab.errors import CnnlabError
from cnnlab.runs.trays import arriving_folder
from cnnlab.ui import context

if TYPE_CHECKING:
    from streamlit.proto.Common_pb2 import FileURLs
    from streamlit.runtime.uploaded_file_manager import UploadedFileRec

_COPY_BYTES = 1_048_576


class _Owner:
    """Deletes a file when it is gone itself; bytes cannot be watched."""

    def __init__(self, path: Path) -> None:
        weakref.finalize(self, path.unlink, missing_ok=True)


class BytesOnDisk(bytes):
    """Takes the place of a file's bytes; it is as long as they are, but holds none."""

    path: Path
    size_bytes: int
    owner: _Owner

    @classmethod
    def keep(cls, source: BinaryIO, path: Path) -> BytesOnDisk:
        """Write what a file holds to a place, and own that."""
        kept = cls()
        kept.path = path
        kept.owner = _Owner(path)
        try:
            with path.open("xb") as target:
                shutil.copyfileobj(source, target, _COPY_BYTES)
                kept.size_bytes = target.tell()
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return kept

    def __len__(self) -> int:
        return self.size_bytes


class UploadOnDisk(UploadedFile):
    """An uploaded file that is read from its place on disk, if it is there."""

    def __init__(self, record: UploadedFileRec, file_urls: FileURLs) -> None:
        super().__init__(record, file_urls)
        self.on_disk = record.data if isinstance(record.data, BytesOnDisk) else None
        self._at = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes from where the last reading ended."""
        if self.on_disk is None:
            return super().read(size)
        with self.on_disk.path.open("rb") as file:
            file.seek(self._at)
            data = file.read(-1 if size is None else size)
            self._at = file.tell()
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Where to read next."""
        if self.on_disk is None:
            return super().seek(offset, whence)
        start = (0, self._at, self.size)[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        """Where the next reading begins."""
        return super().tell() if self.on_disk is None else self._at

    def getvalue(self) -> bytes:
        """All of it."""
        return super().getvalue() if self.on_disk is None else self.on_disk.path.read_bytes()


def keep_on_disk() -> None:
    """Make the server write uploads to disk; calling it again is harmless."""
    read, widgets = UploadFile.read, cast("Any", file_uploader)
    if widgets.UploadedFile is UploadOnDisk:
        return

    async def read_to_disk(upload: UploadFile, size: int = -1) -> bytes:
        if size >= 0:
            return await read(upload, size)
        try:
            return await run_in_threadpool(_keep, upload.file)
        except (OSError, CnnlabError):  # a full disk: who takes the file over will say so
            upload.file.seek(0)
            return await read(upload)

    widgets.UploadedFile = UploadOnDisk
    UploadFile.read = read_to_disk  # type: ignore[assignment, method-assign]


def _keep(file: BinaryIO) -> BytesOnDisk:
    return BytesOnDisk.keep(file, arriving_folder(context.workspace()) / secrets.token_hex(8))
