"""The pictures of a request: received within a cap, spilled to disk, deleted afterwards."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import anyio
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request

from cnnlab.datasets.photos import Photo
from cnnlab.serving.forms import FormFiles
from cnnlab.serving.problems import Problem, stood_still, too_large
from cnnlab.serving.settings import ServeSettings

FORM = "multipart/form-data"
RAW = ("image/*", "application/octet-stream")
_BUFFER_BYTES = 256 * 2**10  # kept in memory of each request


class _Files(Protocol):
    def feed(self, data: bytes) -> None: ...
    def finish(self) -> list[Photo]: ...
    def close(self) -> None: ...


class Upload:
    """The body of one request. A context manager, whose end deletes what was written.

    Args:
        request: Nothing of its body has been read yet.
        settings: The caps.
        name: What a picture is called that is the whole body.

    Raises:
        Problem: 413 if the body says that it is too large, 415 if it is nothing that is read.
    """

    def __init__(self, request: Request, settings: ServeSettings, name: str) -> None:
        self._request = request
        self._settings = settings
        self._name = name
        self._kind = _content_kind(request)
        self._waiting = bytearray()
        self._files: _Files | None = None
        self._folder: Path | None = None
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > settings.max_bytes:
            raise too_large(settings.max_bytes)

    async def receive(self) -> None:
        """Read the body to its end.

        Raises:
            Problem: If it is too large (413), stands still (408) or is malformed (400), or the disk
                is full (507).
            ClientDisconnect: If the caller has gone.
        """
        count, more = 0, True
        while more:
            try:
                with anyio.fail_after(self._settings.idle_seconds):
                    message = await self._request.receive()
            except TimeoutError as error:
                raise stood_still(self._settings.idle_seconds) from error
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece, more = message.get("body", b""), message.get("more_body", False)
            count += len(piece)
            if count > self._settings.max_bytes:
                raise too_large(self._settings.max_bytes)
            self._waiting += piece
            if len(self._waiting) >= _BUFFER_BYTES:
                await run_sync(self._spill)

    def photos(self) -> list[Photo]:
        """The pictures, once the body was received; called on a thread.

        Raises:
            Problem: If the body is malformed or holds no picture (400), or the disk is full (507).
        """
        self._spill()
        photos = self._files.finish() if self._files else []
        if not photos:
            raise Problem(
                400, "no-pictures", "The request holds no picture. Send at least one file."
            )
        return photos

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._files is not None:
            self._files.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _spill(self) -> None:
        """Hand over what has arrived."""
        try:
            if self._files is None:
                self._folder = Path(tempfile.mkdtemp(prefix="cnnlab-upload-"))
                self._files = self._open_files(self._folder)
            self._files.feed(bytes(self._waiting))
        except OSError as error:
            raise _unwritable(error) from error
        self._waiting.clear()

    def _open_files(self, folder: Path) -> _Files:
        if self._kind == FORM:
            return FormFiles(self._request.headers["content-type"], folder)
        return _OneFile(self._name, folder)


class _OneFile:
    """A body that is a picture."""

    def __init__(self, name: str, folder: Path) -> None:
        self._photo = Photo(name=name, source=folder / "1")
        self._open = (folder / "1").open("xb")
        self._empty = True

    def feed(self, data: bytes) -> None:
        self._open.write(data)
        self._empty = self._empty and not data

    def finish(self) -> list[Photo]:
        self._open.close()
        return [] if self._empty else [self._photo]

    def close(self) -> None:
        self._open.close()


def _content_kind(request: Request) -> str:
    """The content type without its parameters, if it is one that is read."""
    said = request.headers.get("content-type", "")
    kind = said.partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    accepted = ", ".join((FORM, *RAW))
    if kind not in (FORM, RAW[1]) and not kind.startswith("image/"):
        raise Problem(
            415,
            "unsupported-type",
            f"The content type must be {FORM} with files, or image/... or {RAW[1]} with one "
            f"picture as the body. Received: {said[:80]!r}.",
            {"Accept-Post": accepted},
        )
    if encoding != "identity":
        raise Problem(
            415,
            "unsupported-encoding",
            f"A body must come as it is, without a content encoding. Received: {encoding[:80]!r}.",
            {"Accept-Post": accepted},
        )
    return kind


def _unwritable(error: OSError) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(
            507,
            "disk-full",
            "The server's disk is full: the pictures could not be kept while they are looked at. "
            "Free some space there, or send fewer at a time.",
        )
    return Problem(
        500,
        "unwritable",
        f"The server could not keep the pictures while they are looked at ({error.strerror}).",
    )
