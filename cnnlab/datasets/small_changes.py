"""A picture changed a little in many ways, none of which changes what it shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

TURNS_DEGREES = (-10, -5, 5, 10)  # clockwise is positive
CROPS = {  # share of either side that is cut off, and how much of it on the left and at the top
    "edges cropped": (0.05, 0.5),
    "left and top cropped": (0.10, 1.0),
    "right and bottom cropped": (0.10, 0.0),
}
BRIGHTNESS = {"darker": 0.75, "brighter": 1.25}
JPEG_QUALITIES = (50, 25)
_BLUR_SHARE = 1 / 400  # of the longer side


class ChangedPicture(NamedTuple):
    """A picture after one small change."""

    name: str
    image: Image.Image


def small_changes(image: Image.Image) -> Iterator[ChangedPicture]:
    """Twelve small changes of a picture, always the same ones.

    Args:
        image: In mode RGB; it stays as it is.
    """
    padded, margin_px = _padded(image)
    for degrees in TURNS_DEGREES:
        side = "right" if degrees > 0 else "left"
        turned = _turned(padded, image.size, margin_px, degrees)
        yield ChangedPicture(f"turned {abs(degrees)}° {side}", turned)
    for name, (share, before) in CROPS.items():
        yield ChangedPicture(name, _cropped(image, share, before))
    for name, factor in BRIGHTNESS.items():
        yield ChangedPicture(name, ImageEnhance.Brightness(image).enhance(factor))
    for quality in JPEG_QUALITIES:
        yield ChangedPicture(f"saved as JPEG {quality}", _recompressed(image, quality))
    blur = ImageFilter.GaussianBlur(max(image.size) * _BLUR_SHARE)
    yield ChangedPicture("slightly blurred", image.filter(blur))


def _padded(image: Image.Image) -> tuple[Image.Image, int]:
    """The picture with mirrored margins, so that turning it leaves no black corners."""
    furthest = math.radians(max(map(abs, TURNS_DEGREES)))
    margin_px = math.ceil(max(image.size) * math.sin(furthest) / 2) + 1
    sides = ((margin_px, margin_px), (margin_px, margin_px), (0, 0))
    return Image.fromarray(np.pad(np.asarray(image), sides, mode="symmetric")), margin_px


def _turned(
    padded: Image.Image, size_px: tuple[int, int], margin_px: int, degrees: float
) -> Image.Image:
    turned = padded.rotate(-degrees, Image.Resampling.BILINEAR)
    width, height = size_px
    return turned.crop((margin_px, margin_px, margin_px + width, margin_px + height))


def _cropped(image: Image.Image, share: float, before: float) -> Image.Image:
    """Without a share of its width and height, of which so much is cut on the left and at the top.

    At least one pixel is left.
    """
    off = [min(round(side * share), side - 1) for side in image.size]
    left, top = (round(pixels * before) for pixels in off)
    return image.crop((left, top, left + image.width - off[0], top + image.height - off[1]))


def _recompressed(image: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    with Image.open(file, formats=["JPEG"]) as again:
        again.load()
        return again.copy()
