"""From an image file to pixels: formats, colour modes, orientation, and every kind of bad file."""

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

import cnnlab
from cnnlab.config import Colour, Resize
from cnnlab.datasets.decode_limits import DATASET_LIMITS
from cnnlab.datasets.image_problem import ImageProblem
from cnnlab.datasets.images import inspect, load, prepare, thumbnail
from cnnlab.errors import ImageError

pillow_heif.register_heif_opener()
has_heic_encoder = bool(pillow_heif.libheif_info()["encoders"].get("x265"))
needs_heic_encoder = pytest.mark.skipif(not has_heic_encoder, reason="no HEIC encoder here")


def blocks() -> np.ndarray:
    """A picture of 48 x 32 pixels whose corners differ, in flat areas that JPEG keeps well."""
    picture = np.full((32, 48, 3), 128, dtype=np.uint8)
    picture[:16, :16] = (250, 20, 20)
    picture[:16, 32:] = (20, 240, 20)
    picture[16:, :16] = (20, 20, 240)
    picture[16:, 32:] = (245, 245, 40)
    return picture


def encode(picture: np.ndarray | Image.Image, file_format: str, **options: object) -> bytes:
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def assert_close(actual: np.ndarray, expected: np.ndarray, within: float) -> None:
    """Flat areas agree; their edges, where lossy formats ring, may not."""
    assert actual.shape == expected.shape
    difference = np.abs(actual.astype(int) - expected.astype(int)).max(axis=2)
    assert np.median(difference) <= within
    for row, column in ((4, 4), (4, -5), (-5, 4), (-5, -5)):
        assert difference[row, column] <= within


def problem_of(source: Path | bytes) -> ImageProblem:
    with pytest.raises(ImageError) as caught:
        load(source, name="holiday.jpg")
    assert "holiday.jpg" in caught.value.message
    assert caught.value.message.endswith(".")
    return ImageProblem(caught.value.reason)


# --- formats ---

LOSSLESS = {
    "PNG": {},
    "GIF": {},
    "BMP": {},
    "WEBP": {"lossless": True},
    "TIFF": {"compression": "tiff_lzw"},
    "PPM": {},
    "TGA": {},
    "QOI": {},
    "JPEG2000": {},
    "ICO": {"sizes": [(48, 32)]},
}


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_lossless_formats_give_the_pixels_that_were_saved(file_format):
    loaded = load(encode(blocks(), file_format, **LOSSLESS[file_format]))
    assert loaded.dtype == np.uint8
    np.testing.assert_array_equal(loaded, blocks())


@pytest.mark.parametrize(
    ("file_format", "options"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("WEBP", {"quality": 95}),
        ("AVIF", {"quality": 95}),
        pytest.param("HEIF", {"quality": 95}, marks=needs_heic_encoder),
    ],
)
def test_lossy_formats_give_nearly_the_pixels_that_were_saved(file_format, options):
    assert_close(load(encode(blocks(), file_format, **options)), blocks(), within=6)


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_the_first_frame_of_an_animation_is_taken(file_format):
    second = Image.new("RGB", (48, 32), "black")
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = encode(blocks(), file_format, save_all=True, append_images=[second], **options)
    assert_close(load(data), blocks(), within=12)


