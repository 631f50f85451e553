"""Water, beaches, and the ice that meets them."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import (
    COLUMNS,
    ROWS,
    SIDE,
    Canvas,
    FloatArray,
    flat_noise,
    mix,
    noise,
    outline,
    step,
)
from cnnlab.datasets.scenes.light import RGB, blend

FOAM: RGB = (244, 248, 248)
ICE: RGB = (226, 238, 246)
ICE_SHADE: RGB = (142, 188, 220)
ICE_DEEP: RGB = (58, 124, 176)
MORAINE: RGB = (112, 104, 98)


def paint_water(canvas: Canvas, colour: RGB, *, swell: float, top: float | None = None) -> None:
    """Paint water from the horizon, or from a row below it, to the foot of the sheet.

    Args:
        canvas: Where to.
        colour: Colour of deep water in white light.
        swell: Strength of the waves; 0.2 is a lake, 1 a rough sea.
        top: Row of its far shore; the horizon by default.
    """
    light, rng = canvas.light, canvas.rng
    shore = canvas.horizon if top is None else top
    below = np.clip((ROWS - np.float32(shore)) / np.float32(SIDE - shore), 0, 1)
    mirror = np.float32(0.75) * (1 - below) ** 2 + np.float32(0.08)
    sky = blend(light.horizon, light.zenith, 0.35)
    flat = mix(light.on(colour), sky, np.broadcast_to(mirror, (SIDE, SIDE)))
    coarse, coarse_fade = flat_noise(rng, canvas.horizon - 2, 0.35, 0.8)
    fine, fine_fade = flat_noise(rng, canvas.horizon - 2, 1.1, 2.2)
    waves = (coarse - 0.5) * coarse_fade + 0.7 * (fine - 0.5) * fine_fade
    texture = 1 + np.float32(swell) * waves
    canvas.paint(flat * texture[..., None], step(ROWS - np.zeros(SIDE, np.float32), shore, 1.2))
    if swell > 0.5:
        crests = step(waves, 0.46 - 0.16 * swell, 0.1) * coarse_fade
        canvas.paint(light.on(FOAM), crests * step(below, 0.03, 0.05) * np.float32(0.8))


def paint_glitter(canvas: Canvas, x: float) -> None:
    """Paint the sun's path on the water, below a sun in column x."""
    light, rng = canvas.light, canvas.rng
    below = np.clip(ROWS - np.float32(canvas.horizon), 0, SIDE)
    sparks, _ = flat_noise(rng, canvas.horizon - 2, 1.4, 2.6)
    path = np.exp(-(((COLUMNS - np.float32(x)) / (8 + below * np.float32(0.22))) ** 2))
    on_water = step(ROWS - np.zeros(SIDE, np.float32), canvas.horizon, 1.0)
    colour = blend(light.horizon, (255, 246, 220), 0.6)
    canvas.paint(colour, path * on_water * step(sparks, 0.52, 0.3) * np.float32(0.85))


def paint_beach(canvas: Canvas, line: FloatArray, sand: RGB) -> None:
    """Paint a beach below a line, with its wet edge and the foam of the last waves."""
    light, rng = canvas.light, canvas.rng
    depth = ROWS - line
    patches, fade = flat_noise(rng, canvas.horizon, 2.0, 1.2)
    wide = noise(rng, 3, 6, 2)
    tone = 1 + np.float32(0.22) * ((patches - 0.5) * fade + wide - 0.5)
    surface = mix(light.on(sand, sunlit=0.35), light.on(sand), step(depth, 14.0, 14.0))
    canvas.paint(surface * tone[..., None], step(depth, 0.0, 2.0))
    lace = noise(rng, 16, 22, 3)
    for _ in range(int(rng.integers(1, 4))):
        offset, width = rng.uniform(-26, 4), rng.uniform(2.5, 7)
        bend = outline(rng, 3, 3) * np.float32(3)
        band = np.clip(1 - np.abs(depth + bend - np.float32(offset)) / np.float32(width), 0, 1)
        visible = step(ROWS - np.zeros(SIDE, np.float32), canvas.horizon + 6, 6.0)
        canvas.paint(light.on(FOAM), step(band + lace, 1.0, 0.35) * visible)


