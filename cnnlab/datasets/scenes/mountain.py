"""Mountains: snowy peaks, bare ridges, green valleys, lakes below a range."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import COLUMNS, SIDE, Canvas, FloatArray, outline
from cnnlab.datasets.scenes.land import (
    FIR,
    GRASS,
    ROCK,
    SNOW,
    paint_ground,
    paint_range,
    plant_firs,
)
from cnnlab.datasets.scenes.light import RGB, pick, pick_light
from cnnlab.datasets.scenes.sky import paint_sky
from cnnlab.datasets.scenes.water import paint_water


def ridge(
    rng: np.random.Generator, foot: float, height: float, *, peaks: float = 2.5, fall: float = 0.5
) -> FloatArray:
    """Return the rows of a jagged ridge line.

    Args:
        rng: Source of chance.
        foot: Row the mountains stand on.
        height: How far the line rises above it, on average, px.
        peaks: How many of them fit across the sheet.
        fall: Jaggedness, as in `outline`.
    """
    line = foot - height * (1.0 + 0.45 * outline(rng, peaks, 6, fall))
    summit = SIDE * rng.uniform(0.2, 0.8)
    dome = np.maximum(0, 1 - np.abs(COLUMNS - summit) / (SIDE * rng.uniform(0.35, 0.7)))
    rise: FloatArray = line - np.float32(height * rng.uniform(0.1, 0.8)) * dome
    return np.maximum(rise, 6).astype(np.float32)


def paint(rng: np.random.Generator) -> Canvas:
    """Paint a picture of mountains."""
    canvas = Canvas(rng, pick_light(rng), horizon=SIDE * rng.uniform(0.5, 0.8))
    paint_sky(canvas)
    snow = rng.uniform(0.25, 1.0) if rng.random() < 0.6 else 0.0
    rock = pick(rng, ROCK)
    if rng.random() < 0.65:
        far = ridge(rng, canvas.horizon, SIDE * rng.uniform(0.2, 0.34), peaks=4)
        paint_range(canvas, far, rock=rock, distance=1.6, snow=snow * 1.1, relief=0.7)
    main = ridge(
        rng,
        canvas.horizon,
        SIDE * rng.uniform(0.2, 0.4),
        peaks=rng.uniform(1.5, 3.5),
        fall=rng.uniform(0.42, 0.56),
    )
    green = pick(rng, GRASS) if rng.random() < 0.55 else None
    paint_range(canvas, main, rock=rock, distance=0.7, snow=snow, green=green)
    _FOREGROUNDS[int(rng.choice(6, p=(0.22, 0.26, 0.14, 0.14, 0.12, 0.12)))](canvas, rock)
    return canvas


def _meadow(canvas: Canvas, _: RGB) -> None:
    rng = canvas.rng
    line = canvas.horizon + SIDE * (rng.uniform(0, 0.08) + 0.04 * outline(rng, 2, 3, 0.4))
    if rng.random() < 0.5:
        plant_firs(canvas, line, int(rng.integers(15, 50)), (6, 16), distance=0.5)
    flowers = pick(rng, ((236, 226, 120), (230, 160, 190), (240, 240, 235), (160, 150, 130)))
    paint_ground(canvas, line, pick(rng, GRASS), distance=0.4, fleck=flowers)


def _firs(canvas: Canvas, _: RGB) -> None:
    rng = canvas.rng
    line = canvas.horizon + SIDE * (rng.uniform(0.03, 0.12) + 0.05 * outline(rng, 2, 3, 0.4))
    colour = pick(rng, FIR)
    paint_ground(canvas, line, colour, distance=0.4, roughness=0.7)
    for shift, size in ((0.0, 1.0), (0.06, 1.5), (0.14, 2.2)):
        row = (line + SIDE * shift).astype(np.float32)
        height = (9 * size, 18 * size)
        plant_firs(canvas, row, int(34 / size), height, distance=0.5 - 2 * shift, colour=colour)


def _lake(canvas: Canvas, _: RGB) -> None:
    rng = canvas.rng
    shore = np.full(SIDE, canvas.horizon - 3, np.float32) + outline(rng, 3, 3) * np.float32(3)
    plant_firs(canvas, shore, int(rng.integers(0, 60)), (5, 12), distance=0.8)
    water = pick(rng, ((44, 92, 110), (60, 110, 130), (50, 70, 90)))
    paint_water(canvas, water, swell=rng.uniform(0.1, 0.35))
    if rng.random() < 0.6:
        line = SIDE * (rng.uniform(0.8, 0.93) + 0.05 * outline(rng, 2, 4))
        paint_ground(canvas, line, pick(rng, GRASS + ROCK), roughness=0.8)


def _scree(canvas: Canvas, rock: RGB) -> None:
    rng = canvas.rng
    line = canvas.horizon + SIDE * (rng.uniform(-0.02, 0.1) + 0.07 * outline(rng, 2, 5))
    paint_range(canvas, line, rock=rock, distance=0.15, snow=rng.choice((0.0, 0.3)), relief=1.1)
    near = SIDE * (rng.uniform(0.84, 0.95) + 0.04 * outline(rng, 3, 4))
    paint_ground(canvas, near, rock, roughness=0.9, fleck=(178, 172, 164))


def _snowfield(canvas: Canvas, rock: RGB) -> None:
    rng = canvas.rng
    line = canvas.horizon + SIDE * (rng.uniform(0.0, 0.08) + 0.06 * outline(rng, 1.5, 4, 0.4))
    paint_ground(canvas, line, SNOW, distance=0.3, roughness=0.22)
    if rng.random() < 0.6:
        plant_firs(canvas, line + 6, int(rng.integers(3, 22)), (10, 30), distance=0.2, snow=0.45)
    if rng.random() < 0.5:
        near = SIDE * (rng.uniform(0.85, 1.0) + 0.06 * outline(rng, 3, 5))
        paint_range(canvas, near, rock=rock, distance=0.0, snow=0.4)


def _ridges(canvas: Canvas, rock: RGB) -> None:
    rng = canvas.rng
    base = pick(rng, (rock, FIR[0], GRASS[2]))
    count = int(rng.integers(2, 5))
    for number in range(count):
        foot = canvas.horizon + (SIDE - canvas.horizon) * (number + 0.8) / count
        line = foot - SIDE * (0.1 + 0.06 * outline(rng, rng.uniform(1.5, 3), 5, 0.42))
        paint_range(canvas, line, rock=base, distance=1.4 * (1 - (number + 1) / count), relief=0.5)


_FOREGROUNDS = (_meadow, _firs, _lake, _scree, _snowfield, _ridges)
