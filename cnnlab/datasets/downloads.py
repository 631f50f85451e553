"""Downloading a file, through pooch, so that a cut connection costs only what was still missing."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cnnlab.errors import CnnlabError, DatasetError
from cnnlab.progress import Progress
from cnnlab.workspace import explain_os_error

if TYPE_CHECKING:
    import requests


TRIES = 4
_PAUSE_SECONDS = 0.5
_TIMEOUT_SECONDS = (10.0, 30.0)  # to connect, and between two pieces
_CHUNK_BYTES = 16_384
_STORAGE_HASH = "x-goog-hash"


def download(
    url: str, known_hash: str | None, file: Path, progress: Progress | None = None
) -> Path:
    """Download a file and check it; one that is there and right already is taken as it is.

    What has arrived stays beside `file` when the connection is cut, the process ends or `progress`
    raises, and the next call continues there, if the server's file is still the same.

    Args:
        url: Where it is.
        known_hash: "sha256:..." or "md5:..."; None trusts the checksum that the server itself
            sends, where it sends one.
        file: Where to put it.
        progress: Told the bytes done and in all (0 if unknown), from the calling thread.

    Raises:
        DatasetError: "offline", "connection-lost", "download-failed" or "wrong-checksum"; the
            message says what to do.
        WorkspaceError: If the disk is full or may not be written to.
    """
    import pooch

    pooch.get_logger().setLevel(logging.CRITICAL)
    transfer = _Transfer(url, file, progress)
    try:
        pooch.retrieve(
            url,
            known_hash=known_hash,
            fname=file.name,
            path=file.parent,
            downloader=lambda _url, target, _pooch: transfer.run(Path(target)),
        )
    except OSError as error:
        raise explain_os_error(error, file, "write the download to") from error
    except ValueError as error:  # how pooch says that the hash does not match
        raise DatasetError(
            "wrong-checksum",
            f"What arrived from {url} is not what it should be: its checksum differs. It was "
            "deleted. Try again; if it stays so, the file has changed at its source.",
        ) from error
    return file


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One file on its way; the part that has arrived is on disk."""

    url: str
    file: Path
    progress: Progress | None

    @property
    def part(self) -> Path:
        return self.file.with_name(f".{self.file.name}.part")

    @property
    def source_facts(self) -> Path:
        """What the server said of its file, to notice when it becomes another."""
        return self.file.with_name(f".{self.file.name}.part.json")

    def run(self, target: Path) -> None:
        """Fetch what is missing, with some patience, then put it at `target`."""
        import requests

        lost: Exception | None = None
        for attempt in range(TRIES):
            try:
                self._fetch()
                break
            except (requests.ConnectionError, requests.Timeout) as error:
                lost = error
                time.sleep(_PAUSE_SECONDS * attempt)
            except requests.RequestException as error:  # it began, and was cut
                lost = error
        else:
            raise self._explain(lost) from lost
        self.part.replace(target)
        self.source_facts.unlink(missing_ok=True)

    def _fetch(self) -> None:
        """One request for everything from the first missing byte on."""
        import requests

        have = self.part.stat().st_size if self.part.exists() else 0
        known = self._known_source()
        headers = {"Accept-Encoding": "identity"}
        if have and known.get("tag"):
            headers |= {"Range": f"bytes={have}-", "If-Range": known["tag"]}
        else:
            have = 0
        with requests.get(
            self.url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS
        ) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                if have and have == known.get("total"):  # nothing was missing any more
                    self._check_server_hash(known.get("hash", ""))
                    return
                self._forget()
                raise requests.ConnectionError("the part did not fit the file any more")
            if response.status_code not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                raise self._failed(response)
            if not _continues(response, have):
                have = 0
            total = have + int(response.headers.get("Content-Length") or 0)
            self._note_source(response, total)
            self._write(response, have, total)

    def _write(self, response: requests.Response, have: int, total: int) -> None:
        import requests

        with self.part.open("r+b" if have else "wb") as file:
            file.seek(have)
            done = have
            for piece in response.iter_content(_CHUNK_BYTES):
                file.write(piece)
                done += len(piece)
                if self.progress is not None:
                    self.progress(done, total)
        if total > have and done < total:
            raise requests.exceptions.ChunkedEncodingError("the connection was cut")
        self._check_server_hash(response.headers.get(_STORAGE_HASH, ""))

    def _check_server_hash(self, header: str) -> None:
        """Compare with the checksum that some storage servers send along."""
        said = [part.strip() for part in header.split(",")]
        expected = next((part[4:] for part in said if part.startswith("md5=")), None)
        if expected is None:
            return
        digest = hashlib.md5(usedforsecurity=False)
        with self.part.open("rb") as file:
            while piece := file.read(_CHUNK_BYTES):
                digest.update(piece)
        if base64.b64encode(digest.digest()).decode() != expected:
            self._forget()
            raise ValueError("the server's own checksum differs")

    def _known_source(self) -> Mapping[str, Any]:
        try:
            document = json.loads(self.source_facts.read_bytes())
        except (OSError, ValueError):
            return {}
        return document if isinstance(document, dict) and document.get("url") == self.url else {}

    def _note_source(self, response: requests.Response, total: int) -> None:
        etag = response.headers.get("ETag", "")
        tag = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")
        stated = response.headers.get(_STORAGE_HASH, "")
        facts = {"url": self.url, "tag": tag, "total": total, "hash": stated}
        self.source_facts.write_text(json.dumps(facts), encoding="utf-8")

    def _forget(self) -> None:
        for file in (self.part, self.source_facts):
            with suppress(FileNotFoundError):
                file.unlink()

    def _failed(self, response: requests.Response) -> DatasetError:
        return DatasetError(
            "download-failed",
            f"{urlsplit(self.url).netloc} answered {response.status_code} {response.reason} for "
            f"{self.url}. The file may have moved. {self._by_hand()}",
        )

    def _explain(self, error: Exception | None) -> CnnlabError:
        have = self.part.stat().st_size if self.part.exists() else 0
        if have:
            return DatasetError(
                "connection-lost",
                f"The connection to {urlsplit(self.url).netloc} was lost after "
                f"{have / 1e6:,.1f} MB, {TRIES} times. What has arrived is kept: try again, and it "
                "continues there.",
            )
        return DatasetError(
            "offline",
            f"{urlsplit(self.url).netloc} cannot be reached ({type(error).__name__}). Check the "
            f"connection and try again. {self._by_hand()}",
        )

    def _by_hand(self) -> str:
        return f"Or bring the file from another machine and put it at {self.file}."


def _continues(response: requests.Response, have: int) -> bool:
    """Whether the answer begins where the part ends."""
    if response.status_code != HTTPStatus.PARTIAL_CONTENT or not have:
        return False
    return response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
