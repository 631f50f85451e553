"""Heat maps laid over pictures."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import sequential

Pixels = NDArray[np.uint8]
Values = NDArray[np.floating[Any]]

_STEPS = 256


def overlay(pixels: Pixels, values: Values, opacity: float) -> Pixels:
    """Lay a heat map over a picture, in colours from black over violet and orange to yellow.

    They rise evenly in lightness, so that their order is seen without colour as well.

    Args:
        pixels: uint8, shape (height, width, 1 or 3).
        values: 0 to 1, shape (height, width); what is no number counts as 0.
        opacity: 0 gives the picture, 1 the colours alone.

    Returns:
        uint8, shape (height, width, 3).

    Raises:
        ValueError: If the sizes differ, or the opacity is not between 0 and 1.
    """
    if pixels.shape[:2] != values.shape:
        raise ValueError(
            "a heat map must be as large as its picture. "
            f"Received: picture={pixels.shape[:2]}, heat map={values.shape}"
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must be between 0 and 1. Received: opacity={opacity}")
    picture = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    mixed = picture * (1 - opacity) + _coloured(values) * opacity
    return np.rint(mixed).astype(np.uint8)


def resized(pixels: Pixels, values: Values, side_px: int) -> tuple[Pixels, NDArray[np.float32]]:
    """Bring a picture and its heat map to the size in which they are shown.

    A small picture is enlarged so that its pixels show; the heat map stays smooth.

    Args:
        pixels: uint8, shape (height, width, 1 or 3).
        values: Shape (height, width).
        side_px: The longer side that they get.
    """
    height, width = values.shape
    scale = side_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = Image.Resampling.BILINEAR
    flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    picture = Image.fromarray(flat).resize(size, Image.Resampling.NEAREST if scale > 1 else smooth)
    heat = Image.fromarray(np.asarray(values, dtype=np.float32)).resize(size, smooth)
    return np.asarray(picture).reshape(size[1], size[0], -1), np.asarray(heat)


def colour_bar(width_px: int = 240, height_px: int = 10) -> Pixels:
    """The colours from nothing on the left to most on the right, shape (height, width, 3)."""
    row = _coloured(np.linspace(0, 1, width_px)[None])
    return np.rint(row.repeat(height_px, axis=0)).astype(np.uint8)


def _coloured(values: Values) -> NDArray[np.float64]:
    """Colours of values between 0 and 1, shape (height, width, 3), 0 to 255."""
    within = np.clip(np.nan_to_num(values, nan=0.0), 0, 1)
    colours: NDArray[np.float64] = _scale()[np.rint(within * (_STEPS - 1)).astype(int)]
    return colours


@cache
def _scale() -> NDArray[np.float64]:
    """Plotly's Inferno in 256 steps, shape (256, 3)."""
    stops = np.array(
        [list(bytes.fromhex(colour[1:])) for colour in sequential.Inferno], dtype=float
    )
    places, steps = np.linspace(0, 1, len(stops)), np.linspace(0, 1, _STEPS)
    return np.stack([np.interp(steps, places, stops[:, channel]) for channel in range(3)], axis=1)
