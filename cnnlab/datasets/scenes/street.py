"""Streets: a roadway that runs to a vanishing point between houses or trees."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cnnlab.datasets.scenes.canvas import SIDE, Canvas, outline
from cnnlab.datasets.scenes.facade import Front, paint_front
from cnnlab.datasets.scenes.land import GRASS, LEAF, ROCK, draw_tree, paint_ground, paint_range
from cnnlab.datasets.scenes.light import RGB, blend, pick, pick_light
from cnnlab.datasets.scenes.mountain import ridge
from cnnlab.datasets.scenes.sky import paint_sky

_ASPHALT: tuple[RGB, ...] = ((92, 92, 96), (116, 114, 112), (74, 76, 82), (140, 128, 116))
_PAVEMENT: tuple[RGB, ...] = ((164, 160, 152), (138, 134, 130), (176, 166, 150))
_PAINTWORK: tuple[RGB, ...] = (
    (180, 40, 38),
    (44, 78, 140),
    (228, 228, 228),
    (40, 42, 46),
    (150, 154, 158),
    (226, 182, 58),
)


def paint(rng: np.random.Generator) -> Canvas:
    """Paint a picture of a street."""
    canvas = Canvas(rng, pick_light(rng), horizon=SIDE * rng.uniform(0.42, 0.62))
    paint_sky(canvas)
    vanishing = SIDE * rng.uniform(0.3, 0.7)
    kind = rng.random()
    if kind < 0.3:
        far = ridge(rng, canvas.horizon, SIDE * rng.uniform(0.06, 0.2), peaks=3)
        paint_range(canvas, far, rock=pick(rng, ROCK), distance=1.4, snow=rng.choice((0.0, 0.5)))
    verge = pick(rng, GRASS) if kind < 0.45 else pick(rng, _PAVEMENT)
    ground = canvas.horizon + outline(rng, 2, 2) * np.float32(1)
    paint_ground(canvas, ground, verge, distance=0.5, roughness=0.3)
    half = SIDE * rng.uniform(0.35, 0.8)
    for side in (-1, 1):
        if kind < 0.45 and rng.random() < 0.6:
            _paint_trees(canvas, vanishing, side, half)
        else:
            _paint_houses(canvas, vanishing, side, half)
    _paint_roadway(canvas, vanishing, half)
    for near in np.sort(rng.random(int(rng.integers(0, 6)))):
        _paint_car(canvas, vanishing, half, float(near))
    if rng.random() < 0.5:
        _paint_lamps(canvas, vanishing, half, -1 if rng.random() < 0.5 else 1)
    return canvas


def _row_at(canvas: Canvas, near: float) -> float:
    """Row of the ground at a nearness: 0 the vanishing point, 1 the foot of the sheet."""
    return canvas.horizon + (SIDE - canvas.horizon) * near


def _paint_roadway(canvas: Canvas, vanishing: float, half: float) -> None:
    rng, light = canvas.rng, canvas.light
    centre = SIDE / 2 + rng.uniform(-20, 20)
    for reach, colour in ((1.22, pick(rng, _PAVEMENT)), (1.0, pick(rng, _ASPHALT))):
        foot = [(centre + half * reach, SIDE), (centre - half * reach, SIDE)]
        far = [(vanishing - 2, canvas.horizon), (vanishing + 2, canvas.horizon)]
        canvas.polygon([*far, *foot], light.on(colour, sunlit=rng.uniform(0.5, 1.0)))
    if rng.random() < 0.75:
        white = light.on((232, 230, 220))
        dashes = int(rng.integers(4, 9)) if rng.random() < 0.75 else 0
        pieces = [(0.02, 1.0)] if not dashes else _dashes(dashes)
        for start, end in pieces:
            corners = []
            for near, sign in ((start, -1), (start, 1), (end, 1), (end, -1)):
                column = vanishing + (centre - vanishing) * near
                corners.append((column + sign * 4.5 * near, _row_at(canvas, near)))
            canvas.polygon(corners, white)
    if rng.random() < 0.25:
        near = rng.uniform(0.5, 0.85)
        for stripe in np.arange(-0.9, 0.9, 0.24):
            end = min(near + 0.12, 1.0)
            column = vanishing + (centre - vanishing) * near
            left, right = column + half * near * stripe, column + half * near * (stripe + 0.12)
            corners = [(left, _row_at(canvas, near)), (right, _row_at(canvas, near))]
            corners += [(right, _row_at(canvas, end)), (left, _row_at(canvas, end))]
            canvas.polygon(corners, light.on((226, 224, 216)))


def _dashes(count: int) -> list[tuple[float, float]]:
    """Nearness of the ends of dashes that are equally long on the ground."""
    depths = [1.0 / (1.0 + 0.8 * number) for number in range(2 * count)]
    return [(depths[2 * n + 1], depths[2 * n]) for n in reversed(range(count))]


def _paint_houses(canvas: Canvas, vanishing: float, side: int, half: float) -> None:
    """Houses along one side, the far ones first."""
    rng = canvas.rng
    edge = SIDE / 2 + side * half * rng.uniform(1.15, 1.5)
    height = rng.uniform(0.9, 2.2) * (SIDE - canvas.horizon)
    cuts = np.sort(np.append(rng.uniform(0.08, 1.0, int(rng.integers(2, 6))), (0.05, 1.5)))
    sunlit = 1.0 if side != canvas.light.sun_side else 0.3
    for far, near in pairwise(cuts):
        tall = height * rng.uniform(0.7, 1.2)
        places = []
        for share in (near, far):
            column = vanishing + (edge - vanishing) * share
            places.append((column, canvas.horizon - tall * share, _row_at(canvas, share)))
        paint_front(
            canvas,
            Front(places[0], places[1]),
            floors=int(rng.integers(2, 6)),
            windows=int(rng.integers(2, 6)),
            sunlit=sunlit * rng.uniform(0.8, 1.1),
            distance=0.6 * (1 - min(float(near), 1.0)),
            shop=rng.random() < 0.4,
        )


def _paint_trees(canvas: Canvas, vanishing: float, side: int, half: float) -> None:
    """An avenue's trees along one side, the far ones first."""
    rng = canvas.rng
    edge = SIDE / 2 + side * half * rng.uniform(1.2, 1.5)
    height = rng.uniform(0.9, 1.8) * (SIDE - canvas.horizon)
    colour = pick(rng, LEAF)
    for near in 1.0 / (1.0 + np.arange(9, -1, -1) * rng.uniform(0.5, 0.9)):
        column = vanishing + (edge - vanishing) * float(near)
        tone = canvas.light.on(colour, distance=0.7 * (1 - float(near)), sunlit=0.7)
        tall = height * float(near) * rng.uniform(0.8, 1.1)
        draw_tree(canvas, column, _row_at(canvas, float(near)), tall, tone)


