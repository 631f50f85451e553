"""The one way from an image file to pixels."""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from cnnlab.config import Colour, Resize
from cnnlab.datasets.formats import claimed_format, readable_formats, silence_remarks
from cnnlab.datasets.modes import to_rgb
from cnnlab.errors import ImageError

Pixels = NDArray[np.uint8]

MAX_PIXELS = 89_478_485  # a quarter of a gigabyte as RGB
MAX_BYTES = 256 * 1024**2
_THUMBNAIL_QUALITY = 85

_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What reading EXIF data that follows no standard ends in.
_BAD_EXIF = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error),
)
_TRUNCATED = ("truncated", "not enough", "only got", "end of file", "end-of-file", "premature")
_UNSUPPORTED = ("unsupported", "not supported", "not available", "not configured")


class ImageProblem(StrEnum):
    """Why a picture cannot be used."""

    EMPTY = "empty"
    MISSING = "missing"
    UNREADABLE = "unreadable"  # the system refuses: permissions, a folder, a failing disk
    NOT_AN_IMAGE = "not-an-image"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"  # a known format, or a variety of one, that is not read


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


class _Kind(NamedTuple):
    """What a picture is in its file."""

    format: str
    mode: str
    orientation: int


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
    if name is None:
        name = str(source) if isinstance(source, Path) else "The picture"
    image, _ = _decode(read(source, name), name)
    return np.asarray(image)


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
        image, kind = _decode(data, name)
    except ImageError as error:
        return ImageFacts(
            bytes=len(data),
            content_hash=digest,
            problem=ImageProblem(error.reason),
            detail=error.message,
        )
    return ImageFacts(
        width=image.width,
        height=image.height,
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
        size: Side of the square that is made.
        resize: SQUASH scales both sides by Pillow's BILINEAR, whatever the proportions; CROP does
            it to the largest square in the middle; PAD scales the longer side to `size`, the other
            one alike (rounded, at least 1), and lays the result on the middle of a black square.
        colour: GREY weighs the channels by Pillow's mode L.

    Returns:
        Shape (size, size, channels).
    """
    image = Image.fromarray(pixels)
    if colour is Colour.GREY:
        image = image.convert("L")
    match resize:
        case Resize.SQUASH:
            image = image.resize((size, size), Image.Resampling.BILINEAR)
        case Resize.CROP:
            image = image.resize((size, size), Image.Resampling.BILINEAR, _middle_square(image))
        case Resize.PAD:
            image = _padded(image, size)
    return np.asarray(image).reshape(size, size, colour.channels)


def _middle_square(image: Image.Image) -> tuple[float, float, float, float]:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return left, top, left + side, top + side


def _padded(image: Image.Image, size: int) -> Image.Image:
    longer = max(image.size)
    width, height = (max(1, round(side * size / longer)) for side in image.size)
    canvas = Image.new(image.mode, (size, size))
    scaled = image.resize((width, height), Image.Resampling.BILINEAR)
    canvas.paste(scaled, ((size - width) // 2, (size - height) // 2))
    return canvas


def thumbnail(pixels: Pixels, side_px: int) -> bytes:
    """A small JPEG of a picture, neither side longer than `side_px`, proportions kept.

    Args:
        pixels: RGB values, shape (height, width, 3).
        side_px: Length of the longer side; a smaller picture is not enlarged.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((side_px, side_px))
    file = BytesIO()
    image.save(file, "JPEG", quality=_THUMBNAIL_QUALITY)
    return file.getvalue()


def read(source: Path | bytes | BinaryIO, name: str) -> bytes:
    """The bytes of a picture, not decoded yet; `load` takes them.

    Args:
        source: As for `load`.
        name: What messages call the picture.

    Raises:
        ImageError: EMPTY, MISSING, UNREADABLE or TOO_LARGE.
    """
    try:
        if isinstance(source, bytes):
            data = source
        elif isinstance(source, Path):
            data = _read_file(source, name)
        else:
            if source.seekable():
                source.seek(0)
            data = source.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageError(ImageProblem.MISSING, f"{name} does not exist.") from error
    except (OSError, ValueError) as error:  # ValueError: a name no system takes
        cause = getattr(error, "strerror", None) or error
        raise ImageError(ImageProblem.UNREADABLE, f"{name} cannot be opened: {cause}.") from error
    if not data:
        raise ImageError(ImageProblem.EMPTY, f"{name} is empty: it has no bytes at all.")
    _check_bytes(len(data), name)
    return data


def _read_file(path: Path, name: str) -> bytes:
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):  # opening a pipe would wait for ever
        what = "a folder" if stat.S_ISDIR(facts.st_mode) else "no ordinary file"
        raise ImageError(ImageProblem.UNREADABLE, f"{name} is {what}, not a picture.")
    _check_bytes(facts.st_size, name)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - twice as fast as path.open
        return file.readall()


def _check_bytes(count: int, name: str) -> None:
    if count > MAX_BYTES:
        raise ImageError(
            ImageProblem.TOO_LARGE,
            f"{name} is larger than the {MAX_BYTES // 1024**2} MiB that are read. "
            "Save it in a smaller size.",
        )


def _decode(data: bytes, name: str) -> tuple[Image.Image, _Kind]:
    """The picture as RGB, upright, and what it is in its file."""
    formats = readable_formats()
    silence_remarks()
    try:
        with Image.open(BytesIO(data), formats=formats) as image:
            _check_size(image, name)
            image.load()
            kind = _Kind(image.format or "", image.mode, _orientation(image))
            turn = _TURN.get(kind.orientation)
            rgb = to_rgb(image)
            _check_size(rgb, name)
            return (rgb if turn is None else rgb.transpose(turn)), kind
    except ImageError:
        raise
    except Exception as error:  # decoders end in errors of every kind; each becomes a sentence
        raise _explain(error, data, name) from error


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise ImageError(ImageProblem.DAMAGED, f"{name} is damaged: it has no pixels.")
    if width * height > MAX_PIXELS:
        raise ImageError(
            ImageProblem.TOO_LARGE,
            f"{name} has {width:,} x {height:,} pixels, more than the {MAX_PIXELS:,} that are "
            "read. Save it in a smaller size.",
        )


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
            f"{name} claims far more than the {MAX_PIXELS:,} pixels that are read, or needs more "
            "memory than there is. Save it in a smaller size.",
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
