"""The one way from an image file to pixels."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from cnnlab.config import Colour, DataConfig, Resize
from cnnlab.datasets.decode_limits import (
    DATASET_LIMITS,
    DECODING,
    SizeLimits,
    check_bytes,
    check_claim,
    check_size,
    decoding_bytes,
)
from cnnlab.datasets.formats import claimed_format, readable_formats, silence_remarks
from cnnlab.datasets.image_problem import ImageProblem
from cnnlab.datasets.modes import to_rgb
from cnnlab.datasets.reduction import reduce_while_decoding
from cnnlab.datasets.squares import small_copy, square
from cnnlab.errors import ImageError

Pixels = NDArray[np.uint8]

_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_REDUCED = ("JPEG", "JPEG2000")  # formats that may be decoded at a smaller size
_LYING = 5  # from this orientation on, width and height change places
# What reading EXIF data that follows no standard ends in.
_BAD_EXIF = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error),
)
_TRUNCATED = ("truncated", "not enough", "only got", "end of file", "end-of-file", "premature")
_UNSUPPORTED = ("unsupported", "not supported", "not available", "not configured")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What `inspect` finds out about a file; zeros and "" where it could not.

    Attributes:
        width, height: In pixels, as the picture is shown, after its EXIF orientation.
        mode: Pillow's name of the colour mode in the file, such as "RGB" or "P".
        format: Pillow's name of the file format, such as "JPEG".
        orientation: The EXIF orientation, 1 to 8; 1 where the file does not say.
        bytes: Length of the file.
        content_hash: Hexadecimal digest of the file's bytes; equal for copies.
        problem: Why `load` refuses the file; None if it does not.
        detail: The problem in a sentence.
    """

    width: int = 0
    height: int = 0
    mode: str = ""
    format: str = ""
    orientation: int = 0
    bytes: int = 0
    content_hash: str = ""
    problem: ImageProblem | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture as a network sees it, and for people.

    Attributes:
        pixels: Shape (size, size, channels).
        size_px: Width and height of the picture, upright.
        thumbnail: A small JPEG, where that was asked for.
    """

    pixels: Pixels
    size_px: tuple[int, int]
    thumbnail: bytes | None


class _Kind(NamedTuple):
    """What a picture is in its file.

    Attributes:
        size_px: Width and height, upright.
    """

    format: str
    mode: str
    orientation: int
    size_px: tuple[int, int]


def load(source: Path | bytes | BinaryIO, name: str | None = None) -> Pixels:
    """Read a picture as everything in cnnlab sees it.

    The EXIF orientation is applied; of an animation the first frame is taken; any colour mode
    becomes RGB by the table in `cnnlab.datasets.modes`. The whole picture must be there.

    Args:
        source: A file's path, its bytes, or an open file (read from its beginning where possible).
        name: What messages call the picture; else its path.

    Returns:
        RGB values, shape (height, width, 3), read-only.

    Raises:
        ImageError: If the picture cannot be read; `reason` is an `ImageProblem`.
    """
    name = name or _name_of(source)
    with _decoded(read(source, name), name, DATASET_LIMITS) as (image, _):
        return np.asarray(image)


def look(
    source: Path | bytes | BinaryIO,
    data: DataConfig,
    name: str | None = None,
    *,
    thumbnail_px: int | None = None,
    limits: SizeLimits = DATASET_LIMITS,
) -> Look:
    """Read a picture and prepare it for a network: `prepare` of `load`, decoded once.

    Args:
        source, name: As for `load`.
        data: How pictures are prepared.
        thumbnail_px: Also make a small JPEG, its longer side so long at most.
        limits: How large the picture may be.

    Raises:
        ImageError: If the picture cannot be read; `reason` is an `ImageProblem`.
    """
    name = name or _name_of(source)
    with _decoded(read(source, name, limits), name, limits) as (image, kind):
        pixels = square(image, data.size, data.resize, data.colour)
        small = None if thumbnail_px is None else small_copy(image, thumbnail_px)
    return Look(pixels, kind.size_px, small)


def inspect(path: Path, name: str | None = None) -> ImageFacts:
    """Read a file once and tell what is in it; never raises for the file's sake.

    The picture is decoded whole, the way `load` does it, so both come to the same verdict.

    Args:
        path: The file.
        name: What `detail` calls it; else the name of the file.
    """
    name = name or path.name
    try:
        data = read(path, name)
    except ImageError as error:
        return ImageFacts(problem=ImageProblem(error.reason), detail=error.message)
    digest = content_hash(data)
    try:
        with _decoded(data, name, DATASET_LIMITS) as (_, kind):
            width, height = kind.size_px
    except ImageError as error:
        return ImageFacts(
            bytes=len(data),
            content_hash=digest,
            problem=ImageProblem(error.reason),
            detail=error.message,
        )
    return ImageFacts(
        width=width,
        height=height,
        mode=kind.mode,
        format=kind.format,
        orientation=kind.orientation,
        bytes=len(data),
        content_hash=digest,
    )


def content_hash(data: bytes) -> str:
    """Hexadecimal digest of a file's bytes; equal for copies."""
    return blake2b(data, digest_size=16).hexdigest()


