"""The sky: gradient, clouds, sun, stars."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import COLUMNS, ROWS, SIDE, Canvas, mix, noise, step
from cnnlab.datasets.scenes.light import blend


def paint_sky(canvas: Canvas) -> None:
    """Paint sky over the whole sheet, down to the horizon and its last colour below."""
    light, rng = canvas.light, canvas.rng
    height = np.clip(ROWS / np.float32(max(canvas.horizon, 30.0)), 0, 1)
    glow = 1 + np.float32(0.25) * light.sun_side * (COLUMNS / SIDE - np.float32(0.5))
    canvas.paint(mix(light.zenith, light.horizon, np.clip(height**1.3 * glow, 0, 1)), 1.0)
    if light.night:
        _stars(canvas)
    elif rng.random() < 0.25 and light.clouds < 0.75:
        _sun(canvas)
    if light.clouds > 0.1:
        _clouds(canvas)


def _clouds(canvas: Canvas) -> None:
    light, rng = canvas.light, canvas.rng
    puffy = rng.random() < 0.5
    shape = noise(rng, 3, 5, 4) if puffy else noise(rng, 2, 9, 4)
    lit = noise(rng, 6, 10, 2)
    edge = 0.66 - 0.34 * light.clouds
    cover = step(shape, edge, 0.10 if puffy else 0.28)
    thick = step(shape, edge + 0.10, 0.3)
    above = np.clip((np.float32(canvas.horizon) - ROWS) / 40, 0, 1)
    dark = blend(light.zenith, light.cloud, 0.45)
    colours = mix(light.cloud, dark, np.clip(thick * 0.8 + (lit - 0.5) * 0.6, 0, 1))
    canvas.paint(colours, cover * (0.35 + 0.65 * above) * np.float32(rng.uniform(0.6, 0.95)))


def _sun(canvas: Canvas) -> None:
    light, rng = canvas.light, canvas.rng
    x = SIDE * (0.5 + light.sun_side * rng.uniform(0.1, 0.45))
    y = canvas.horizon * rng.uniform(0.15, 0.85)
    colour = blend(light.horizon, (255, 250, 225), 0.8)
    canvas.shimmer(x, y, rng.uniform(20, 45), colour, rng.uniform(0.5, 0.85))
    size = rng.uniform(9, 16)
    canvas.ellipse(x, y, size, size, blend(colour, (255, 255, 245), 0.7))


def _stars(canvas: Canvas) -> None:
    rng = canvas.rng
    for _ in range(int(rng.integers(0, 30))):
        x, y = rng.uniform(0, SIDE), rng.uniform(0, canvas.horizon * 0.8)
        canvas.rectangle(x, y, x + 1, y + 1, blend(canvas.light.zenith, (255, 255, 240), 0.7))
    if rng.random() < 0.3:
        x, y = rng.uniform(20, SIDE - 20), rng.uniform(15, max(20.0, canvas.horizon * 0.5))
        canvas.shimmer(x, y, 18, (220, 225, 235), 0.4)
        canvas.ellipse(x, y, 11, 11, (242, 240, 226))