def test_the_format_is_told_by_the_content_not_by_the_name(tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(encode(blocks(), "PNG"))
    np.testing.assert_array_equal(load(path), blocks())


def test_path_bytes_and_open_file_give_the_same(tmp_path):
    path = tmp_path / "ein Bild 日本.png"
    data = encode(blocks(), "PNG")
    path.write_bytes(data)
    with path.open("rb") as file:
        file.read(7)  # somebody has looked at the beginning already
        from_file = load(file)
    np.testing.assert_array_equal(load(path), load(data))
    np.testing.assert_array_equal(from_file, load(data))


# --- orientation ---

# How an upright picture lies in the file, by the EXIF standard's numbers.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


def exif(orientation: object) -> Image.Exif:
    data = Image.Exif()
    data[ExifTags.Base.Orientation] = orientation
    return data


@pytest.mark.parametrize("orientation", STORED)
def test_a_turned_photo_comes_out_upright(orientation):
    stored = np.ascontiguousarray(STORED[orientation](blocks()))
    data = encode(stored, "JPEG", exif=exif(orientation), quality=95, subsampling=0)
    assert_close(load(data), blocks(), within=6)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_exactly_once_whatever_the_format(file_format, orientation):
    stored = np.ascontiguousarray(STORED[orientation](blocks()))
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = encode(stored, file_format, exif=exif(orientation), **options)
    np.testing.assert_array_equal(load(data), blocks())


@needs_heic_encoder
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_heic_comes_out_upright(orientation):
    stored = np.ascontiguousarray(STORED[orientation](blocks()))
    data = encode(stored, "HEIF", exif=exif(orientation).tobytes(), quality=95)
    assert_close(load(data), blocks(), within=6)


@pytest.mark.parametrize(
    "bad",
    [b"Exif\0\0", b"Exif\0\0rubbish that is no TIFF header", b"Exif\0\0II*\0\xff\xff\xff\xff"],
    ids=["nothing", "rubbish", "offset outside"],
)
def test_bad_exif_is_ignored(bad):
    data = encode(blocks(), "JPEG", exif=bad, quality=95, subsampling=0)
    assert_close(load(data), blocks(), within=6)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_is_ignored(orientation):
    np.testing.assert_array_equal(load(encode(blocks(), "PNG", exif=exif(orientation))), blocks())


# --- colour modes ---


def test_grey_and_black_and_white_fill_all_three_channels():
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    np.testing.assert_array_equal(load(encode(grey, "PNG")), np.dstack([grey] * 3))
    bits = Image.fromarray(grey > 100)
    assert bits.mode == "1"
    expected = np.where(grey > 100, 255, 0)
    np.testing.assert_array_equal(load(encode(bits, "PNG")), np.dstack([expected] * 3))


def test_alpha_is_laid_on_white():
    rgba = np.zeros((1, 3, 4), dtype=np.uint8)
    rgba[0] = [(10, 20, 30, 0), (10, 20, 30, 255), (100, 0, 200, 51)]
    expected = [[255, 255, 255], [10, 20, 30], [224, 204, 244]]  # 51 of 255 is a fifth
    np.testing.assert_array_equal(load(encode(rgba, "PNG"))[0], expected)
    grey = Image.fromarray(np.array([[[0, 0], [0, 255], [100, 51]]], dtype=np.uint8), mode=None)
    assert grey.mode == "LA"
    np.testing.assert_array_equal(load(encode(grey, "PNG"))[0, :, 0], [255, 0, 224])


def test_a_palette_with_transparency_is_laid_on_white():
    image = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8)).convert("L")
    palette = Image.new("P", (3, 1))
    palette.putdata(list(image.tobytes()))
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    opaque = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    np.testing.assert_array_equal(load(encode(palette, "PNG"))[0], opaque)
    one_colour = load(encode(palette, "PNG", transparency=1))
    np.testing.assert_array_equal(one_colour[0], [opaque[0], [255, 255, 255], opaque[2]])
    alphas = load(encode(palette, "PNG", transparency=bytes([255, 51, 0])))
    np.testing.assert_array_equal(alphas[0], [opaque[0], [204, 255, 204], [255, 255, 255]])


@pytest.mark.parametrize(
    ("pixels", "transparency", "expected"),
    [
        ([[7, 8]], 8, [[7, 255]]),
        ([[[9, 8, 7], [1, 2, 3]]], (9, 8, 7), [[[255] * 3, [1, 2, 3]]]),
    ],
    ids=["grey", "colour"],
)
def test_a_transparent_colour_becomes_white(pixels, transparency, expected):
    data = encode(np.array(pixels, dtype=np.uint8), "PNG", transparency=transparency)
    expected = np.array(expected)
    expected = np.dstack([expected] * 3) if expected.ndim == 2 else expected
    np.testing.assert_array_equal(load(data), expected)


def test_sixteen_bit_grey_is_divided_by_257():
    values = np.array([[0, 128, 129, 257, 32768, 65535]], dtype=np.uint16)
    expected = np.rint(values / 257)
    for file_format in ("PNG", "TIFF"):
        loaded = load(encode(values, file_format))
        np.testing.assert_array_equal(loaded, np.dstack([expected] * 3))


def test_whole_numbers_of_32_bits_are_read_as_16_bits_and_clipped():
    values = np.array([[-5, 0, 514, 65535, 70000]], dtype=np.int32)
    np.testing.assert_array_equal(load(encode(values, "TIFF"))[0, :, 0], [0, 0, 2, 255, 255])


