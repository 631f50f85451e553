"""Prepared pictures: one file, written by one process, shared by all."""

import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

import cnnlab
from cnnlab.config import Colour, DataConfig
from cnnlab.datasets import images
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.pixels import PreparationStopped, open_pixels
from cnnlab.datasets.scan import scan
from cnnlab.errors import DatasetError, WorkspaceError
from cnnlab.workspace import Workspace, open_workspace

SMALL = DataConfig(size=16)
CHECKOUT = Path(cnnlab.__file__).parents[1]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Sixty small pictures in two classes, JPEG and PNG, colour and grey, of many shapes."""
    rng = np.random.default_rng(7)
    for number in range(60):
        folder = tmp_path / "pictures" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        shape = (20 + number % 7, 24 - number % 5, 3)[: 2 if number % 6 == 0 else 3]
        picture = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
        picture.save(folder / f"{number:02}.{'png' if number % 3 else 'jpg'}")
    return tmp_path / "pictures"


@pytest.fixture
def index(root: Path) -> DatasetIndex:
    return scan(root)


def files(workspace: Workspace) -> list[str]:
    folder = workspace.pixels_folder
    return sorted(path.suffix for path in folder.iterdir()) if folder.exists() else []


def the_file(workspace: Workspace, suffix: str = ".npy") -> Path:
    (path,) = workspace.pixels_folder.glob(f"*{suffix}")
    return path


# --- content ---


@pytest.mark.parametrize(
    "data",
    [SMALL, DataConfig(size=9), DataConfig(size=16, colour=Colour.GREY)],
    ids=["small", "odd side", "grey"],
)
def test_every_row_is_the_picture_loaded_and_prepared(workspace, root, index, data):
    prepared = open_pixels(workspace, root, index.usable, data)
    assert prepared.paths == tuple(index.usable["path"])
    assert prepared.pixels.dtype == np.uint8
    assert prepared.pixels.shape == (60, data.size, data.size, data.colour.channels)
    for path, row in zip(prepared.paths, prepared.pixels, strict=True):
        picture = images.load(root / path)
        np.testing.assert_array_equal(
            row, images.prepare(picture, data.size, data.resize, data.colour)
        )


def test_rows_are_found_by_path_in_the_order_asked_for(workspace, root, index):
    prepared = open_pixels(workspace, root, index.usable, SMALL)
    asked = [prepared.paths[41], prepared.paths[0], prepared.paths[17]]
    assert prepared.rows(asked).tolist() == [41, 0, 17]
    with pytest.raises(DatasetError, match=r"cat/none\.png"):
        prepared.rows(["cat/none.png"])


def test_pictures_are_mapped_read_only(workspace, root, index):
    prepared = open_pixels(workspace, root, index.usable, SMALL)
    assert isinstance(prepared.pixels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        prepared.pixels[0] = 0


def test_pictures_are_prepared_once_for_each_way_of_preparing(workspace, root, index):
    others = [DataConfig(size=9), DataConfig(size=16, colour=Colour.GREY)]
    before = [open_pixels(workspace, root, index.usable, data).pixels for data in (SMALL, *others)]
    shutil.rmtree(root)  # from here on nothing can be decoded
    after = [open_pixels(workspace, root, index.usable, data).pixels for data in (SMALL, *others)]
    for first, second in zip(before, after, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_changed_data_set_gets_a_file_of_its_own(workspace, root, index):
    before = open_pixels(workspace, root, index.usable, SMALL).pixels
    Image.new("RGB", (20, 20), "red").save(root / "cat" / "00.png")
    after = open_pixels(workspace, root, scan(root).usable, SMALL)
    assert len(before) == 60
    assert len(after.pixels) == 61
    assert after.pixels[after.rows(["cat/00.png"])[0], 0, 0].tolist() == [255, 0, 0]


def test_progress_counts_up_to_all_pictures(workspace, root, index):
    seen = []
    open_pixels(workspace, root, index.usable, SMALL, progress=lambda *counts: seen.append(counts))
    done = [count for count, _ in seen]
    assert done == sorted(set(done))
    assert len(done) > 1
    assert seen[-1] == (60, 60)


# --- damage ---


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(b"no array at all" * 5000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_array(path: Path) -> None:
    np.save(path, np.zeros((60, 16, 16, 3), dtype=np.float32))


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [
        (".npy", cut_in_half),
        (".npy", overwrite),
        (".npy", empty),
        (".npy", replace_array),
        (".npy", Path.unlink),
        (".json", cut_in_half),
        (".json", Path.unlink),
        (".json", lambda path: path.write_text('["another.png"]')),
    ],
)
def test_damaged_file_is_written_anew(workspace, root, index, suffix, damage):
    good = np.array(open_pixels(workspace, root, index.usable, SMALL).pixels)
    damage(the_file(workspace, suffix))
    built = []

    again = open_pixels(workspace, root, index.usable, SMALL, progress=lambda *_: built.append(1))

    assert built
    np.testing.assert_array_equal(again.pixels, good)
    assert files(workspace) == [".json", ".npy"]


@pytest.mark.parametrize("change", [Path.unlink, cut_in_half, empty])
def test_picture_that_changed_since_the_scan_is_named(workspace, root, index, change):
    change(root / "dog" / "31.png")
    with pytest.raises(DatasetError, match=r"dog/31\.png has changed") as refused:
        open_pixels(workspace, root, index.usable, SMALL)
    assert refused.value.reason == "picture-changed"
    assert "Scan the data set again" in refused.value.message
    assert files(workspace) == []


def test_no_usable_picture_is_refused(workspace, tmp_path):
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    (tmp_path / "pictures" / "cat" / "0.png").write_bytes(b"")
    with pytest.raises(DatasetError) as refused:
        open_pixels(workspace, tmp_path, scan(tmp_path / "pictures").usable, SMALL)
    assert refused.value.reason == "no-images"


# --- stopping ---


def test_stop_request_leaves_nothing_behind_and_does_no_harm(workspace, root, index):
    done = []
    with pytest.raises(PreparationStopped):
        open_pixels(
            workspace,
            root,
            index.usable,
            SMALL,
            progress=lambda count, _: done.append(count),
            should_stop=lambda: bool(done),
        )
    assert done[-1] < 60
    assert files(workspace) == []
    assert len(open_pixels(workspace, root, index.usable, SMALL).pixels) == 60


def test_stop_request_is_heard_while_another_process_prepares(workspace, root, index):
    open_pixels(workspace, root, index.usable, SMALL)
    the_file(workspace).unlink()
    (lock_file,) = workspace.locks_folder.glob("pixels-*")
    asked = threading.Event()

    def should_stop() -> bool:
        if asked.is_set():
            return True  # the second time: it has waited in between
        asked.set()
        return False

    with FileLock(lock_file), pytest.raises(PreparationStopped):
        open_pixels(workspace, root, index.usable, SMALL, should_stop=should_stop)


# --- several processes ---

OPEN_IN_ANOTHER_PROCESS = """
import sys, time
from pathlib import Path
from cnnlab.config import DataConfig
from cnnlab.datasets.pixels import open_pixels
from cnnlab.datasets.scan import scan
from cnnlab.workspace import open_workspace

