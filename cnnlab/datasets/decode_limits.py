"""How large a picture may be, and how much is decoded at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image

from cnnlab.datasets.image_problem import ImageProblem
from cnnlab.errors import ImageError

_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """Beyond these a picture is refused.

    Attributes:
        pixels: As the file says, before anything is decoded.
        bytes: Length of the file.
    """

    pixels: int
    bytes: int


DATASET_LIMITS = SizeLimits(pixels=89_478_485, bytes=256 * _MEBIBYTE)  # as RGB, a quarter gigabyte
PHOTO_LIMITS = SizeLimits(pixels=60_000_000, bytes=64 * _MEBIBYTE)  # from anyone, to a server

_IN_FLIGHT_BYTES = 48 * _MEBIBYTE
_CHECKED_FROM_PIXELS = 4_000_000
_BYTES_A_PIXEL = 4  # of Pillow's RGB and RGBA
_BYTES_A_WAVELET_PIXEL = 20
_NARROW_MODES = frozenset({"1", "L", "P"})
# Pixels that a byte of a file can stand for at most. LZW codes grow by a pixel each, and begin anew
# after 4,096; run lengths end at 255; blocks of four by four pixels take eight bytes.
_MOST_PIXELS_A_BYTE = {"GIF": 2_800, "BMP": 255, "DIB": 255, "PCX": 64 * 8, "BLP": 512, "DDS": 8}


def check_size(size_px: tuple[int, int], limits: SizeLimits, name: str) -> None:
    """See to it that a picture has pixels, and not too many.

    Raises:
        ImageError: "damaged" or "too-large".
    """
    width, height = size_px
    if width < 1 or height < 1:
        raise ImageError(ImageProblem.DAMAGED, f"{name} is damaged: it has no pixels.")
    if width * height > limits.pixels:
        raise ImageError(
            ImageProblem.TOO_LARGE,
            f"{name} has {width:,} x {height:,} pixels, more than the {limits.pixels:,} that are "
            "read. Save it in a smaller size.",
        )


def check_bytes(count: int, limits: SizeLimits, name: str) -> None:
    """See to it that a file is not too long.

    Raises:
        ImageError: "too-large".
    """
    if count > limits.bytes:
        raise ImageError(
            ImageProblem.TOO_LARGE,
            f"{name} is larger than the {limits.bytes // _MEBIBYTE} MiB that are read. "
            "Save it in a smaller size.",
        )


def check_claim(image: Image.Image, byte_count: int, name: str) -> None:
    """Refuse a file that is too short for the pixels that it claims, before room is made for them.

    Raises:
        ImageError: "truncated".
    """
    pixels = image.width * image.height
    most = _MOST_PIXELS_A_BYTE.get(image.format or "")
    if most is not None and pixels > max(_CHECKED_FROM_PIXELS, most * byte_count):
        raise ImageError(
            ImageProblem.TRUNCATED,
            f"{name} claims {image.width:,} x {image.height:,} pixels, but its {byte_count:,} "
            "bytes cannot hold that many; part of the picture is missing.",
        )


def decoding_bytes(image: Image.Image) -> int:
    """About how much memory a picture takes while it is decoded and turned into RGB."""
    pixels = image.width * image.height
    narrow = image.mode in _NARROW_MODES
    if image.format == "JPEG2000":
        return pixels * _BYTES_A_WAVELET_PIXEL
    return pixels * (_BYTES_A_PIXEL + (1 if narrow else 0 if image.mode == "RGB" else 4))


class MemoryBudget:
    """Lets threads go on while what they hold together stays within a budget.

    A single one that is larger than the whole budget goes on alone.
    """

    def __init__(self, total_bytes: int) -> None:
        self._total_bytes = total_bytes
        self._held_bytes = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, count_bytes: int) -> Iterator[None]:
        """Hold so much; waits until there is room. Not to be nested."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._held_bytes or self._held_bytes + count_bytes <= self._total_bytes
            )
            self._held_bytes += count_bytes
        try:
            yield
        finally:
            with self._changed:
                self._held_bytes -= count_bytes
                self._changed.notify_all()


DECODING = MemoryBudget(_IN_FLIGHT_BYTES)
