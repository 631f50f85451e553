"""Large pictures are decoded at a part of their size: faster, and in a fraction of the memory."""

from __future__ import annotations

from PIL import Image
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

REDUCED_ABOVE_PIXELS = 8_000_000  # what is left has two million, far more than a network takes
REDUCED_WAVELETS_ABOVE_PIXELS = 4_000_000  # JPEG 2000, which takes five times the memory
_MOST_PARTS = 8
# Where a JPEG 2000 says how often it can be halved.
_CODING_STYLE, _LEVELS_AT, _HEAD_BYTES = b"\xff\x52", 9, 65_536


def reduce_while_decoding(image: Image.Image, data: bytes) -> None:
    """Have a large JPEG decoded at half its size, or a quarter or an eighth; JPEG 2000 at half.

    The decoder leaves out the finest detail of its blocks, which no network of usual size sees.

    Args:
        image: Opened, not loaded yet.
        data: The file.
    """
    pixels = image.width * image.height
    if isinstance(image, Jpeg2KImageFile):
        if pixels > REDUCED_WAVELETS_ABOVE_PIXELS and _wavelet_levels(data):
            image.reduce = 1
    elif image.format == "JPEG" and pixels > REDUCED_ABOVE_PIXELS:
        parts = 2
        while pixels > REDUCED_ABOVE_PIXELS * parts**2 and parts < _MOST_PARTS:
            parts *= 2
        image.draft(None, (image.width // parts, image.height // parts))


def _wavelet_levels(data: bytes) -> int:
    """How often a JPEG 2000 can be halved while it is decoded."""
    at = data.find(_CODING_STYLE, 0, _HEAD_BYTES) + _LEVELS_AT
    return data[at] if _LEVELS_AT <= at < len(data) else 0