def test_fractions_are_read_as_0_to_255_and_clipped():
    values = np.array([[-1.0, 0.4, 99.6, 300.0, np.nan, np.inf]], dtype=np.float32)
    np.testing.assert_array_equal(load(encode(values, "TIFF"))[0, :, 0], [0, 0, 100, 255, 0, 255])


def test_a_sixteen_bit_transparent_colour_becomes_white():
    values = np.array([[257, 514, 771]], dtype=np.uint16)
    data = encode(values, "PNG")
    with_chunk = data[:33] + chunk(b"tRNS", struct.pack(">H", 514)) + data[33:]
    np.testing.assert_array_equal(load(with_chunk)[0, :, 0], [1, 255, 3])


def test_cmyk_jpeg_shows_the_colours_it_was_made_from():
    cmyk = Image.fromarray(blocks()).convert("CMYK")
    data = encode(cmyk, "JPEG", quality=95, subsampling=0)
    assert Image.open(io.BytesIO(data)).mode == "CMYK"
    assert_close(load(data), blocks(), within=8)


@pytest.mark.parametrize("mode", ["LAB", "YCbCr"])
def test_other_colour_spaces_show_the_colours_they_were_made_from(mode):
    data = encode(Image.fromarray(blocks()).convert(mode), "TIFF")
    assert Image.open(io.BytesIO(data)).mode == mode
    assert_close(load(data), blocks(), within=30 if mode == "LAB" else 4)


# --- bad files ---


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises any number of pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", ImageProblem.EMPTY),
        (b"These are my notes on the pictures.\n" * 50, ImageProblem.NOT_AN_IMAGE),
        (bytes(4096), ImageProblem.NOT_AN_IMAGE),
        (b"\xff\xd8\xff\xe0 and nothing sensible", ImageProblem.TRUNCATED),
        (b"GIF89a", ImageProblem.DAMAGED),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), ImageProblem.DAMAGED),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", ImageProblem.UNSUPPORTED),
        (b"%PDF-1.7\n", ImageProblem.UNSUPPORTED),
        (b'<?xml version="1.0"?><svg width="9" height="9"/>', ImageProblem.UNSUPPORTED),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", ImageProblem.UNSUPPORTED),
    ],
    ids=[
        "empty",
        "text",
        "zeros",
        "jpeg start",
        "gif start",
        "png start",
        "eps",
        "pdf",
        "svg",
        "video",
    ],
)
def test_a_bad_file_is_refused_with_its_reason(content, problem):
    assert problem_of(content) is problem


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP"])
def test_a_picture_that_ends_too_early_is_truncated(file_format, share):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encode(noise, file_format)
    assert problem_of(data[: int(len(data) * share)]) is ImageProblem.TRUNCATED


