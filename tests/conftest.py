"""Fixtures that more than one test module uses."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import Workspace, open_workspace
from tests.pictures import write_class_folders
from tests.trained import make_trained_workspace

settings.register_profile("ci", deadline=None, derandomize=True)

os.environ.setdefault("CNNLAB_WARM_WORKER", "off")  # its start would take the tests' processor

DATA_VARIABLE = "CNNLAB_TEST_DATA"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace; processes that work in it are ended afterwards."""
    place = open_workspace(tmp_path / "workspace")
    yield place
    end_processes_of(place)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    opened = open_store(workspace)
    yield opened
    opened.close()


@pytest.fixture
def class_folders(tmp_path: Path) -> Path:
    """Sixty small pictures in three classes."""
    return write_class_folders(tmp_path / "colours")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published data sets, where there is one."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder or not Path(folder).is_dir():
        pytest.skip(f"{DATA_VARIABLE} names no folder of published data sets")
    return Path(folder)


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str, str]:
    """A workspace with a finished run, its data set's id and the run's id; do not change it."""
    return make_trained_workspace(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def trained(
    trained_once: tuple[Workspace, str, str], tmp_path: Path
) -> Iterator[tuple[Workspace, str, str]]:
    """A copy of a workspace with a finished run, to be changed and damaged at will."""
    original, dataset_id, run_id = trained_once
    place = Workspace(tmp_path / "trained")
    shutil.copytree(original.root, place.root)
    yield place, dataset_id, run_id
    end_processes_of(place)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def end_processes_of(place: Workspace) -> None:
    """End the scheduler and workers that were started for a workspace."""
    root = str(place.root)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            if "cnnlab" in command and root in command:
                process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
                process.wait(timeout=10)
