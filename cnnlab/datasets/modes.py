"""Every colour mode a file can have, turned into RGB by stated rules.

| mode                        | rule                                                           |
|-----------------------------|----------------------------------------------------------------|
| RGB                         | as it is                                                       |
| 1, L                        | the same value in all three channels; 1 is black and white     |
| P                           | each pixel's colour from the palette                           |
| LA, La, PA, RGBA, RGBa      | laid on white, by alpha                                        |
| 1, L, I, I;16, P, RGB with  | laid on white: the transparent colour becomes white, a palette |
| a transparent colour        | with alpha is laid on white by alpha                           |
| RGBX                        | the fourth channel is dropped                                  |
| CMYK, YCbCr, HSV            | Pillow's arithmetic; embedded colour profiles are not applied  |
| LAB                         | CIE L*a*b* to sRGB by LittleCMS                                |
| I;16 and its byte orders, I | 0-65535, clipped to that, divided by 257 and rounded           |
| F                           | 0-255, clipped to that and rounded; "not a number" is black    |

Colour files of 16 bits a channel arrive from Pillow as RGB or RGBA already: it keeps the high byte.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_WHITE = 255
_STRIP_PIXELS = 1_000_000
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
_WITH_ALPHA = frozenset({"LA", "PA", "RGBA"})
_MAY_HAVE_TRANSPARENT_COLOUR = frozenset({"1", "L", "P", "RGB"})


def to_rgb(image: Image.Image) -> Image.Image:
    """Turn a decoded picture into mode RGB by the rules above; `image` itself if it is RGB."""
    if image.mode in _PREMULTIPLIED:
        image = image.convert(_PREMULTIPLIED[image.mode])
    if image.mode.startswith("I"):
        return _grey_to_rgb(_integers(image))
    if image.mode == "F":
        return _grey_to_rgb(_floats(image))
    if image.mode in _WITH_ALPHA or (
        image.mode in _MAY_HAVE_TRANSPARENT_COLOUR and image.has_transparency_data
    ):
        return _on_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """A few rows at a time, so that a large picture is not in memory three times."""
    canvas = Image.new("RGB", image.size, (_WHITE, _WHITE, _WHITE))
    rows = max(1, _STRIP_PIXELS // max(1, image.width))
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        strip = (image if image.height <= rows else image.crop(box)).convert("RGBA")
        canvas.paste(strip, box, mask=strip)
    return canvas


def _integers(image: Image.Image) -> NDArray[np.uint8]:
    values = np.asarray(image)  # (height, width), 16 or 32 bits, any byte order
    wide = np.clip(values, 0, 65535).astype(np.uint32)
    grey: NDArray[np.uint8] = ((wide + 128) // 257).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = _WHITE
    return grey


def _floats(image: Image.Image) -> NDArray[np.uint8]:
    values = np.nan_to_num(np.asarray(image), nan=0.0, posinf=255.0, neginf=0.0)
    grey: NDArray[np.uint8] = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return grey


def _grey_to_rgb(grey: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(grey).convert("RGB")