def paint_ice(
    canvas: Canvas,
    left: FloatArray,
    right: FloatArray,
    top: float,
    *,
    dirt: float,
    cracks: float,
) -> None:
    """Paint a tongue of ice that flows from a far row towards the viewer.

    Args:
        canvas: Where to.
        left, right: Columns of its two edges in each row, shape (SIDE,).
        top: Row in which it begins.
        dirt: Share of rubble carried in dark bands along the flow, 0..1.
        cracks: Share of open blue crevasses across the flow, 0..1.
    """
    light, rng = canvas.light, canvas.rng
    width = np.maximum(right - left, 4.0)[:, None]
    across = (COLUMNS - left[:, None]) / width  # 0 left edge, 1 right edge
    rough, fade = flat_noise(rng, top - 10, 1.6, 1.1)
    fine, _ = flat_noise(rng, top - 10, 2.6, 3.2)
    wobble = noise(rng, 4, 5, 2) - np.float32(0.5)
    bands = np.interp(across + 0.12 * wobble, np.linspace(0, 1, 24), rng.random(24)).astype(
        np.float32
    )
    sunlit = np.clip(0.72 + 1.3 * (rough - 0.5) + 0.8 * wobble, 0, 1)
    surface = mix(light.on(ICE_SHADE, distance=0.2), light.on(ICE), sunlit)
    crevasse = step(fine + 0.35 * wobble, 1.02 - 0.62 * cracks, 0.12) * (0.3 + 0.7 * fade)
    surface = mix(surface, light.on(ICE_DEEP, sunlit=0.8), crevasse * np.float32(0.85))
    rubble = step(bands + 0.5 * (rough - 0.5), 1.05 - 0.75 * dirt, 0.16)
    surface = mix(surface, light.on(MORAINE, distance=0.2), rubble * np.float32(0.8))
    ragged = 0.03 * (rough - 0.5)
    inside = step(across + ragged, 0.0, 0.02) * step(1 - across + ragged, 0.0, 0.02)
    canvas.paint(surface, inside * step(ROWS + 12 * wobble, top, 3.0))


def paint_ice_wall(canvas: Canvas, crest: FloatArray, foot: float, *, blue: float) -> None:
    """Paint the broken front of a glacier between its crest and a row at its foot.

    Args:
        canvas: Where to.
        crest: Row of its upper edge in each column, shape (SIDE,).
        foot: Row in which it meets the water.
        blue: How deep its colour is, 0..1.
    """
    light, rng = canvas.light, canvas.rng
    shear = noise(rng, 3, 3) - np.float32(0.5)
    columns = np.clip(COLUMNS + 26 * shear, 0, SIDE - 1).astype(np.intp)
    pillars = (0.5 + 0.5 * outline(rng, 16, 3))[columns]
    facets = noise(rng, 22, 9, 2)
    deep = np.clip((ROWS - crest) / np.maximum(np.float32(foot) - crest, 1), 0, 1)
    sunlit = np.clip(0.1 + 0.6 * pillars + 0.9 * (facets - 0.5) + 0.4 * (1 - deep), 0, 1)
    shade = blend(ICE_SHADE, ICE_DEEP, 0.75 * blue)
    surface = mix(light.on(shade, sunlit=0.75), light.on(ICE), sunlit)
    gaps = step(0.32 - pillars - 0.5 * (facets - 0.5), 0.0, 0.14)
    surface = mix(surface, light.on(ICE_DEEP, sunlit=0.4), gaps * np.float32(0.7))
    below = step(np.full((SIDE, SIDE), foot, np.float32) - ROWS, 0.0, 1.5)
    canvas.paint(surface, step(ROWS - crest, 0.0, 1.5) * below)


def draw_iceberg(canvas: Canvas, x: float, foot: float, width: float) -> None:
    """Draw a floating block of ice with a bright and a dark side and its reflection."""
    rng, light = canvas.rng, canvas.light
    height = width * rng.uniform(0.25, 0.7)
    count = 6
    steps = np.linspace(-0.5, 0.5, count)
    tops = height * rng.uniform(0.35, 1.0, count) * (1.0 - 1.2 * np.abs(steps))
    crest = [
        (x + width * float(u), foot - float(rise)) for u, rise in zip(steps, tops, strict=True)
    ]
    start, end = (x - width / 2, foot), (x + width / 2, foot)
    under = [(px, foot + (foot - py) * 0.45) for px, py in crest]
    canvas.polygon([start, *under, end], light.on(blend(ICE_DEEP, ICE, 0.35), sunlit=0.7))
    canvas.polygon([start, *crest, end], light.on(ICE))
    split = int(rng.integers(1, count - 1))
    half = crest[split:] if light.sun_side < 0 else crest[: split + 1]
    corner = (x + width * rng.uniform(-0.15, 0.15), foot)
    edge = [end, corner] if light.sun_side < 0 else [corner, start]
    canvas.polygon([*half, *edge], light.on(blend(ICE_SHADE, ICE_DEEP, rng.uniform(0, 0.6))))
    canvas.line([start, end], light.on(ICE_DEEP, sunlit=0.5))
