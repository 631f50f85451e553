"""Mountain ranges, hills, meadows and trees."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import (
    COLUMNS,
    ROWS,
    SIDE,
    Canvas,
    FloatArray,
    Point,
    flat_noise,
    mix,
    noise,
    step,
)
from cnnlab.datasets.scenes.light import RGB, blend, pick

ROCK: tuple[RGB, ...] = (
    (112, 106, 102),
    (128, 116, 104),
    (96, 98, 106),
    (134, 104, 84),
    (84, 80, 80),
)
GRASS: tuple[RGB, ...] = ((96, 128, 58), (122, 140, 70), (82, 112, 62), (150, 142, 84))
SNOW: RGB = (246, 249, 253)
SNOW_SHADE: RGB = (158, 182, 214)
FIR: tuple[RGB, ...] = ((40, 68, 44), (52, 80, 50), (34, 60, 50), (66, 86, 50))
LEAF: tuple[RGB, ...] = (
    (74, 112, 46),
    (98, 132, 52),
    (58, 96, 50),
    (186, 128, 46),
    (176, 84, 40),
    (204, 168, 64),
)


def paint_range(
    canvas: Canvas,
    line: FloatArray,
    *,
    rock: RGB,
    distance: float,
    snow: float = 0.0,
    relief: float = 1.0,
    green: RGB | None = None,
) -> None:
    """Paint a mountain range from its ridge down to the foot of the sheet.

    Args:
        canvas: Where to.
        line: Row of the ridge in each column, shape (SIDE,).
        rock: Colour of bare rock.
        distance: As in `Light.on`.
        snow: How far snow reaches down: 0 nowhere, 0.5 the upper half, 1.2 everywhere.
        relief: How strongly light and shadow differ.
        green: Colour of the meadows at the foot, if there are any.
    """
    light, rng = canvas.light, canvas.rng
    depth = ROWS - line
    crag = noise(rng, 7, 6, 3) - np.float32(0.5)
    wander = crag * (np.float32(10) + np.clip(depth, 0, 200) * np.float32(0.7))
    facing = _slope(line)[np.clip(COLUMNS + wander, 0, SIDE - 1).astype(np.intp)]
    grit = noise(rng, 26, 20, 2) - np.float32(0.5)
    sunlit = 0.5 + np.float32(relief) * (
        0.55 * np.tanh(facing * np.float32(1.6 * light.sun_side)) + 1.1 * grit + 0.6 * crag
    )
    surface = _lit(canvas, rock, sunlit, distance)
    top, foot = float(line.min()), float(max(canvas.horizon, line.max()))
    level = (ROWS - np.float32(top)) / np.float32(max(foot - top, 1.0))  # 0 peak, 1 foot
    if green is not None:
        meadow = step(level + 0.5 * crag + 0.4 * grit, 0.62, 0.25)
        surface = mix(surface, _lit(canvas, green, 0.3 + 0.6 * sunlit, distance), meadow)
    if snow > 0:
        white = mix(
            light.on(SNOW_SHADE, distance=distance * 0.6, sunlit=0.55),
            light.on(SNOW, distance=distance * 0.6),
            np.clip(sunlit * 1.15 + 0.05, 0, 1),
        )
        bare = level + 0.9 * grit + 0.45 * crag + 0.12 * np.abs(facing)
        surface = mix(surface, white, step(np.float32(snow) - bare, 0.0, 0.16))
    canvas.paint(surface, step(depth, 0.0, 1.5))


def paint_ground(
    canvas: Canvas,
    line: FloatArray,
    colour: RGB,
    *,
    distance: float = 0.0,
    roughness: float = 0.5,
    fleck: RGB | None = None,
) -> None:
    """Paint a meadow, sand or snow from a line down to the foot of the sheet.

    Args:
        canvas: Where to.
        line: Row of its far edge in each column, shape (SIDE,).
        colour: Its colour in white light.
        distance: As in `Light.on`, at the far edge; the near edge is at 0.
        roughness: Strength of light and dark patches.
        fleck: Colour of flowers, pebbles or leaves strewn over it.
    """
    light, rng = canvas.light, canvas.rng
    horizon = float(line.min()) - 4
    patches, fade = flat_noise(rng, horizon, 1.2, 0.5)
    wide = noise(rng, 3, 8, 2) - np.float32(0.5)
    near = np.clip((ROWS - line) / np.float32(max(SIDE - horizon, 20)) * 2, 0, 1)
    texture = 1 + np.float32(roughness) * ((patches - 0.5) * fade + wide)
    surface = mix(light.on(colour, distance=distance), light.on(colour), near) * texture[..., None]
    if fleck is not None:
        grain, near_fade = flat_noise(rng, horizon, 5.0, 2.2)
        surface = mix(surface, light.on(fleck), step(grain, 0.78, 0.1) * near_fade)
    canvas.paint(surface, step(ROWS - line, 0.0, 1.5))


def draw_fir(
    canvas: Canvas, x: float, foot: float, height: float, colour: RGB, *, snow: float = 0.0
) -> None:
    """Draw a conifer as jagged tiers with a bright and a dark side.

    Args:
        canvas: Where to.
        x, foot: Where its trunk stands, px.
        height: px.
        colour: As seen, light already applied.
        snow: Share of white on its bright side.
    """
    rng = canvas.rng
    tiers = 2 if height < 12 else 3 if height < 26 else 6
    half = height * rng.uniform(0.17, 0.26)
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(1, tiers + 1):
        y = foot - height * (1 - tier / tiers) - height * 0.06
        reach = half * (tier / tiers) ** 0.9
        for side, edge in ((-1, left), (1, right)):
            out = reach * rng.uniform(0.8, 1.15)
            edge.append((x + side * out, y + rng.uniform(-1, 1)))
            edge.append((x + side * out * 0.5, y - height * 0.03))
    tip = (x, foot - height)
    if height >= 26:
        canvas.rectangle(x - 1, foot - height * 0.1, x + 1, foot, blend(colour, (40, 30, 24), 0.6))
    dark = blend(colour, (10, 16, 24), 0.35)
    bright = blend(blend(colour, canvas.light.on((150, 160, 90)), 0.14), (244, 248, 252), snow)
    sunny, shady = (right, left) if canvas.light.sun_side > 0 else (left, right)
    canvas.polygon([tip, *shady[:-1], (x, shady[-2][1])], dark)
    canvas.polygon([tip, *sunny[:-1], (x, sunny[-2][1])], bright)


def draw_tree(canvas: Canvas, x: float, foot: float, height: float, colour: RGB) -> None:
    """Draw a broad-leaved tree: a trunk and a crown of overlapping tufts."""
    rng, light = canvas.rng, canvas.light
    bark = blend(colour, (44, 34, 28), 0.75)
    canvas.rectangle(x - height * 0.03, foot - height * 0.5, x + height * 0.03, foot, bark)
    crown = height * rng.uniform(0.5, 0.75)
    dark = blend(colour, (12, 20, 26), 0.42)
    tufts = 7 if height < 40 else 16
    spots = rng.uniform(-1, 1, (tufts, 2))
    for shift, tone, scale in ((0.0, dark, 1.0), (0.06, colour, 0.82), (0.13, None, 0.5)):
        for u, v in spots:
            size = crown * (0.5 if height < 40 else 0.36) * scale * (1.0 - 0.25 * abs(u))
            tuft_x = x + crown * (0.34 * u + shift * light.sun_side)
            tuft_y = foot - height * 0.66 + crown * (0.3 * v * (1 - 0.4 * abs(u)) - shift)
            shade = tone or blend(colour, light.on((222, 216, 130)), 0.12 + 0.16 * rng.random())
            canvas.ellipse(tuft_x, tuft_y, size, size * 0.85, shade)


def plant_firs(
    canvas: Canvas,
    line: FloatArray,
    count: int,
    height: tuple[float, float],
    *,
    distance: float,
    colour: RGB | None = None,
    snow: float = 0.0,
) -> None:
    """Plant a row of conifers with their feet on a line, the higher ones of it first."""
    rng = canvas.rng
    base = colour or pick(rng, FIR)
    for x in rng.uniform(-6, SIDE + 6, count):
        foot = float(line[int(np.clip(x, 0, SIDE - 1))]) + rng.uniform(0, 5)
        tone = canvas.light.on(base, distance=distance, sunlit=rng.uniform(0.35, 1.0))
        draw_fir(canvas, float(x), foot, rng.uniform(*height), tone, snow=snow)


def _lit(canvas: Canvas, colour: RGB, sunlit: FloatArray, distance: float) -> FloatArray:
    light = canvas.light
    return mix(
        light.on(colour, distance=distance, sunlit=-0.15),
        light.on(colour, distance=distance, sunlit=1.1),
        np.clip(sunlit, 0, 1.2),
    )


def _slope(line: FloatArray) -> FloatArray:
    """Return how steeply the ridge falls to the right, smoothed over a few columns."""
    kernel = np.ones(7, np.float32) / 7
    smooth = np.convolve(np.pad(line, 3, mode="edge"), kernel, mode="valid")
    slope: FloatArray = np.gradient(smooth).astype(np.float32)
    return slope
