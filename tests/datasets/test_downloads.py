"""Downloads from a real server: whole, cut, continued, wrong, missing, unreachable."""

import base64
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from cnnlab.datasets import downloads
from cnnlab.datasets.downloads import download
from cnnlab.errors import DatasetError, WorkspaceError
from tests.file_server import serve_file

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(downloads, "_PAUSE_SECONDS", 0.0)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "downloads" / "set.bin"


def left_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_arrives_whole_with_progress(file):
    seen = []
    with serve_file(CONTENT) as server:
        download(server.url, SHA256, file, lambda *counts: seen.append(counts))
    assert file.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert left_in(file.parent) == ["set.bin"]


def test_a_file_that_is_there_is_not_downloaded_again(file):
    with serve_file(CONTENT) as server:
        download(server.url, SHA256, file)
        download(server.url, SHA256, file)
    assert server.asked == [""]


def test_a_cut_connection_is_continued_where_it_was_cut(file):
    with serve_file(CONTENT, cut_after=[200_000, 100_000, None]) as server:
        download(server.url, SHA256, file)
    assert file.read_bytes() == CONTENT
    assert server.asked[0] == ""
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in server.asked[1:]]
    assert starts[0] > 0
    assert starts == sorted(starts)
    assert len(starts) == 2


def test_a_connection_that_is_cut_again_and_again_keeps_what_arrived(file):
    with serve_file(CONTENT, cut_after=[50_000] * 10) as server:
        with pytest.raises(DatasetError, match="try again") as refused:
            download(server.url, SHA256, file)
        assert refused.value.reason == "connection-lost"
        assert not file.exists()
        server.cut_after = []
        download(server.url, SHA256, file)
    assert file.read_bytes() == CONTENT
    assert server.asked[-1].startswith("bytes=")


def test_a_server_that_knows_no_ranges_starts_over(file):
    with serve_file(CONTENT, cut_after=[200_000, None], ranges=False) as server:
        download(server.url, SHA256, file)
    assert file.read_bytes() == CONTENT


def test_halves_of_different_files_are_never_glued_together(file):
    with serve_file(CONTENT, cut_after=[100_000] * 10) as server:
        with pytest.raises(DatasetError):
            download(server.url, SHA256, file)
        server.content, server.etag, server.cut_after = CONTENT[::-1], '"two"', []
        digest = "sha256:" + hashlib.sha256(server.content).hexdigest()
        download(server.url, digest, file)
    assert file.read_bytes() == CONTENT[::-1]


def test_a_wrong_checksum_is_said_and_everything_deleted(file):
    with serve_file(CONTENT[:-1] + b"!") as server:
        with pytest.raises(DatasetError, match="checksum") as refused:
            download(server.url, SHA256, file)
        assert refused.value.reason == "wrong-checksum"
        assert left_in(file.parent) == []
        server.content = CONTENT
        download(server.url, SHA256, file)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("right", [True, False])
def test_without_a_known_hash_the_storage_servers_own_counts(file, right):
    said = CONTENT if right else b"something else"
    md5 = base64.b64encode(hashlib.md5(said).digest()).decode()
    with serve_file(CONTENT, headers={"x-goog-hash": f"crc32c=AAAA, md5={md5}"}) as server:
        if right:
            assert download(server.url, None, file).read_bytes() == CONTENT
        else:
            with pytest.raises(DatasetError) as refused:
                download(server.url, None, file)
            assert refused.value.reason == "wrong-checksum"
            assert left_in(file.parent) == []


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_file_that_is_not_there_is_named_with_its_status(file, status):
    with serve_file(CONTENT, status=status) as server, pytest.raises(DatasetError) as refused:
        download(server.url, SHA256, file)
    assert refused.value.reason == "download-failed"
    assert str(status) in str(refused.value)
    assert server.url in str(refused.value)


def test_without_a_connection_the_way_by_hand_is_told(file):
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DatasetError) as refused:
        download(f"http://127.0.0.1:{port}/set.bin", SHA256, file)
    assert refused.value.reason == "offline"
    assert str(file) in str(refused.value)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(CONTENT)  # brought by hand
    assert download(f"http://127.0.0.1:{port}/set.bin", SHA256, file) == file


def test_what_progress_raises_stops_and_keeps_the_part(file):
    def stop(done, total):
        if done > 100_000:
            raise DatasetError("stopped", "Stopped.")

    with serve_file(CONTENT) as server:
        with pytest.raises(DatasetError, match="Stopped"):
            download(server.url, SHA256, file, stop)
        download(server.url, SHA256, file)
    assert server.asked[1].startswith("bytes=")


def test_a_killed_download_is_continued_by_the_next_process(file):
    code = "import sys; from pathlib import Path; from cnnlab.datasets.downloads import download; "
    code += "download(sys.argv[1], sys.argv[2], Path(sys.argv[3]))"
    with serve_file(CONTENT, pause_seconds=0.02) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", code, server.url, SHA256, str(file)], stderr=subprocess.PIPE
        )
        part = file.with_name(f".{file.name}.part")
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size > 100_000):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        server.pause_seconds = 0.0
        download(server.url, SHA256, file)
    assert file.read_bytes() == CONTENT
    assert server.asked[1].startswith("bytes=")


def test_a_full_disk_is_said(small_disk):
    with serve_file(bytes(3_000_000)) as server, pytest.raises(WorkspaceError) as refused:
        download(server.url, SHA256, small_disk / "set.bin")
    assert refused.value.reason == "disk-full"
