"""The square that a network sees of a picture, and small copies for people."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.config import Colour, Resize

_THUMBNAIL_QUALITY = 85


def square(image: Image.Image, size: int, resize: Resize, colour: Colour) -> NDArray[np.uint8]:
    """Make a picture what a network takes: first its colour, then its size.

    Args:
        image: In mode RGB; it stays as it is.
        size: Side of the square that is made.
        resize: SQUASH scales both sides by Pillow's BILINEAR, whatever the proportions; CROP does
            it to the largest square in the middle; PAD scales the longer side to `size`, the other
            one alike (rounded, at least 1), and lays the result on the middle of a black square.
        colour: GREY weighs the channels by Pillow's mode L.

    Returns:
        Shape (size, size, channels).
    """
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


def small_copy(image: Image.Image, side_px: int) -> bytes:
    """A small JPEG of a picture, neither side longer than `side_px`, proportions kept.

    Args:
        image: In mode RGB; it stays as it is.
        side_px: Length of the longer side; a smaller picture is not enlarged.
    """
    small = image
    if max(image.size) > side_px:
        share = side_px / max(image.size)
        size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
        small = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    file = BytesIO()
    small.save(file, "JPEG", quality=_THUMBNAIL_QUALITY)
    return file.getvalue()


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
