"""Buildings: rows of houses, towers of a city, single houses in a garden."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import SIDE, Canvas, outline
from cnnlab.datasets.scenes.facade import Front, paint_front, paint_house
from cnnlab.datasets.scenes.land import GRASS, LEAF, ROCK, draw_tree, paint_ground, paint_range
from cnnlab.datasets.scenes.light import pick, pick_light
from cnnlab.datasets.scenes.mountain import ridge
from cnnlab.datasets.scenes.sky import paint_sky

_PAVING = ((150, 148, 144), (120, 118, 118), (168, 160, 148))


def paint(rng: np.random.Generator) -> Canvas:
    """Paint a picture of buildings."""
    canvas = Canvas(rng, pick_light(rng), horizon=SIDE * rng.uniform(0.68, 0.92))
    paint_sky(canvas)
    _VIEWS[int(rng.choice(4, p=(0.34, 0.26, 0.2, 0.2)))](canvas)
    return canvas


def _row(canvas: Canvas) -> None:
    """A row of houses, wall to wall."""
    rng = canvas.rng
    if rng.random() < 0.3:
        _skyline(canvas, 0.5)
    left = -rng.uniform(0, 40)
    height = SIDE * rng.uniform(0.3, 0.62)
    while left < SIDE:
        right = left + rng.uniform(34, 90)
        top = canvas.horizon - height * rng.uniform(0.75, 1.25)
        paint_house(canvas, left, right, max(top, 4.0), canvas.horizon)
        left = right + (rng.uniform(2, 20) if rng.random() < 0.2 else 0.0)
    _foreground(canvas)


def _towers(canvas: Canvas) -> None:
    """The towers of a city, row behind row."""
    _skyline(canvas, 1.0)
    _skyline(canvas, 0.45)
    _foreground(canvas)


def _skyline(canvas: Canvas, distance: float) -> None:
    rng = canvas.rng
    left = -rng.uniform(0, 30)
    while left < SIDE:
        right = left + rng.uniform(18, 52)
        top = canvas.horizon - SIDE * rng.uniform(0.25, 0.75)
        rows = int(np.clip((canvas.horizon - top) / rng.uniform(8, 15), 2, 18))
        paint_front(
            canvas,
            Front((left, top, canvas.horizon), (right, top, canvas.horizon)),
            floors=rows,
            windows=int(rng.integers(3, 7)),
            sunlit=rng.uniform(0.3, 1.0),
            distance=distance,
        )
        left = right + rng.uniform(-4, 14)


def _house(canvas: Canvas) -> None:
    """One or two houses with trees, at times with mountains behind."""
    rng = canvas.rng
    if rng.random() < 0.4:
        far = ridge(rng, canvas.horizon, SIDE * rng.uniform(0.1, 0.3), peaks=3)
        paint_range(canvas, far, rock=pick(rng, ROCK), distance=1.3, snow=rng.choice((0.0, 0.6)))
    ground = canvas.horizon - SIDE * (0.06 + 0.02 * outline(rng, 2, 3))
    paint_ground(canvas, ground, pick(rng, GRASS), distance=0.2)
    for _ in range(int(rng.integers(1, 3))):
        width = SIDE * rng.uniform(0.3, 0.6)
        left = rng.uniform(-10, SIDE - width + 10)
        top = canvas.horizon - SIDE * rng.uniform(0.25, 0.5)
        paint_house(canvas, left, left + width, top, canvas.horizon)
    for _ in range(int(rng.integers(0, 4))):
        x, height = rng.uniform(0, SIDE), SIDE * rng.uniform(0.2, 0.45)
        leaf = canvas.light.on(pick(rng, LEAF), sunlit=0.7)
        draw_tree(canvas, x, canvas.horizon + rng.uniform(0, 12), height, leaf)


def _corner(canvas: Canvas) -> None:
    """A large building seen over its corner, looked up at."""
    rng = canvas.rng
    if rng.random() < 0.5:
        _skyline(canvas, 0.8)
    edge = SIDE * rng.uniform(0.3, 0.7)
    top, foot = SIDE * rng.uniform(0.02, 0.3), canvas.horizon + SIDE * 0.05
    floors = int(rng.integers(4, 11))
    sides = ((-0.1 * SIDE, 1.0), (1.1 * SIDE, 0.35))
    for column, sunlit in sides:
        drop = SIDE * rng.uniform(0.08, 0.28)
        front = Front((edge, top, foot), (column, top + drop, foot - drop * 0.25))
        paint_front(
            canvas,
            front,
            floors=floors,
            windows=int(rng.integers(4, 9)),
            sunlit=sunlit if canvas.light.sun_side < 0 else 1.35 - sunlit,
            distance=0.1,
            shop=rng.random() < 0.5,
        )
    _foreground(canvas)


def _foreground(canvas: Canvas) -> None:
    """Paving or lawn in front, at times with trees."""
    rng = canvas.rng
    colour = pick(rng, GRASS) if rng.random() < 0.3 else pick(rng, _PAVING)
    line = np.full(SIDE, canvas.horizon, np.float32)
    paint_ground(canvas, line, colour, roughness=0.25)
    if rng.random() < 0.35:
        for x in rng.uniform(0, SIDE, int(rng.integers(1, 5))):
            leaf = canvas.light.on(pick(rng, LEAF), sunlit=0.7)
            height = SIDE * rng.uniform(0.15, 0.35)
            draw_tree(canvas, float(x), canvas.horizon + rng.uniform(2, 14), height, leaf)


_VIEWS = (_row, _towers, _house, _corner)
