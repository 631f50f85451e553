"""The files of a form (multipart/form-data), written to disk while they arrive."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from cnnlab.datasets.photos import Photo
from cnnlab.serving.problems import Problem
from cnnlab.serving.settings import MOST_FILES

FIELD = "file"


class FormFiles:
    """Takes a form's body piece by piece; one file is open at a time, and none kept in memory.

    Args:
        content_type: The header with the form's boundary.
        folder: Where the files go.

    Raises:
        Problem: From any method: 400 if it is no well-formed form of files, 413 if they are too
            many.
    """

    def __init__(self, content_type: str, folder: Path) -> None:
        self._folder = folder
        self._photos: list[Photo] = []
        self._header, self._value = b"", b""
        self._disposition = b""
        self._open: BinaryIO | None = None
        self._complete = False
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise _malformed("its content type names no boundary")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._on_header,
                    "on_header_value": self._on_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open_file,
                    "on_part_data": self._write,
                    "on_part_end": self.close,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _malformed(str(error)) from error

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            OSError: If a file cannot be written.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _malformed(str(error)) from error

    def finish(self) -> list[Photo]:
        """The files, in order, once the body has ended."""
        if not self._complete:
            raise _malformed("it ends before its last boundary")
        return self._photos

    def close(self) -> None:
        """Let go of the file that is being written."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _begin_part(self) -> None:
        self._disposition = b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _open_file(self) -> None:
        _, options = parse_options_header(self._disposition)
        field = options.get(b"name", b"").decode(errors="replace")
        if field != FIELD:
            raise Problem(
                400,
                "unknown-field",
                f"The fields of the form must be called {FIELD!r}, one a picture. Received: "
                f"{field[:80]!r}.",
            )
        if len(self._photos) == MOST_FILES:
            raise Problem(
                413,
                "too-many-files",
                f"A request may have {MOST_FILES} pictures. Send the others in further requests.",
            )
        number = len(self._photos) + 1
        name = options.get(b"filename", b"").decode(errors="replace")
        path = self._folder / str(number)
        self._photos.append(Photo(name=name or f"photo-{number}", source=path))
        self._open = path.open("xb")

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._open is not None:
            self._open.write(data[start:end])

    def _end(self) -> None:
        self._complete = True


def _malformed(cause: str) -> Problem:
    return Problem(
        400,
        "malformed-form",
        f"The body is not a well-formed form: {cause.rstrip('.')}. Let a library write it.",
    )
