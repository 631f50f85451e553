"""One plain server and one strict one for all tests of REST."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cnnlab.config import change_config
from cnnlab.inference.model import LiteModel, load_model
from cnnlab.networks.recipes import recipe
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import RunFiles, Workspace
from tests.finished import answers, finished_run
from tests.serving.rest_server import RestServer, rest_server

TOKEN = "open-sesame"
ORIGIN = "https://photos.example"


@dataclass
class Served:
    """A workspace, its finished run, and the server that answers from it."""

    server: RestServer
    place: Workspace
    store: Store
    dataset_id: str
    run_id: str

    @property
    def predict(self) -> str:
        return f"/v1/models/{self.run_id}/predict"

    @property
    def files(self) -> RunFiles:
        return RunFiles(self.place.run_folder(self.run_id))

    def another_run(self) -> str:
        """A second finished run with the same network; returns its id."""
        config = change_config(recipe("quick").config, {"training.epochs": 2})
        said = answers([True] * 4)
        run_id = finished_run(self.store, self.place, self.dataset_id, config, said)
        for file in (self.files.lite_model, self.files.model_facts):
            shutil.copy(file, self.place.run_folder(run_id) / file.name)
        return run_id


@pytest.fixture(scope="session")
def served_place(trained_once, tmp_path_factory) -> Iterator[tuple[Workspace, Store, str, str]]:
    original, dataset_id, run_id = trained_once
    place = Workspace(tmp_path_factory.mktemp("served") / "workspace")
    shutil.copytree(original.root, place.root)
    store = open_store(place)
    yield place, store, dataset_id, run_id
    store.close()


@pytest.fixture(scope="session")
def served(served_place) -> Iterator[Served]:
    """Without a token, one MiB a request."""
    place, store, dataset_id, run_id = served_place
    with rest_server(place.root, "--max-megabytes", "1") as server:
        yield Served(server, place, store, dataset_id, run_id)


@pytest.fixture(scope="session")
def strict(served_place) -> Iterator[Served]:
    """With a token, one run, one request at a time, and pages from one place."""
    place, store, dataset_id, run_id = served_place
    words = ["--max-requests", "1", "--run", run_id, "--allow-origin", ORIGIN]
    with rest_server(place.root, *words, environment={"CNNLAB_TOKEN": TOKEN}) as server:
        yield Served(server, place, store, dataset_id, run_id)


@pytest.fixture(scope="session")
def network(served_place) -> LiteModel:
    """The same network in this process."""
    place, _, _, run_id = served_place
    return load_model(RunFiles(place.run_folder(run_id)))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    from tests.pictures import coloured_square

    path = tmp_path / "photo.png"
    coloured_square("red", 77).save(path)
    return path
