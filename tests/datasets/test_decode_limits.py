"""How large a picture may be, and how much is decoded at the same time."""

import io
import struct
import threading

import numpy as np
import pytest
from PIL import Image

from cnnlab.config import Colour, DataConfig, Resize
from cnnlab.datasets import modes
from cnnlab.datasets.decode_limits import (
    PHOTO_LIMITS,
    MemoryBudget,
    SizeLimits,
)
from cnnlab.datasets.image_problem import ImageProblem
from cnnlab.datasets.images import inspect, load, look, prepare
from cnnlab.datasets.reduction import REDUCED_ABOVE_PIXELS, REDUCED_WAVELETS_ABOVE_PIXELS
from cnnlab.errors import ImageError

DATA = DataConfig(size=24)


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def photo(width: int = 60, height: int = 40) -> Image.Image:
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (8, 12, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def refusal(content: bytes, limits: SizeLimits = PHOTO_LIMITS) -> ImageError:
    with pytest.raises(ImageError) as found:
        look(content, DATA, "it", limits=limits)
    return found.value


@pytest.mark.parametrize("resize", list(Resize))
@pytest.mark.parametrize("colour", list(Colour))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_look_is_what_loading_and_preparing_give(resize, colour, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(photo(), "JPEG", exif=exif)
    data = DataConfig(size=24, resize=resize, colour=colour)
    seen = look(content, data, "it", thumbnail_px=30)
    whole = load(content)
    np.testing.assert_array_equal(seen.pixels, prepare(whole, 24, resize, colour))
    assert seen.size_px == (whole.shape[1], whole.shape[0])
    with Image.open(io.BytesIO(seen.thumbnail)) as small:
        assert max(small.size) == 30
        assert (small.width > small.height) == (orientation < 5)


@pytest.mark.parametrize("file_format", ["GIF", "BMP"])
def test_a_short_file_that_claims_many_pixels_is_refused_before_it_is_decoded(file_format):
    content = bytearray(encoded(photo().convert("P"), file_format))
    if file_format == "GIF":
        content[6:10] = struct.pack("<HH", 8_000, 7_000)
    else:
        content[18:26] = struct.pack("<ii", 8_000, 7_000)
    found = refusal(bytes(content))
    assert found.reason is ImageProblem.TRUNCATED
    assert "8,000 x 7,000" in found.message
    assert f"{len(content):,} bytes" in found.message


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "PNG", "WEBP", "AVIF", "JPEG"])
def test_a_large_blank_picture_is_read_however_short_its_file(file_format):
    content = encoded(Image.new("L", (2_200, 2_200), 200), file_format)
    assert look(content, DATA, "it", limits=PHOTO_LIMITS).pixels.mean() == pytest.approx(200, abs=2)


def test_a_very_large_jpeg_is_halved_while_it_is_decoded_and_keeps_its_size_for_people(tmp_path):
    width, height = 3_600, 2_400
    assert width * height > REDUCED_ABOVE_PIXELS
    exif = Image.Exif()
    exif[0x0112] = 6
    file = tmp_path / "large.jpg"
    file.write_bytes(encoded(photo(width, height), "JPEG", exif=exif))
    assert load(file).shape == (width // 2, height // 2, 3)
    seen = look(file, DATA, limits=PHOTO_LIMITS)
    assert seen.size_px == (height, width)
    assert (inspect(file).width, inspect(file).height) == (height, width)
    whole = np.asarray(photo(width, height).rotate(-90, expand=True))
    expected = prepare(whole, DATA.size, DATA.resize, DATA.colour)
    np.testing.assert_allclose(seen.pixels.astype(int), expected.astype(int), atol=8)


@pytest.mark.parametrize("levels", [1, 4])
def test_a_large_jpeg_2000_is_halved_where_its_file_allows_it(levels):
    side = 2_100
    assert side * side > REDUCED_WAVELETS_ABOVE_PIXELS
    content = encoded(photo(side, side), "JPEG2000", num_resolutions=levels)
    expected = side if levels == 1 else side // 2
    assert load(content).shape == (expected, expected, 3)
    assert look(content, DATA).size_px == (side, side)


def test_photos_have_caps_of_their_own():
    content = encoded(photo(), "PNG")
    assert look(
        content, DATA, "it", limits=SizeLimits(pixels=2_400, bytes=len(content))
    ).pixels.any()
    many = refusal(content, SizeLimits(pixels=2_399, bytes=len(content)))
    assert many.reason is ImageProblem.TOO_LARGE
    assert "60 x 40 pixels, more than the 2,399" in many.message
    assert refusal(content, SizeLimits(pixels=2_400, bytes=len(content) - 1)).reason == "too-large"


def test_transparency_is_laid_on_white_alike_in_strips_and_at_once(monkeypatch):
    rng = np.random.default_rng(5)
    pictures = [Image.fromarray(rng.integers(0, 256, (41, 30, 4), dtype=np.uint8), "RGBA")]
    pictures.append(pictures[0].convert("LA"))
    palette = photo().convert("P")
    palette.info["transparency"] = 3
    pictures.append(palette)
    whole = [np.asarray(modes.to_rgb(picture)) for picture in pictures]
    monkeypatch.setattr(modes, "_STRIP_PIXELS", 100)
    for picture, expected in zip(pictures, whole, strict=True):
        np.testing.assert_array_equal(np.asarray(modes.to_rgb(picture)), expected)


def test_threads_never_hold_more_than_the_budget_and_a_larger_one_goes_alone():
    budget, lock = MemoryBudget(100), threading.Lock()
    held: list[int] = []
    sums: list[int] = []

    def work(amount: int) -> None:
        for _ in range(50):
            with budget.hold(amount):
                with lock:
                    held.append(amount)
                    sums.append(sum(held))
                    assert len(held) == 1 or sum(held) <= 100
                with lock:
                    held.remove(amount)

    threads = [threading.Thread(target=work, args=(amount,)) for amount in (30, 40, 60, 250)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert max(total for total in sums if total != 250) <= 100
    assert len(sums) == 200


def test_room_that_was_held_is_free_again_after_an_error():
    budget = MemoryBudget(10)
    with pytest.raises(ValueError, match="broken"), budget.hold(10):
        raise ValueError("broken")
    with budget.hold(10):
        pass
