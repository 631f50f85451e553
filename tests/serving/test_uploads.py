"""Bodies that stand still, and what stays on disk."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import uvicorn

from cnnlab.runs.store import open_store
from cnnlab.serving.app import make_app
from cnnlab.serving.models import ServedModels
from cnnlab.serving.server import listen
from cnnlab.serving.settings import ServeSettings
from tests.pictures import coloured_square
from tests.serving.asking import half_a_request
from tests.serving.conftest import Served
from tests.serving.rest_server import RestServer


@contextmanager
def served_here(place, run_id, dataset_id, settings: ServeSettings) -> Iterator[Served]:
    """A server on a thread of this process."""
    store = open_store(place)
    app = make_app(ServedModels(place, store), settings)
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield Served(RestServer(None, url, Path(os.devnull)), place, store, dataset_id, run_id)
    finally:
        server.should_exit = True
        thread.join(timeout=60)
        listening.close()
        store.close()


def test_a_body_that_stands_still_is_given_up(trained):
    place, dataset_id, run_id = trained
    with (
        served_here(place, run_id, dataset_id, ServeSettings(idle_seconds=0.3)) as served,
        half_a_request(served) as connection,
    ):
        response = connection.getresponse()
        assert response.status == 408
        assert b"request-timeout" in response.read()
        served.server.wait_for(0)


def test_pictures_are_on_disk_while_they_come_and_gone_afterwards(trained, tmp_path, monkeypatch):
    place, dataset_id, run_id = trained
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    def on_disk() -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def large() -> Iterator[bytes]:
        for _ in range(40):
            yield os.urandom(2**16)
        deadline = time.monotonic() + 60
        while on_disk() < 2**21:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield b"the end"

    with served_here(place, run_id, dataset_id, ServeSettings()) as served:
        response = served.server.post(
            served.predict, data=large(), headers={"Content-Type": "image/png"}
        )
        assert response.status_code == 422
        assert list(folder.iterdir()) == []


def test_a_full_disk_is_named(trained, small_disk, monkeypatch):
    place, dataset_id, run_id = trained
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with served_here(place, run_id, dataset_id, ServeSettings()) as served:
        response = served.server.post(
            served.predict, files={"file": ("large.png", os.urandom(4 * 2**20))}
        )
        assert (response.status_code, response.json()["error"]) == (507, "disk-full")
        assert list(small_disk.iterdir()) == []
        picture = small_disk.parent / "photo.png"
        coloured_square("red", 5).save(picture)
        again = requests.post(
            served.server.url + served.predict,
            files={"file": picture.read_bytes()},
            timeout=60,
        )
        assert again.status_code == 200
