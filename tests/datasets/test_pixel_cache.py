"""Prepared pictures stay within their budget, and deleting them costs time only."""

import os
from pathlib import Path

import numpy as np
import pytest

from cnnlab.config import DataConfig, Resize
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.pixel_cache import PixelCache
from cnnlab.datasets.pixels import StreamedPixels, open_pixels
from cnnlab.datasets.scan import scan
from cnnlab.errors import DatasetError
from tests.pictures import write_class_folders

SIZE_16 = 60 * 16 * 16 * 3  # bytes of sixty pictures


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_class_folders(tmp_path / "colours")


@pytest.fixture
def index(root: Path) -> DatasetIndex:
    return scan(root)


def prepared(workspace, root, index, budget_bytes=10**9, **data):
    settings = DataConfig(**{"size": 16, **data})
    return open_pixels(workspace, root, index.usable, settings, budget_bytes=budget_bytes)


def test_files_and_their_size_are_told(workspace, root, index):
    cache = PixelCache(workspace)
    assert cache.files() == []
    assert cache.size_bytes() == 0
    prepared(workspace, root, index)
    prepared(workspace, root, index, size=8, resize=Resize.PAD)
    assert [file.preparation for file in cache.files()] == ["16-squash-rgb", "8-pad-rgb"]
    on_disk = sum(file.stat().st_size for file in workspace.pixels_folder.glob("*.npy"))
    assert cache.size_bytes() == on_disk
    assert SIZE_16 * 1.25 <= on_disk < SIZE_16 * 1.25 + 1000


def test_what_was_not_used_for_longest_makes_room_for_what_is_new(workspace, root, index):
    cache = PixelCache(workspace)
    for size in (16, 15, 14):
        prepared(workspace, root, index, size=size)
    for age, file in enumerate(reversed(cache.files())):
        os.utime(file.path, (1000 - age, 1000 - age))
    prepared(workspace, root, index, size=16)  # used again, so it is the youngest now
    budget = cache.size_bytes() + 1000
    prepared(workspace, root, index, budget, size=13)
    left = {file.preparation for file in cache.files()}
    assert left == {"16-squash-rgb", "14-squash-rgb", "13-squash-rgb"}
    assert cache.size_bytes() <= budget
    assert len(list(workspace.pixels_folder.glob("*.json"))) == 3


def test_mapped_pictures_outlive_their_file(workspace, root, index):
    pixels = prepared(workspace, root, index)
    rows = np.arange(60)
    before = np.array(pixels.pixels[rows])
    PixelCache(workspace).clear()
    np.testing.assert_array_equal(pixels.pixels[rows], before)


def test_clearing_frees_everything_and_also_what_killed_processes_left(workspace, root, index):
    prepared(workspace, root, index)
    cache = PixelCache(workspace)
    (file,) = cache.files()
    leftover = file.path.with_name(f".123abc.{file.path.name}")
    leftover.write_bytes(b"x" * 5000)
    assert cache.clear() == file.bytes + 5000
    assert list(workspace.pixels_folder.iterdir()) == []
    again = prepared(workspace, root, index)
    assert again.pixels.shape == (60, 16, 16, 3)


def test_a_file_that_is_being_written_is_left_alone(workspace, root, index):
    prepared(workspace, root, index)
    cache = PixelCache(workspace)
    (file,) = cache.files()
    being_written = file.path.with_name(f".123abc.{file.path.name}")
    being_written.write_bytes(b"x" * 5000)
    with workspace.lock(f"pixels-{file.path.stem}"):
        cache.clear()
        assert being_written.exists()


def test_a_data_set_beyond_the_budget_streams_the_very_same_pictures(workspace, root, index):
    mapped = prepared(workspace, root, index)
    PixelCache(workspace).clear()
    streamed = prepared(workspace, root, index, SIZE_16 - 1)
    assert isinstance(streamed.pixels, StreamedPixels)
    assert streamed.pixels.shape == mapped.pixels.shape
    rows = np.array([59, 0, 17, 17, 33])
    np.testing.assert_array_equal(streamed.pixels[rows], mapped.pixels[rows])
    assert streamed.pixels[np.array([], dtype=np.int64)].shape == (0, 16, 16, 3)
    assert PixelCache(workspace).files() == []


def test_a_streamed_picture_that_is_gone_is_named(workspace, root, index):
    streamed = prepared(workspace, root, index, SIZE_16 - 1)
    (root / "red" / "003.png").unlink()
    row = streamed.rows(["red/003.png"])
    with pytest.raises(DatasetError) as refused:
        streamed.pixels[row]
    assert refused.value.reason == "picture-changed"
    assert "red/003.png" in str(refused.value)