workspace, root, notes = map(Path, sys.argv[1:])
index = scan(root)

def note(name):
    (notes / name).touch()

def wait_for(name):
    deadline = time.monotonic() + 60
    while not (notes / name).exists() and time.monotonic() < deadline:
        time.sleep(0.01)

def show(progress):
    prepared = open_pixels(
        open_workspace(workspace), root, index.usable, DataConfig(size=16), progress=progress
    )
    print(len(prepared.paths), int(prepared.pixels.sum()))
"""


@pytest.fixture
def start(workspace, root, tmp_path):
    """Start a script in a process of its own; all still running are ended afterwards."""
    notes = tmp_path / "notes"
    notes.mkdir()
    started = []

    def start(script: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", OPEN_IN_ANOTHER_PROCESS + script),
                *map(str, (workspace.root, root, notes)),
            ],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_two_processes_at_once_prepare_once_and_see_the_same(workspace, root, index, start):
    builder = """
def progress(done, total):
    note("building")
    wait_for("waiting")
    print("built", done)
"""
    first = start(builder + "show(progress)")
    second = start('wait_for("building")\nnote("waiting")\nshow(lambda *_: print("built too"))')
    first_words, second_words = (process.communicate(timeout=120)[0] for process in (first, second))
    assert (first.returncode, second.returncode) == (0, 0)
    assert "built 60" in first_words
    assert second_words.splitlines() == first_words.splitlines()[-1:]
    expected = int(open_pixels(workspace, root, index.usable, SMALL).pixels.sum())
    assert second_words.split() == ["60", str(expected)]


def test_process_killed_in_the_middle_leaves_no_trace_after_the_next_one(
    workspace, root, index, start
):
    process = start("""
def progress(done, total):
    print("begun", flush=True)
    time.sleep(120)
show(progress)
""")
    assert process.stdout.readline() == "begun\n"
    process.kill()  # SIGKILL, or its like on Windows
    process.wait(timeout=60)
    (partial,) = workspace.pixels_folder.iterdir()

    prepared = open_pixels(workspace, root, index.usable, SMALL)

    assert not partial.exists()
    assert files(workspace) == [".json", ".npy"]
    for path, row in zip(prepared.paths, prepared.pixels, strict=True):
        picture = images.load(root / path)
        np.testing.assert_array_equal(
            row, images.prepare(picture, SMALL.size, SMALL.resize, SMALL.colour)
        )


# --- a full disk ---


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_file_that_the_system_refuses_to_let_grow_is_removed(workspace, start):
    process = start("""
import resource
from cnnlab.errors import WorkspaceError
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # of about 46,000 needed
try:
    show(None)
except WorkspaceError as error:
    print(error.reason)
""")
    assert process.communicate(timeout=120)[0] == "disk-full\n"
    assert files(workspace) == []


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not permit mounting a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_disk_too_small_is_refused_before_anything_is_written(small_disk, root, index):
    workspace = open_workspace(small_disk / "workspace")
    with pytest.raises(WorkspaceError, match=r"need 3 MB .* Received: 2 MB free") as refused:
        open_pixels(workspace, root, index.usable, DataConfig(size=128))  # 2.9 MB
    assert refused.value.reason == "disk-full"
    assert files(workspace) == []
    open_pixels(workspace, root, index.usable, DataConfig(size=64))  # 0.7 MB: still usable


def test_disk_that_fills_up_meanwhile_keeps_nothing_partial(small_disk, root, index):
    workspace = open_workspace(small_disk / "workspace")

    def fill_up(*_: int) -> None:
        with suppress(OSError), (small_disk / "others").open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    with pytest.raises(WorkspaceError) as refused:
        open_pixels(workspace, root, index.usable, DataConfig(size=64), progress=fill_up)

    assert refused.value.reason == "disk-full"
    assert "Received: 0 MB free" in refused.value.message
    assert files(workspace) == []
    (small_disk / "others").unlink()
    assert len(open_pixels(workspace, root, index.usable, DataConfig(size=64)).pixels) == 60
