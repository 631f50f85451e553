"""The sea: open water, beaches, cliffs, islands, boats."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import COLUMNS, SIDE, Canvas, outline
from cnnlab.datasets.scenes.land import GRASS, ROCK, draw_tree, paint_ground, paint_range
from cnnlab.datasets.scenes.light import RGB, blend, pick, pick_light
from cnnlab.datasets.scenes.mountain import ridge
from cnnlab.datasets.scenes.sky import paint_sky
from cnnlab.datasets.scenes.water import draw_iceberg, paint_beach, paint_glitter, paint_water

_WATER: tuple[RGB, ...] = (
    (24, 74, 122),
    (32, 104, 138),
    (40, 134, 148),
    (58, 92, 108),
    (70, 100, 104),
    (20, 58, 88),
)
_SAND: tuple[RGB, ...] = ((222, 200, 158), (206, 184, 146), (178, 160, 134), (120, 112, 106))


def paint(rng: np.random.Generator) -> Canvas:
    """Paint a picture of the sea."""
    canvas = Canvas(rng, pick_light(rng), horizon=SIDE * rng.uniform(0.25, 0.66))
    paint_sky(canvas)
    if rng.random() < 0.4:
        _far_coast(canvas)
    swell = rng.uniform(0.25, 1.1)
    paint_water(canvas, pick(rng, _WATER), swell=swell)
    if not canvas.light.night and canvas.light.clouds < 0.7 and rng.random() < 0.35:
        paint_glitter(canvas, SIDE * (0.5 + canvas.light.sun_side * rng.uniform(0.0, 0.35)))
    if rng.random() < 0.3:
        _cliff(canvas)
    if rng.random() < 0.35:
        _boats(canvas)
    if rng.random() < 0.07:
        for near in np.sort(rng.random(int(rng.integers(1, 6)))):
            foot = canvas.horizon + 4 + (SIDE - canvas.horizon) * 0.6 * float(near)
            draw_iceberg(canvas, rng.uniform(0, SIDE), foot, rng.uniform(8, 30) * (0.4 + near))
    if rng.random() < 0.55:
        _shore(canvas)
    return canvas


def _far_coast(canvas: Canvas) -> None:
    rng = canvas.rng
    if rng.random() < 0.5:
        line = ridge(rng, canvas.horizon, SIDE * rng.uniform(0.03, 0.2), peaks=3)
    else:
        island = np.abs(COLUMNS / SIDE - rng.uniform(0.1, 0.9)) / rng.uniform(0.12, 0.4)
        rise = SIDE * rng.uniform(0.04, 0.14) * (1 - island**2) + 3 * outline(rng, 6, 4)
        line = (canvas.horizon - rise).astype(np.float32)
    snow = rng.uniform(0.4, 1.0) if rng.random() < 0.25 else 0.0
    green = pick(rng, GRASS) if rng.random() < 0.5 else None
    rock = pick(rng, ROCK)
    paint_range(canvas, line, rock=rock, distance=rng.uniform(0.7, 1.8), snow=snow, green=green)


def _cliff(canvas: Canvas) -> None:
    """Stand a headland at the side, with surf at its foot."""
    rng = canvas.rng
    side = 1 if rng.random() < 0.5 else -1
    reach = SIDE * rng.uniform(0.2, 0.5)
    inland = (COLUMNS - (SIDE - reach)) if side > 0 else (reach - COLUMNS)
    near = SIDE * rng.uniform(0.02, 0.22)
    foot = canvas.horizon + near * np.clip(inland / reach, 0, 1)
    height = SIDE * rng.uniform(0.12, 0.4) * np.clip(inland / reach, 0, 1) ** 0.5
    top = np.where(inland > 0, foot - height + 5 * outline(rng, 6, 4), SIDE + 9.0)
    rock = pick(rng, ROCK)
    points = [(float(x), float(y)) for x, y in zip(COLUMNS, top, strict=True) if y < SIDE]
    if len(points) < 3:
        return
    lower = [(x, float(foot[int(x)]) + rng.uniform(0, 2)) for x, _ in reversed(points)]
    tone = canvas.light.on(rock, distance=0.3, sunlit=0.75 - 0.4 * side * canvas.light.sun_side)
    canvas.polygon([*points, *lower], tone)
    grass = canvas.light.on(pick(rng, GRASS), distance=0.3)
    canvas.polygon([*points, *[(x, y + 5) for x, y in reversed(points)]], grass)
    for x, y in points[:: max(1, len(points) // 18)]:
        length = rng.uniform(6, 0.8 * float(height.max()) + 7)
        shade = blend(tone, (20, 20, 30), rng.uniform(0.1, 0.35))
        canvas.line(
            [(x, y + 4), (x + rng.uniform(-5, 5), min(y + length, float(foot[int(x)])))], shade, 2
        )
    canvas.line(lower, canvas.light.on((240, 244, 244)), 2)


def _boats(canvas: Canvas) -> None:
    rng = canvas.rng
    for near in np.sort(rng.uniform(0.02, 0.5, int(rng.integers(1, 4)))):
        foot = canvas.horizon + (SIDE - canvas.horizon) * float(near)
        size = 8 + 42 * float(near)
        x = rng.uniform(0.1, 0.9) * SIDE
        hull = canvas.light.on(pick(rng, ((240, 240, 236), (60, 70, 90), (170, 60, 50))))
        deck, keel = size * 0.5, size * 0.36
        canvas.polygon(
            [
                (x - deck, foot - size * 0.16),
                (x + deck, foot - size * 0.16),
                (x + keel, foot),
                (x - keel, foot),
            ],
            hull,
        )
        if rng.random() < 0.7:
            sail = canvas.light.on(pick(rng, ((246, 244, 238), (222, 120, 70), (230, 226, 210))))
            mast = foot - size * 1.25
            canvas.polygon(
                [(x, mast), (x, foot - size * 0.22), (x + size * 0.45, foot - size * 0.22)], sail
            )
            canvas.polygon(
                [
                    (x - 1, mast + size * 0.1),
                    (x - 1, foot - size * 0.22),
                    (x - size * 0.36, foot - size * 0.22),
                ],
                blend(sail, (60, 70, 90), 0.18),
            )
        else:
            canvas.rectangle(
                x - size * 0.2, foot - size * 0.36, x + size * 0.12, foot - size * 0.16, hull
            )


def _shore(canvas: Canvas) -> None:
    rng = canvas.rng
    slant = rng.uniform(-0.35, 0.35) * (COLUMNS / SIDE - 0.5)
    line = SIDE * (rng.uniform(0.72, 0.95) + slant + 0.03 * outline(rng, 1.5, 3, 0.4))
    line = np.maximum(line, canvas.horizon + 6).astype(np.float32)
    if rng.random() < 0.75:
        paint_beach(canvas, line, pick(rng, _SAND))
        if rng.random() < 0.3:
            _parasols(canvas, line)
    else:
        paint_range(canvas, line + 6 * outline(rng, 4, 4), rock=pick(rng, ROCK), distance=0.0)
    if rng.random() < 0.15:
        x = rng.choice((0.08, 0.92)) * SIDE
        leaf = canvas.light.on(pick(rng, GRASS))
        draw_tree(canvas, float(x), float(line.max()) + 20, SIDE * rng.uniform(0.4, 0.7), leaf)
    if rng.random() < 0.12:
        paint_ground(canvas, (line + SIDE * 0.12).astype(np.float32), pick(rng, GRASS))


def _parasols(canvas: Canvas, line: np.typing.NDArray[np.float32]) -> None:
    rng = canvas.rng
    for x in rng.uniform(8, SIDE - 8, int(rng.integers(1, 6))):
        foot = float(line[int(x)]) + rng.uniform(12, 30)
        size = rng.uniform(8, 14)
        colour = canvas.light.on(pick(rng, ((214, 60, 54), (240, 200, 70), (60, 120, 190))))
        canvas.line([(x, foot), (x, foot - size)], canvas.light.on((90, 80, 70)))
        canvas.polygon(
            [
                (x - size * 0.6, foot - size * 0.8),
                (x, foot - size * 1.2),
                (x + size * 0.6, foot - size * 0.8),
            ],
            colour,
        )