@pytest.mark.parametrize("file_format", ["WEBP", "TIFF", "AVIF", "JPEG2000"])
def test_half_a_picture_of_any_other_format_is_refused(file_format):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encode(noise, file_format)
    expected = {ImageProblem.TRUNCATED, ImageProblem.DAMAGED}
    assert problem_of(data[: len(data) // 2]) in expected


def test_a_damaged_middle_is_refused():
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encode(noise, "PNG")
    middle = len(data) // 2
    assert problem_of(data[:middle] + b"\0" * 50 + data[middle + 50 :]) is ImageProblem.DAMAGED


def test_what_the_system_refuses_has_its_reason(tmp_path):
    assert problem_of(tmp_path / "gone.jpg") is ImageProblem.MISSING
    (tmp_path / "file").write_bytes(b"x")
    assert problem_of(tmp_path / "file" / "below.jpg") is ImageProblem.MISSING
    assert problem_of(tmp_path) is ImageProblem.UNREADABLE
    assert problem_of(Path("a\0b")) is ImageProblem.UNREADABLE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert problem_of(tmp_path / "pipe.jpg") is ImageProblem.UNREADABLE


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_a_file_without_permission_is_unreadable(tmp_path):
    path = tmp_path / "secret.png"
    path.write_bytes(encode(blocks(), "PNG"))
    path.chmod(0)
    assert problem_of(path) is ImageProblem.UNREADABLE


@pytest.mark.parametrize(
    ("width", "height"),
    [(10_000, 8_948), (13_000, 13_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)],
)
def test_more_pixels_than_allowed_are_refused_from_the_header(width, height):
    assert width * height > DATASET_LIMITS.pixels
    assert problem_of(png_claiming(width, height)) is ImageProblem.TOO_LARGE


def test_as_many_pixels_as_allowed_are_tried():
    assert problem_of(png_claiming(9_459, 9_459)) is not ImageProblem.TOO_LARGE


def test_more_bytes_than_allowed_are_refused_unread(tmp_path):
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(DATASET_LIMITS.bytes + 1)
    assert problem_of(path) is ImageProblem.TOO_LARGE


@given(data=st.data())
def test_any_change_to_a_file_ends_in_pixels_or_in_an_image_error(data):
    file_format = data.draw(st.sampled_from(sorted(LOSSLESS)))
    content = bytearray(encode(blocks(), file_format, **LOSSLESS[file_format]))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    answer = load_or_error(bytes(content))
    if isinstance(answer, ImageError):
        assert ImageProblem(answer.reason) in ImageProblem
        assert " at 0x" not in answer.message
    else:
        assert answer.dtype == np.uint8
        assert answer.ndim == 3
        assert answer.shape[2] == 3


def load_or_error(content: bytes) -> np.ndarray | ImageError:
    try:
        return load(content)
    except ImageError as error:
        return error


def remarkable_png() -> bytes:
    """A sound PNG that Pillow remarks upon, since it claims an animation of no frames."""
    data = encode(blocks(), "PNG")
    return data[:33] + chunk(b"acTL", struct.pack(">II", 0, 0)) + data[33:]


def test_remarks_of_the_decoder_reach_nobody():
    with pytest.warns(UserWarning, match="APNG"):
        Image.open(io.BytesIO(remarkable_png())).load()
    for action in ("error", "always"):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter(action)
            np.testing.assert_array_equal(load(remarkable_png()), blocks())
            assert problem_of(png_claiming(10_000, 8_948)) is ImageProblem.TOO_LARGE
        assert seen == []


def test_many_threads_see_the_same():
    sources = [remarkable_png(), encode(blocks(), "GIF"), encode(blocks(), "BMP")] * 40
    with ThreadPoolExecutor(8) as pool:
        for pixels in pool.map(load, sources):
            np.testing.assert_array_equal(pixels, blocks())


# --- facts ---


def test_facts_are_those_of_the_picture_as_shown(tmp_path):
    stored = np.ascontiguousarray(STORED[6](blocks()))
    data = encode(stored, "JPEG", exif=exif(6))
    path = tmp_path / "turned.jpg"
    path.write_bytes(data)
    facts = inspect(path)
    assert (facts.width, facts.height, facts.mode, facts.format) == (48, 32, "RGB", "JPEG")
    assert (facts.bytes, facts.problem, facts.detail) == (len(data), None, "")
    palette = Image.fromarray(blocks()).convert("P")
    (tmp_path / "palette.png").write_bytes(encode(palette, "PNG"))
    assert inspect(tmp_path / "palette.png").mode == "P"


def test_equal_bytes_have_equal_hashes_and_others_have_not(tmp_path):
    names = {"a.png": 1, "copy.png": 1, "b.png": 2, "broken.png": None}
    for name, shade in names.items():
        picture = Image.new("L", (5, 5), shade)
        (tmp_path / name).write_bytes(encode(picture, "PNG") if shade else b"broken")
    hashes = {name: inspect(tmp_path / name).content_hash for name in names}
    assert hashes["a.png"] == hashes["copy.png"]
    assert len(set(hashes.values())) == 3


def test_inspect_and_load_come_to_the_same_verdict(tmp_path):
    png = encode(blocks(), "PNG")
    contents = [b"", b"text", png, png[:-40], png_claiming(10_000, 9_000), b"%PDF-1.4"]
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(content)
        facts = inspect(path)
        if facts.problem is None:
            assert load(path).shape == (facts.height, facts.width, 3)
        else:
            with pytest.raises(ImageError) as caught:
                load(path, name=path.name)
            assert (facts.problem, facts.detail) == (caught.value.reason, caught.value.message)


# --- preparation ---


def test_squash_is_pillow_bilinear_whatever_the_proportions():
    prepared = prepare(blocks(), 20, Resize.SQUASH, Colour.RGB)
    expected = Image.fromarray(blocks()).resize((20, 20), Image.Resampling.BILINEAR)
    assert prepared.shape == (20, 20, 3)
    np.testing.assert_array_equal(prepared, np.asarray(expected))


def test_grey_is_taken_before_the_size():
    noise = np.random.default_rng(3).integers(0, 256, (33, 51, 3), dtype=np.uint8)
    prepared = prepare(noise, 16, Resize.SQUASH, Colour.GREY)
    grey = Image.fromarray(noise).convert("L").resize((16, 16), Image.Resampling.BILINEAR)
    assert prepared.shape == (16, 16, 1)
    np.testing.assert_array_equal(prepared[..., 0], np.asarray(grey))


def test_a_thumbnail_keeps_proportions_and_is_never_larger():
    wide = np.zeros((100, 400, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(thumbnail(wide, 80))) as image:
        assert (image.format, image.size) == ("JPEG", (80, 20))
    with Image.open(io.BytesIO(thumbnail(blocks(), 80))) as image:
        assert image.size == (48, 32)


def test_reading_a_picture_does_not_load_pandas():
    code = "import sys, cnnlab.datasets.images; sys.exit('pandas' in sys.modules)"
    root = Path(cnnlab.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


# --- published files ---


@pytest.mark.real_data
def test_every_published_broken_file_is_read_or_refused_by_name(real_data):
    folder = real_data / "broken_images"
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}")
    read = refused = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        facts = inspect(path)
        if facts.problem is None:
            read += 1
            assert facts.width * facts.height > 0
        else:
            refused += 1
            assert facts.detail.startswith(path.name)
    assert read > 1000
    assert refused > 1000


def three_colours(width: int, height: int) -> np.ndarray:
    """Red, green and blue thirds along the longer side."""
    longer = max(width, height)
    colours = np.array([(200, 0, 0), (0, 200, 0), (0, 0, 200)], dtype=np.uint8)
    line = colours[np.arange(longer) * 3 // longer]  # (longer, 3)
    if width >= height:
        return np.repeat(line[None], height, axis=0)
    return np.repeat(line[:, None], width, axis=1)


@pytest.mark.parametrize("shape", [(90, 30), (30, 90)])
def test_crop_keeps_the_square_in_the_middle(shape):
    prepared = prepare(three_colours(*shape), 10, Resize.CROP, Colour.RGB)

    assert prepared.shape == (10, 10, 3)
    inner = prepared[1:-1, 1:-1]  # smoothing looks a pixel beyond the square
    np.testing.assert_array_equal(inner, np.full((8, 8, 3), (0, 200, 0), dtype=np.uint8))
    fitted = ImageOps.fit(
        Image.fromarray(three_colours(*shape)), (10, 10), Image.Resampling.BILINEAR
    )
    np.testing.assert_array_equal(prepared, np.asarray(fitted))


@pytest.mark.parametrize("shape", [(90, 30), (30, 90)])
def test_pad_keeps_everything_and_its_proportions_between_black_bars(shape):
    prepared = prepare(three_colours(*shape), 30, Resize.PAD, Colour.RGB)

    wide = shape[0] > shape[1]
    picture = prepared if wide else prepared.transpose(1, 0, 2)
    assert not picture[:10].any()
    assert not picture[20:].any()
    np.testing.assert_array_equal(picture[15, [4, 15, 25]], np.diag([200, 200, 200]))
    assert picture[10:20].max(axis=2).min() > 90  # the picture fills the band between the bars


@pytest.mark.parametrize("resize", list(Resize))
def test_a_square_picture_is_the_same_by_every_rule(resize):
    noise = np.random.default_rng(3).integers(0, 256, (40, 40, 3), dtype=np.uint8)

    for colour in Colour:
        expected = prepare(noise, 16, Resize.SQUASH, colour)
        np.testing.assert_array_equal(prepare(noise, 16, resize, colour), expected)


@pytest.mark.parametrize("resize", list(Resize))
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (5000, 1, 3), (7, 13, 3)])
def test_pictures_of_any_proportions_can_be_prepared(resize, shape):
    pixels = np.full(shape, 99, dtype=np.uint8)

    prepared = prepare(pixels, 24, resize, Colour.RGB)

    assert prepared.shape == (24, 24, 3)
    assert 99 in prepared