def prepare(pixels: Pixels, size: int, resize: Resize, colour: Colour) -> Pixels:
    """Make a picture what a network takes: first its colour, then its size.

    Args:
        pixels: RGB values, shape (height, width, 3), as `load` returns them.
        size, resize, colour: See `cnnlab.datasets.squares.square`.

    Returns:
        Shape (size, size, channels).
    """
    return square(Image.fromarray(pixels), size, resize, colour)


def thumbnail(pixels: Pixels, side_px: int) -> bytes:
    """A small JPEG of a picture, neither side longer than `side_px`, proportions kept.

    Args:
        pixels: RGB values, shape (height, width, 3).
        side_px: Length of the longer side; a smaller picture is not enlarged.
    """
    return small_copy(Image.fromarray(pixels), side_px)


def read(source: Path | bytes | BinaryIO, name: str, limits: SizeLimits = DATASET_LIMITS) -> bytes:
    """The bytes of a picture, not decoded yet; `load` takes them.

    Args:
        source: As for `load`.
        name: What messages call the picture.
        limits: How many there may be.

    Raises:
        ImageError: EMPTY, MISSING, UNREADABLE or TOO_LARGE.
    """
    try:
        if isinstance(source, bytes):
            data = source
        elif isinstance(source, Path):
            data = _read_file(source, name, limits)
        else:
            if source.seekable():
                source.seek(0)
            data = source.read(limits.bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageError(ImageProblem.MISSING, f"{name} does not exist.") from error
    except (OSError, ValueError) as error:  # ValueError: a name no system takes
        cause = getattr(error, "strerror", None) or error
        raise ImageError(ImageProblem.UNREADABLE, f"{name} cannot be opened: {cause}.") from error
    if not data:
        raise ImageError(ImageProblem.EMPTY, f"{name} is empty: it has no bytes at all.")
    check_bytes(len(data), limits, name)
    return data


def _read_file(path: Path, name: str, limits: SizeLimits) -> bytes:
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):  # opening a pipe would wait for ever
        what = "a folder" if stat.S_ISDIR(facts.st_mode) else "no ordinary file"
        raise ImageError(ImageProblem.UNREADABLE, f"{name} is {what}, not a picture.")
    check_bytes(facts.st_size, limits, name)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - twice as fast as path.open
        return file.readall()


def _name_of(source: Path | bytes | BinaryIO) -> str:
    return str(source) if isinstance(source, Path) else "The picture"


@contextmanager
def _decoded(data: bytes, name: str, limits: SizeLimits) -> Iterator[tuple[Image.Image, _Kind]]:
    """The picture as RGB, upright, and what it is in its file, for as long as the context lasts."""
    formats = readable_formats()
    silence_remarks()
    with ExitStack() as held:
        try:
            image = held.enter_context(Image.open(BytesIO(data), formats=formats))
            size_px = image.size
            check_size(size_px, limits, name)
            check_claim(image, len(data), name)
            reduce_while_decoding(image, data)
            held.enter_context(DECODING.hold(decoding_bytes(image)))
            image.load()
            if image.format not in _REDUCED:
                size_px = image.size  # some formats tell their true size only now
                check_size(size_px, limits, name)
            orientation = _orientation(image)
            turn = _TURN.get(orientation)
            upright = to_rgb(image) if turn is None else to_rgb(image).transpose(turn)
        except ImageError:
            raise
        except Exception as error:  # decoders end in errors of every kind; each is a sentence
            raise _explain(error, data, name) from error
        if orientation >= _LYING:
            size_px = size_px[::-1]
        yield upright, _Kind(image.format or "", image.mode, orientation, size_px)


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _BAD_EXIF:
        return 1
    return orientation if isinstance(orientation, int) and orientation in _TURN else 1


def _explain(error: Exception, data: bytes, name: str) -> ImageError:
    """The reason behind an error of a decoder, in a sentence."""
    if isinstance(error, UnidentifiedImageError):
        return _explain_unidentified(data, name)
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return ImageError(
            ImageProblem.TOO_LARGE,
            f"{name} claims far more pixels than are read, or needs more memory than there is. "
            "Save it in a smaller size.",
        )
    said = str(error).partition(" at 0x")[0] or type(error).__name__
    lowered = said.lower()
    if isinstance(error, EOFError) or any(word in lowered for word in _TRUNCATED):
        return ImageError(
            ImageProblem.TRUNCATED, f"{name} ends too early; part of the picture is missing."
        )
    if isinstance(error, NotImplementedError) or any(word in lowered for word in _UNSUPPORTED):
        return ImageError(
            ImageProblem.UNSUPPORTED,
            f"{name} is of a variety that is not read ({said}). Save it as JPEG or PNG.",
        )
    return ImageError(ImageProblem.DAMAGED, f"{name} is damaged and cannot be decoded ({said}).")


def _explain_unidentified(data: bytes, name: str) -> ImageError:
    claimed = claimed_format(data)
    if claimed is None:
        return ImageError(
            ImageProblem.NOT_AN_IMAGE, f"{name} is not a picture in a format that is read."
        )
    label, is_read = claimed
    if is_read:
        return ImageError(
            ImageProblem.DAMAGED,
            f"{name} is damaged: it begins as {label} does, but the rest is broken or missing.",
        )
    return ImageError(
        ImageProblem.UNSUPPORTED,
        f"{name} looks like a {label} file, which is not read. Save it as JPEG or PNG.",
    )
