"""Glaciers: tongues between mountains, calving fronts, ice fields, icebergs."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import ROWS, SIDE, Canvas, FloatArray, outline
from cnnlab.datasets.scenes.land import ROCK, SNOW, paint_ground, paint_range
from cnnlab.datasets.scenes.light import pick, pick_light
from cnnlab.datasets.scenes.mountain import ridge
from cnnlab.datasets.scenes.sky import paint_sky
from cnnlab.datasets.scenes.water import (
    draw_iceberg,
    paint_ice,
    paint_ice_wall,
    paint_water,
)

_MELTWATER = ((70, 122, 138), (96, 132, 138), (46, 84, 112), (112, 140, 142))


def paint(rng: np.random.Generator) -> Canvas:
    """Paint a picture of a glacier."""
    canvas = Canvas(rng, pick_light(rng), horizon=SIDE * rng.uniform(0.34, 0.6))
    paint_sky(canvas)
    _VIEWS[int(rng.choice(4, p=(0.4, 0.26, 0.2, 0.14)))](canvas)
    return canvas


def _mountains(canvas: Canvas, height: float) -> None:
    rng = canvas.rng
    rock = pick(rng, ROCK)
    snow = rng.uniform(0.5, 1.15)
    for distance in (1.5, 0.8)[int(rng.integers(2)) :]:
        line = ridge(rng, canvas.horizon, SIDE * height * rng.uniform(0.6, 1.2), peaks=3)
        paint_range(canvas, line, rock=rock, distance=distance, snow=snow)


def _tongue(canvas: Canvas) -> None:
    rng = canvas.rng
    _mountains(canvas, 0.2)
    rock = pick(rng, ROCK)
    slopes = canvas.horizon + SIDE * (rng.uniform(0, 0.08) + 0.05 * outline(rng, 2, 4))
    paint_range(canvas, slopes, rock=rock, distance=0.3, snow=rng.uniform(0.0, 0.5))
    top = canvas.horizon - SIDE * rng.uniform(0.0, 0.1)
    down = np.clip((ROWS[:, 0] - np.float32(top)) / np.float32(SIDE - top), 0, 1)
    source, mouth = SIDE * rng.uniform(0.25, 0.75), SIDE * rng.uniform(0.2, 0.8)
    bend = np.sin(down * np.float32(rng.uniform(2, 5))) * np.float32(
        SIDE * rng.uniform(-0.15, 0.15)
    )
    centre = source + (mouth - source) * down**1.4 + bend * (1 - down)
    narrow, wide = SIDE * rng.uniform(0.05, 0.16), SIDE * rng.uniform(0.3, 0.75)
    half = narrow + (wide - narrow) * down ** np.float32(rng.uniform(0.8, 1.8))
    ragged = outline(rng, 8, 3) * np.float32(3)
    left = (centre - half + ragged).astype(np.float32)
    right = (centre + half + ragged[::-1]).astype(np.float32)
    paint_ice(canvas, left, right, top, dirt=rng.uniform(0.1, 0.6), cracks=rng.uniform(0.2, 0.85))
    if rng.random() < 0.3:
        near = SIDE * (rng.uniform(0.86, 0.96) + 0.05 * outline(rng, 3, 5))
        paint_range(canvas, near, rock=rock, distance=0.0)


def _front(canvas: Canvas) -> None:
    rng = canvas.rng
    _mountains(canvas, rng.uniform(0.05, 0.2))
    height = SIDE * rng.uniform(0.1, 0.3)
    foot = canvas.horizon + SIDE * rng.uniform(0.1, 0.25)
    crest = foot - height * (1 + 0.25 * outline(rng, 3, 6, 0.6))
    _sheet(canvas, crest - SIDE * rng.uniform(0.02, 0.1))
    paint_water(canvas, pick(rng, _MELTWATER), swell=rng.uniform(0.1, 0.4), top=foot - 1)
    paint_ice_wall(canvas, crest, foot, blue=rng.uniform(0.1, 0.9))
    _drift(canvas, foot, int(rng.integers(0, 16)), (4, 26))


def _field(canvas: Canvas) -> None:
    rng = canvas.rng
    _mountains(canvas, rng.uniform(0.08, 0.26))
    line = canvas.horizon + SIDE * (rng.uniform(-0.03, 0.04) + 0.02 * outline(rng, 2, 3))
    _sheet(canvas, line)
    if rng.random() < 0.4:
        snow = SIDE * (rng.uniform(0.75, 0.92) + 0.06 * outline(rng, 1.5, 4, 0.4))
        paint_ground(canvas, snow, SNOW, roughness=0.25)


def _lagoon(canvas: Canvas) -> None:
    rng = canvas.rng
    if rng.random() < 0.75:
        _mountains(canvas, rng.uniform(0.06, 0.2))
    if rng.random() < 0.5:
        crest = canvas.horizon - SIDE * (0.05 + 0.02 * outline(rng, 3, 5, 0.6))
        paint_ice_wall(canvas, crest, canvas.horizon, blue=0.4)
    paint_water(canvas, pick(rng, _MELTWATER), swell=rng.uniform(0.1, 0.4))
    _drift(canvas, canvas.horizon, int(rng.integers(6, 26)), (10, 70))


def _sheet(canvas: Canvas, line: FloatArray) -> None:
    """Paint ice from edge to edge below a line."""
    rng = canvas.rng
    edge = np.full(SIDE, SIDE * 1.2, np.float32)
    paint_ground(canvas, line, SNOW, distance=0.4, roughness=0.2)
    paint_ice(
        canvas,
        -edge * 0.2,
        edge,
        float(line.max()),
        dirt=rng.uniform(0.0, 0.35),
        cracks=rng.uniform(0.3, 0.9),
    )


def _drift(canvas: Canvas, shore: float, count: int, widths: tuple[float, float]) -> None:
    """Let ice float on the water, the far pieces first and smallest."""
    rng = canvas.rng
    for near in np.sort(rng.random(count) ** 1.5):
        foot = shore + 3 + (SIDE - shore) * 0.9 * float(near)
        width = rng.uniform(*widths) * (0.25 + float(near))
        draw_iceberg(canvas, rng.uniform(0, SIDE), foot, width)


_VIEWS = (_tongue, _front, _field, _lagoon)
