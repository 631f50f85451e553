"""The sheet that a scene is painted on, and the noise that keeps it from looking ruled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnlab.datasets.scenes.light import RGB, Light

SIDE = 208  # px painted: twice the finished picture and a margin that the tilt may cut off
SIZE_PX = 96  # px finished

FloatArray = NDArray[np.floating]  # float32 where speed matters
Point = tuple[float, float]

COLUMNS: FloatArray = np.arange(SIDE, dtype=np.float32)
ROWS: FloatArray = COLUMNS[:, None]


class Canvas:
    """A square sheet of SIDE x SIDE pixels with its light and its source of chance.

    Attributes:
        rng: All chance in the picture comes from here.
        light: Time of day and weather.
        horizon: Row of the horizon, px from the top.
    """

    def __init__(self, rng: np.random.Generator, light: Light, horizon: float) -> None:
        self.rng = rng
        self.light = light
        self.horizon = horizon
        self._image = Image.new("RGB", (SIDE, SIDE))
        self._pen = ImageDraw.Draw(self._image)

    def polygon(self, points: Sequence[Point], colour: RGB) -> None:
        """Fill a polygon."""
        self._pen.polygon(points, fill=_whole(colour))

    def ellipse(self, x: float, y: float, width: float, height: float, colour: RGB) -> None:
        """Fill an ellipse around its centre."""
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        self._pen.ellipse(box, fill=_whole(colour))

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: RGB) -> None:
        """Fill a rectangle."""
        if right >= left and bottom >= top:
            self._pen.rectangle((left, top, right, bottom), fill=_whole(colour))

    def line(self, points: Sequence[Point], colour: RGB, width: float = 1.0) -> None:
        """Draw a line."""
        self._pen.line(points, fill=_whole(colour), width=max(1, round(width)), joint="curve")

    def paint(self, colours: FloatArray | RGB, cover: FloatArray | float) -> None:
        """Lay colours over the whole sheet.

        Args:
            colours: One colour, or shape (SIDE, SIDE, 3), 0..255.
            cover: Opacity 0..1, one for all or shape (SIDE, SIDE); beyond is clipped.
        """
        layer = (
            Image.new("RGB", (SIDE, SIDE), _whole(colours))
            if isinstance(colours, tuple)
            else Image.fromarray(_bytes(colours))
        )
        mask = (
            Image.new("L", (SIDE, SIDE), int(cover * 255))
            if isinstance(cover, float)
            else Image.fromarray(_bytes(cover * 255.0))
        )
        self._image.paste(layer, (0, 0), mask)

    def shimmer(self, x: float, y: float, radius: float, colour: RGB, strength: float) -> None:
        """Lay a soft round glow over the sheet."""
        away = ((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / np.float32(radius * radius)
        self.paint(colour, strength / (1.0 + 3.0 * away + away * away))

    def finish(self) -> Image.Image:
        """Return the picture as a camera would have taken it: a little tilted, grainy, uneven.

        Returns:
            An RGB image of SIZE_PX x SIZE_PX.
        """
        rng = self.rng
        tilt = np.deg2rad(rng.uniform(-1.2, 1.2) if rng.random() < 0.7 else rng.uniform(-4, 4))
        flip = -1.0 if rng.random() < 0.5 else 1.0
        zoom = rng.uniform(0.93, 1.0)
        cos, sin = zoom * float(np.cos(tilt)), zoom * float(np.sin(tilt))
        centre, middle = SIDE / 2, float(SIZE_PX)
        view = (
            flip * cos,
            sin,
            centre - (flip * cos + sin) * middle,
            -flip * sin,
            cos,
            centre - (cos - flip * sin) * middle,
        )
        large = self._image.transform(
            (2 * SIZE_PX, 2 * SIZE_PX), Image.Transform.AFFINE, view, Image.Resampling.BILINEAR
        )
        pixels = np.asarray(large.reduce(2), np.float32)  # (SIZE_PX, SIZE_PX, 3)
        exposure = rng.uniform(0.86, 1.12)
        contrast = rng.uniform(0.84, 1.12)
        cast = rng.uniform(0.95, 1.05, 3)
        grain = rng.integers(-5, 6, pixels.shape) * rng.uniform(0.3, 1.3)
        pixels = (pixels - 118.0) * contrast + 118.0
        return Image.fromarray(_bytes(pixels * (exposure * cast) + grain))


def noise(rng: np.random.Generator, across: float, down: float, octaves: int = 1) -> FloatArray:
    """Return smooth noise between about 0 and 1.

    Args:
        rng: Source of chance.
        across, down: How many bumps fit into the sheet each way.
        octaves: Each further one adds bumps half as large and half as strong.

    Returns:
        Shape (SIDE, SIDE).
    """
    total: FloatArray = np.zeros((SIDE, SIDE), np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        cells = (
            min(SIDE, int(down * 2**octave) + 2),
            min(SIDE, int(across * 2**octave) + 2),
        )
        coarse = Image.fromarray(rng.random(cells, dtype=np.float32))
        total += np.float32(weight) * np.asarray(
            coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        )
        weights += weight
        weight /= 2
    return total / np.float32(weights)


def outline(rng: np.random.Generator, bumps: float, octaves: int, fall: float = 0.5) -> FloatArray:
    """Return a jagged line, such as a ridge, as heights between about -1 and 1.

    Args:
        rng: Source of chance.
        bumps: How many of the largest bumps fit across the sheet.
        octaves: Each further one adds bumps half as large.
        fall: Strength of each octave relative to the one before; more is more jagged.

    Returns:
        Shape (SIDE,).
    """
    total = np.zeros(SIDE)
    strength = 1.0
    for octave in range(octaves):
        count = int(bumps * 2**octave) + 3
        places = (np.arange(count) - rng.random()) * SIDE / (count - 2)
        total += strength * np.interp(COLUMNS, places, rng.uniform(-1, 1, count))
        strength *= fall
    return total.astype(np.float32)


def flat_noise(
    rng: np.random.Generator, horizon: float, across: float, away: float
) -> tuple[FloatArray, FloatArray]:
    """Return noise that lies on level ground and runs away to the horizon.

    Args:
        rng: Source of chance.
        horizon: Row in which the ground vanishes.
        across, away: How fine the noise is sideways and into the distance.

    Returns:
        The noise, about 0..1, and its strength, which falls to 0 at the horizon where the noise
        would be finer than a pixel; both of shape (SIDE, SIDE).
    """
    tile = np.asarray(
        Image.fromarray(rng.random((40, 40), dtype=np.float32)).resize(
            (160, 160), Image.Resampling.BICUBIC
        )
    )
    below = np.maximum(ROWS - np.float32(horizon), 1.0)
    u = (COLUMNS - SIDE / 2) / below * np.float32(across * 40) + np.float32(rng.uniform(0, 160))
    v = np.float32(away * 40 * SIDE) / below + np.float32(rng.uniform(0, 160))
    v = np.broadcast_to(v, u.shape)
    strength = np.clip((ROWS - np.float32(horizon)) / np.float32(24 + 14 * (across + away)), 0, 1)
    return tile[_folded(v), _folded(u)], np.broadcast_to(strength, u.shape).astype(np.float32)


def step(values: FloatArray, edge: FloatArray | float, softness: float) -> FloatArray:
    """Return 0 well below `edge`, 1 well above it, and a ramp of the given width between."""
    ramp: FloatArray = np.clip((values - edge) / np.float32(softness) + 0.5, 0.0, 1.0)
    return ramp


def mix(first: FloatArray | RGB, second: FloatArray | RGB, share: FloatArray) -> FloatArray:
    """Return `first` with `share` of `second`, each of shape (SIDE, SIDE, 3) or one colour."""
    one, two = np.asarray(first, np.float32), np.asarray(second, np.float32)
    mixed = np.empty((SIDE, SIDE, 3), np.float32)
    weight = np.asarray(share, np.float32)
    for channel in range(3):  # a plane at a time is three times as fast as broadcasting
        away = two[..., channel] - one[..., channel]
        mixed[..., channel] = one[..., channel] + away * weight
    return mixed


def _folded(places: FloatArray) -> NDArray[np.intp]:
    """Reflect places into the tile, so that it repeats without a seam."""
    return (159 - np.abs(places % 318 - 159)).astype(np.intp)


def _bytes(values: FloatArray) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    return rounded


def _whole(colour: RGB) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, round(part))) for part in colour)
    return red, green, blue
