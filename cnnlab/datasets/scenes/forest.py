"""Forests: between the trunks, at the edge, along a path, over the hills."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import (
    COLUMNS,
    ROWS,
    SIDE,
    Canvas,
    flat_noise,
    mix,
    noise,
    outline,
    step,
)
from cnnlab.datasets.scenes.land import (
    FIR,
    GRASS,
    LEAF,
    ROCK,
    SNOW,
    draw_tree,
    paint_ground,
    paint_range,
    plant_firs,
)
from cnnlab.datasets.scenes.light import RGB, blend, pick, pick_light
from cnnlab.datasets.scenes.mountain import ridge
from cnnlab.datasets.scenes.sky import paint_sky

_BARK: tuple[RGB, ...] = ((74, 58, 46), (92, 80, 70), (58, 48, 42), (110, 84, 62))
_BIRCH: RGB = (214, 210, 202)
_FLOOR: tuple[RGB, ...] = ((92, 86, 48), (118, 88, 54), (76, 92, 48), (96, 74, 52))


def paint(rng: np.random.Generator) -> Canvas:
    """Paint a picture of a forest."""
    canvas = Canvas(rng, pick_light(rng), horizon=SIDE * rng.uniform(0.45, 0.7))
    paint_sky(canvas)
    _VIEWS[int(rng.choice(4, p=(0.4, 0.24, 0.18, 0.18)))](canvas)
    return canvas


def _inside(canvas: Canvas) -> None:
    """Stand between the trunks and look through them."""
    rng, light = canvas.rng, canvas.light
    leaf, bark = pick(rng, LEAF + FIR), pick(rng, _BARK)
    birch = rng.random() < 0.2
    through = blend(blend(light.horizon, light.on(leaf), 0.5), (235, 240, 215), 0.15)
    deep = blend(light.on(leaf, sunlit=0.1), (14, 22, 18), 0.3)
    veil = noise(rng, 4, 4, 3)
    canvas.paint(mix(through, deep, np.clip(veil * 1.5 - 0.3, 0, 1)), 1.0)
    line = canvas.horizon + SIDE * 0.03 * outline(rng, 2, 3)
    paint_ground(canvas, line, pick(rng, _FLOOR), distance=0.5, roughness=0.9, fleck=leaf)
    if rng.random() < 0.4:
        _path(canvas)
    layers = int(rng.integers(3, 5))
    for layer in range(layers):
        near = (layer + 1) / layers
        _trunks(canvas, _BIRCH if birch else bark, near, through)
        _foliage(canvas, leaf, near, through)
    _bushes(canvas, line, leaf)
    if rng.random() < 0.25 and not light.night:
        _rays(canvas)


def _trunks(canvas: Canvas, bark: RGB, near: float, through: RGB) -> None:
    rng, light = canvas.rng, canvas.light
    count = int(rng.integers(4, 9) * (1.6 - near))
    for x in rng.uniform(0, SIDE, count):
        width = (2 + 13 * near**2) * rng.uniform(0.6, 1.4)
        foot = canvas.horizon + (SIDE - canvas.horizon) * (near**2 * 0.7) + rng.uniform(0, 6)
        lean = rng.uniform(-9, 9)
        colour = blend(light.on(bark, sunlit=rng.uniform(0.2, 0.9)), through, 0.62 * (1 - near))
        top = (x + lean, -5.0)
        canvas.polygon(
            [
                (x - width * 0.6, foot),
                (x + width * 0.6, foot),
                (top[0] + width * 0.32, -5),
                (top[0] - width * 0.32, -5),
            ],
            colour,
        )
        edge = 0.5 * light.sun_side
        canvas.polygon(
            [(x, foot), (x - width * edge, foot), (top[0] - width * 0.6 * edge, -5), (top[0], -5)],
            blend(colour, (10, 10, 16), 0.35),
        )
        if bark is _BIRCH:
            for y in rng.uniform(0, foot, int(8 * near)):
                canvas.rectangle(x - width * 0.4, y, x + width * 0.1, y + 1, (50, 48, 46))


def _foliage(canvas: Canvas, leaf: RGB, near: float, through: RGB) -> None:
    rng, light = canvas.rng, canvas.light
    leaves = noise(rng, 20 - 8 * near, 20 - 8 * near, 2)
    clumps = noise(rng, 4, 4, 2)
    height = 1 - ROWS / np.float32(canvas.horizon * rng.uniform(0.6, 1.1))
    cover = step(leaves + 0.9 * clumps + 0.8 * height, 1.32, 0.1)
    far = blend(light.on(leaf), through, 0.55 * (1 - near))
    dark = blend(far, (8, 16, 14), 0.6)
    bright = blend(far, light.on((226, 230, 120)), 0.2)
    tone = np.clip(1.6 * (noise(rng, 24, 24) - 0.5) + 0.5 + 0.5 * (clumps - 0.5), 0, 1)
    canvas.paint(mix(dark, bright, tone), cover)


def _bushes(canvas: Canvas, line: np.typing.NDArray[np.float32], leaf: RGB) -> None:
    rng = canvas.rng
    if rng.random() < 0.6:
        green = canvas.light.on(pick(rng, (leaf, *GRASS[:3])))
        ferns = noise(rng, 26, 30, 2)
        patch = noise(rng, 4, 3)
        edge = step(ROWS - line, 14.0, 30.0)
        tone = np.clip(noise(rng, 30, 40), 0, 1)
        cover = step(ferns * 0.6 + patch, 1.02, 0.12) * edge
        canvas.paint(
            mix(blend(green, (10, 18, 12), 0.55), blend(green, (220, 226, 130), 0.15), tone), cover
        )


def _path(canvas: Canvas) -> None:
    rng = canvas.rng
    down = np.clip((ROWS[:, 0] - canvas.horizon) / (SIDE - canvas.horizon), 0, 1)
    bend = np.sin(down * rng.uniform(1, 4) + rng.uniform(0, 3)) * SIDE * rng.uniform(-0.12, 0.12)
    centre = (SIDE * rng.uniform(0.35, 0.65) + bend * (1.2 - down))[:, None]
    half = (3 + SIDE * rng.uniform(0.1, 0.26) * down**1.3)[:, None]
    away = np.abs(COLUMNS - centre) / half + 0.25 * (noise(rng, 10, 14, 2) - 0.5)
    texture, fade = flat_noise(rng, canvas.horizon, 2.0, 1.0)
    soil = canvas.light.on(pick(rng, ((156, 130, 96), (128, 110, 88), (170, 156, 130))))
    tone = 1 + 0.3 * (texture - 0.5) * fade
    cover = step(1 - away, 0.0, 0.2) * step(ROWS + 0 * COLUMNS, canvas.horizon + 2, 3.0)
    canvas.paint(
        (np.asarray(soil, np.float32) * tone[..., None]).astype(np.float32),
        cover.astype(np.float32),
    )


def _rays(canvas: Canvas) -> None:
    rng = canvas.rng
    slope = -canvas.light.sun_side * rng.uniform(0.3, 0.9)
    along = (COLUMNS + ROWS * np.float32(slope)) / SIDE
    beams = np.interp(along, np.linspace(-1, 2, 60), rng.random(60)).astype(np.float32)
    fade = 1 - ROWS / SIDE
    canvas.paint(
        blend(canvas.light.horizon, (255, 246, 200), 0.6),
        step(beams, 0.7, 0.5) * fade * np.float32(0.3),
    )


def _firs(canvas: Canvas) -> None:
    """Look at the edge of a conifer wood, row behind row in the haze."""
    rng = canvas.rng
    colour = pick(rng, FIR)
    winter = rng.random() < 0.15
    snow = 0.5 if winter else 0.0
    if rng.random() < 0.35:
        far = ridge(rng, canvas.horizon, SIDE * rng.uniform(0.15, 0.35), peaks=3)
        paint_range(canvas, far, rock=pick(rng, ROCK), distance=1.5, snow=rng.choice((0, 0.6)))
    rows = int(rng.integers(3, 6))
    for row in range(rows):
        near = (row + 1) / rows
        foot = canvas.horizon + SIDE * 0.22 * near**2
        line = foot + SIDE * 0.04 * outline(rng, 2, 3) * (1.3 - near)
        paint_ground(canvas, line - 3, blend(colour, (30, 36, 24), 0.3), distance=1.2 - near)
        height = SIDE * (0.12 + 0.34 * near**1.5)
        count = int(40 - 24 * near)
        size = (height * 0.6, height * 1.25)
        plant_firs(canvas, line, count, size, distance=1.5 * (1 - near), colour=colour, snow=snow)
    ground = SNOW if winter else pick(rng, GRASS)
    line = canvas.horizon + SIDE * (rng.uniform(0.2, 0.32) + 0.03 * outline(rng, 2, 3))
    paint_ground(canvas, line, ground, roughness=0.3 if winter else 0.6)


def _edge(canvas: Canvas) -> None:
    """Look at broad-leaved trees, the far ones first."""
    rng, light = canvas.rng, canvas.light
    leaves = [pick(rng, LEAF[:3] if rng.random() < 0.6 else LEAF) for _ in range(3)]
    ground = canvas.horizon + SIDE * 0.02 * outline(rng, 2, 3)
    backdrop = ground - SIDE * (rng.uniform(0.12, 0.4) + 0.08 * outline(rng, 4, 4))
    paint_ground(canvas, backdrop, blend(leaves[0], FIR[0], 0.4), distance=0.7, roughness=1.0)
    paint_ground(canvas, ground, pick(rng, GRASS), distance=0.3, fleck=pick(rng, GRASS))
    for near in np.sort(rng.random(int(rng.integers(10, 22)))):
        foot = canvas.horizon + SIDE * 0.26 * float(near) ** 1.5
        height = SIDE * (0.28 + 0.5 * float(near)) * rng.uniform(0.7, 1.2)
        leaf = leaves[int(rng.integers(3))]
        tone = light.on(leaf, distance=0.8 * (1 - float(near)), sunlit=rng.uniform(0.5, 1.0))
        draw_tree(canvas, rng.uniform(-10, SIDE + 10), foot, height, tone)


def _hills(canvas: Canvas) -> None:
    """Look over wooded hills, often with a mountain behind them."""
    rng = canvas.rng
    canvas.horizon = SIDE * rng.uniform(0.25, 0.5)
    if rng.random() < 0.5:
        far = ridge(rng, canvas.horizon, SIDE * rng.uniform(0.1, 0.22), peaks=3)
        paint_range(canvas, far, rock=pick(rng, ROCK), distance=1.4, snow=rng.choice((0, 0.7)))
    colour = pick(rng, FIR + LEAF[:3])
    hills = int(rng.integers(2, 5))
    for hill in range(hills):
        near = (hill + 1) / hills
        start = canvas.horizon + (SIDE - canvas.horizon) * hill / hills
        bend = SIDE * 0.07 * outline(rng, rng.uniform(1, 2), 3, 0.4)
        for row in range(7):
            line = (start + bend + row * (SIDE - start) / 9).astype(np.float32)
            size = 5 + 16 * near**1.5 + row
            haze = 1.3 * (1 - near) + 0.05 * (7 - row)
            if row == 0:
                paint_ground(canvas, line - 2, colour, distance=haze, roughness=0.9)
            plant_firs(
                canvas, line, 46 - int(26 * near), (size, size * 1.8), distance=haze, colour=colour
            )


_VIEWS = (_inside, _firs, _edge, _hills)
