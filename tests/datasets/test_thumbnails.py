"""Thumbnails are made once, and bad pictures never break a gallery."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets.images import content_hash
from cnnlab.datasets.thumbnails import SIDE_PX, Picture, Thumbnails


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "thumbnails"


@pytest.fixture
def large(tmp_path):
    """A noisy photo of some megabytes."""
    file = tmp_path / "large.png"
    pixels = np.random.default_rng(1).integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return known(file)


@pytest.fixture
def small(tmp_path):
    file = tmp_path / "small.png"
    Image.new("RGB", (60, 30), (10, 200, 30)).save(file)
    return known(file)


def known(file: Path) -> Picture:
    """A picture as a scan has seen it."""
    return Picture(file, content_hash(file.read_bytes()))


def size(jpeg: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(jpeg)).size


def test_proportions_are_kept_and_nothing_is_enlarged(folder, large, small):
    first, second = Thumbnails(folder).get([large, small])
    assert size(first) == (SIDE_PX, SIDE_PX * 3 // 4)
    assert size(second) == (60, 30)


def test_only_what_takes_long_is_kept_on_disk_and_used_by_the_next_process(folder, large, small):
    (first, _) = Thumbnails(folder).get([large, small])
    (kept,) = [file for file in folder.rglob("*") if file.is_file()]
    assert kept.read_bytes() == first
    kept.write_bytes(b"from disk")
    assert Thumbnails(folder).get([large]) == [b"from disk"]


def test_answers_come_in_the_order_asked_for(folder, tmp_path):
    pictures = []
    for number in range(40):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (number + 1, 5)).save(file)
        pictures.append(known(file))
    assert [size(jpeg)[0] for jpeg in Thumbnails(folder).get(pictures)] == list(range(1, 41))


def test_memory_stays_within_the_budget_and_forgets_what_was_not_asked_for(folder, tmp_path):
    thumbnails = Thumbnails(folder, budget_bytes=3_000)
    pictures = []
    for number in range(10):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (50, 50), (number, 0, 0)).save(file)
        pictures.append(known(file))
        thumbnails.get([pictures[-1]])
    for picture in pictures:
        picture.path.unlink()
    remembered = [jpeg is not None for jpeg in thumbnails.get(pictures)]
    assert not remembered[0]
    assert remembered[-1]
    assert sum(remembered) < 10


@pytest.mark.parametrize("content", [None, b"", b"not a picture"])
def test_a_picture_that_cannot_be_read_has_none(folder, tmp_path, small, content):
    bad = tmp_path / "bad.jpg"
    if content is not None:
        bad.write_bytes(content)
    nothing, something = Thumbnails(folder).get([Picture(bad, "c" * 32), small])
    assert nothing is None
    assert something is not None


def test_a_folder_that_cannot_be_written_to_only_costs_time(tmp_path, large):
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    (jpeg,) = Thumbnails(blocked).get([large])
    assert jpeg is not None


def test_a_file_that_changed_since_the_scan_is_shown_but_not_kept_for_its_former_content(
    folder, large
):
    former = large.path.read_bytes()
    Image.new("RGB", (1200, 900), (0, 0, 0)).save(large.path, compress_level=0)
    thumbnails = Thumbnails(folder)
    (changed,) = thumbnails.get([large])
    assert np.asarray(Image.open(BytesIO(changed))).mean() < 5
    large.path.write_bytes(former)
    (restored,) = thumbnails.get([large])
    assert np.asarray(Image.open(BytesIO(restored))).mean() > 50
