"""Files that a browser sends are on disk, not in memory."""

import asyncio
import gc
import io
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.datastructures import UploadFile
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from cnnlab.runs.trays import arriving_folder, make_tray
from cnnlab.ui.arriving import BytesOnDisk, UploadOnDisk, keep_on_disk
from cnnlab.ui.uploaders import content_of
from cnnlab.workspace import Workspace

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("CNNLAB_WORKSPACE", str(workspace.root))
    return workspace


def read_request(content: bytes, size: int = -1) -> bytes:
    """Bytes as the server reads them from a request, in a loop of events of its own.

    A thread has at most one such loop, and a browser test before this one may have left its own.
    """
    with ThreadPoolExecutor(1) as threads:
        reading = UploadFile(io.BytesIO(content)).read
        return threads.submit(lambda: asyncio.run(reading(size))).result()


def receive(content: bytes = CONTENT) -> UploadOnDisk:
    """A file as the page gets it after the server has read it from a request."""
    keep_on_disk()
    data = read_request(content)
    record = UploadedFileRec("id", "photo.jpg", "image/jpeg", data)
    return UploadOnDisk(record, FileURLs())


def arrived(place: Workspace) -> list[Path]:
    return list(arriving_folder(place).iterdir())


def test_upload_is_written_to_disk_and_read_from_there(place: Workspace):
    upload = receive()
    assert upload.size == len(CONTENT)
    assert upload.getbuffer().nbytes == 0
    assert [file.read_bytes() for file in arrived(place)] == [CONTENT]
    assert upload.getvalue() == CONTENT
    assert upload.read(10) == CONTENT[:10]
    assert upload.tell() == 10
    assert upload.seek(-5, io.SEEK_END) == len(CONTENT) - 5
    assert upload.read() == CONTENT[-5:]
    upload.seek(0)
    copy = io.BytesIO()
    shutil.copyfileobj(upload, copy, 1000)
    assert copy.getvalue() == CONTENT


def test_zip_is_opened_where_it_lies(place: Workspace):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "inside")
    with zipfile.ZipFile(receive(content.getvalue())) as archive:
        assert archive.read("a.txt") == b"inside"


def test_upload_that_nobody_has_any_more_goes(place: Workspace):
    upload = receive()
    assert len(arrived(place)) == 1
    del upload
    gc.collect()
    assert not arrived(place)


def test_upload_becomes_part_of_a_tray_without_a_copy(place: Workspace):
    upload = receive()
    inode = arrived(place)[0].stat().st_ino
    tray = make_tray(place, [(upload.name, content_of(upload))])
    assert not arrived(place)
    del upload
    gc.collect()
    assert Path(tray.photos[0].source).stat().st_ino == inode
    assert Path(tray.photos[0].source).read_bytes() == CONTENT


def test_upload_stays_in_memory_where_it_cannot_be_written(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CNNLAB_WORKSPACE", str(small_disk / "workspace"))
    content = bytes(4_000_000)
    upload = receive(content)
    assert upload.on_disk is None
    assert upload.read() == content
    assert upload.tell() == len(content)
    assert content_of(upload) is upload
    assert not arrived(Workspace(small_disk / "workspace"))


def test_part_of_a_request_is_read_as_ever(place: Workspace):
    keep_on_disk()
    data = read_request(CONTENT, 7)
    assert data == CONTENT[:7]
    assert not isinstance(data, BytesOnDisk)