def _paint_car(canvas: Canvas, vanishing: float, half: float, near: float) -> None:
    rng, light = canvas.rng, canvas.light
    near = 0.12 + 0.6 * near
    lane = rng.choice((-0.85, -0.45, 0.45, 0.85))
    x = vanishing + (SIDE / 2 + lane * half * 0.85 - vanishing) * near
    foot, width = _row_at(canvas, near), half * 0.42 * near
    height = width * rng.uniform(0.6, 0.8)
    body = light.on(pick(rng, _PAINTWORK), sunlit=rng.uniform(0.5, 1.0))
    canvas.ellipse(x, foot, width * 1.15, width * 0.16, blend(body, (16, 16, 18), 0.8))
    canvas.rectangle(x - width / 2, foot - height * 0.6, x + width / 2, foot - height * 0.1, body)
    cabin = [(x - width * 0.4, foot - height * 0.58), (x - width * 0.3, foot - height)]
    cabin += [(x + width * 0.3, foot - height), (x + width * 0.4, foot - height * 0.58)]
    canvas.polygon(cabin, blend(body, (30, 36, 44), 0.65))
    for sign in (-1, 1):
        canvas.ellipse(x + sign * width * 0.36, foot - 1, width * 0.2, width * 0.2, (24, 24, 26))
        lamp = (255, 236, 180) if light.night or rng.random() < 0.3 else (176, 40, 36)
        canvas.ellipse(x + sign * width * 0.4, foot - height * 0.4, width * 0.12, width * 0.1, lamp)


def _paint_lamps(canvas: Canvas, vanishing: float, half: float, side: int) -> None:
    """Street lamps along one kerb."""
    light = canvas.light
    edge = SIDE / 2 + side * half * 1.1
    metal = light.on((70, 72, 76), sunlit=0.5)
    for near in (0.2, 0.32, 0.52, 0.86):
        x = vanishing + (edge - vanishing) * near
        foot, height = _row_at(canvas, near), 1.1 * (SIDE - canvas.horizon) * near
        arm = x - side * height * 0.16
        canvas.line([(x, foot), (x, foot - height), (arm, foot - height)], metal, 3.5 * near)
        if light.night:
            canvas.shimmer(arm, foot - height, 16 * near + 4, (255, 220, 150), 0.6)
        canvas.ellipse(arm, foot - height, 7 * near, 4 * near, light.on((240, 236, 210)))
