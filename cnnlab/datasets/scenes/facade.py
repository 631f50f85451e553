"""House fronts, seen straight on or running away to a vanishing point."""

from __future__ import annotations

import numpy as np

from cnnlab.datasets.scenes.canvas import SIDE, Canvas, Point
from cnnlab.datasets.scenes.light import RGB, blend, pick

WALL: tuple[RGB, ...] = (
    (176, 92, 70),
    (206, 178, 140),
    (222, 214, 200),
    (150, 150, 152),
    (196, 160, 96),
    (132, 104, 88),
    (120, 132, 148),
    (214, 186, 176),
)
ROOF: tuple[RGB, ...] = ((128, 62, 48), (84, 78, 80), (104, 88, 72), (62, 66, 76))
_GLASS: tuple[RGB, ...] = ((70, 86, 104), (96, 118, 138), (52, 60, 72), (134, 158, 176))
_LAMP: RGB = (255, 214, 130)


class Front:
    """A rectangular wall in perspective: u runs along it (0..1), v down from its top (0..1)."""

    def __init__(self, near: tuple[float, float, float], far: tuple[float, float, float]) -> None:
        self._near = near  # column, top row, foot row
        self._far = far

    def at(self, u: float, v: float) -> Point:
        """Place of a point of the wall on the sheet, px."""
        near_height = max(self._near[2] - self._near[1], 1.0)
        far_height = max(self._far[2] - self._far[1], 1.0)
        share = u / (u + (1 - u) * far_height / near_height)  # near parts take more room
        column, top, foot = (
            near + (far - near) * share for near, far in zip(self._near, self._far, strict=True)
        )
        return column, top + (foot - top) * v

    def box(self, u: float, v: float, width: float, height: float) -> list[Point]:
        """Corners of a rectangle on the wall."""
        return [
            self.at(u, v),
            self.at(u + width, v),
            self.at(u + width, v + height),
            self.at(u, v + height),
        ]


def paint_front(
    canvas: Canvas,
    front: Front,
    *,
    floors: int,
    windows: int,
    sunlit: float,
    distance: float,
    shop: bool = False,
) -> None:
    """Paint a wall with rows of windows.

    Args:
        canvas: Where to.
        front: Where the wall stands.
        floors, windows: How many rows, and how many windows in each.
        sunlit, distance: As in `Light.on`.
        shop: Whether the ground floor has wide panes and an awning.
    """
    rng, light = canvas.rng, canvas.light
    wall = pick(rng, WALL)
    seen = light.on(wall, sunlit=sunlit, distance=distance)
    canvas.polygon(front.box(0, 0, 1, 1), seen)
    frame = blend(seen, light.on((240, 238, 230), sunlit=sunlit, distance=distance), 0.5)
    glass = pick(rng, _GLASS)
    across, down = rng.uniform(0.4, 0.75), rng.uniform(0.45, 0.75)
    framed = rng.random() < 0.6
    lit_share = rng.uniform(0.2, 0.7) if light.night else 0.03
    floor = 1.0 / (floors + 0.3)
    for row in range(floors):
        if shop and row == floors - 1:
            _paint_shop(canvas, front, 1 - floor, floor, sunlit=sunlit, distance=distance)
            continue
        for place in range(windows):
            u = (place + 0.5 - across / 2) / windows
            v = 0.15 * floor + (row + 0.5 - down / 2) * floor
            width, height = across / windows, down * floor
            if framed:
                box = front.box(u - 0.12 * width, v - 0.1 * height, 1.24 * width, 1.2 * height)
                canvas.polygon(box, frame)
            pane = light.on(glass, sunlit=rng.uniform(0.0, 1.0), distance=distance)
            if rng.random() < lit_share:
                pane = blend(pane, _LAMP, rng.uniform(0.6, 0.95))
            canvas.polygon(front.box(u, v, width, height), pane)
    canvas.polygon(front.box(0, 0, 1, 0.02), blend(seen, (20, 20, 24), 0.3))


def paint_roof(canvas: Canvas, left: float, right: float, eaves: float) -> None:
    """Paint a roof above a wall that is seen straight on: pitched, hipped or flat."""
    rng = canvas.rng
    colour = canvas.light.on(pick(rng, ROOF), sunlit=rng.uniform(0.4, 1.0))
    width = right - left
    kind = rng.random()
    if kind < 0.35:
        ridge = eaves - width * rng.uniform(0.2, 0.42)
        peak = ((left + right) / 2, ridge)
        canvas.polygon([(left - 3, eaves), peak, (right + 3, eaves)], colour)
    elif kind < 0.65:
        ridge = eaves - SIDE * rng.uniform(0.05, 0.13)
        inset = width * rng.uniform(0.05, 0.2)
        roof = [
            (left - 3, eaves),
            (left + inset, ridge),
            (right - inset, ridge),
            (right + 3, eaves),
        ]
        canvas.polygon(roof, colour)
    else:
        canvas.rectangle(left - 1, eaves - 4, right + 1, eaves, colour)
    if rng.random() < 0.5:
        x = rng.uniform(left + 0.2 * width, right - 0.2 * width)
        canvas.rectangle(x, eaves - SIDE * 0.1, x + 6, eaves - 2, blend(colour, (90, 50, 40), 0.5))


def paint_house(
    canvas: Canvas, left: float, right: float, top: float, foot: float, *, distance: float = 0.1
) -> None:
    """Paint a house that is seen straight on, with its roof and its door."""
    rng = canvas.rng
    height = foot - top
    floors = int(np.clip(height / rng.uniform(20, 34), 1, 14))
    windows = int(np.clip((right - left) / rng.uniform(14, 24), 1, 12))
    sunlit = rng.uniform(0.35, 1.0)
    paint_front(
        canvas,
        Front((left, top, foot), (right, top, foot)),
        floors=floors,
        windows=windows,
        sunlit=sunlit,
        distance=distance,
        shop=rng.random() < 0.25 and floors > 1,
    )
    if floors <= 6:
        paint_roof(canvas, left, right, top)
    door = rng.uniform(left + 0.2 * (right - left), left + 0.75 * (right - left))
    wood = canvas.light.on(pick(rng, ((88, 58, 40), (52, 74, 66), (60, 52, 56))), sunlit=sunlit)
    canvas.rectangle(door, foot - min(22.0, 0.8 * height / floors), door + 10, foot, wood)


def _paint_shop(
    canvas: Canvas, front: Front, v: float, floor: float, *, sunlit: float, distance: float
) -> None:
    rng, light = canvas.rng, canvas.light
    pane = light.on((58, 66, 76), sunlit=sunlit, distance=distance)
    if light.night or rng.random() < 0.3:
        pane = blend(pane, _LAMP, 0.6)
    canvas.polygon(front.box(0.04, v + 0.2 * floor, 0.92, 0.72 * floor), pane)
    awning = pick(rng, ((170, 48, 44), (46, 96, 84), (196, 150, 60), (60, 70, 120)))
    colour = light.on(awning, sunlit=sunlit, distance=distance)
    canvas.polygon(front.box(0.02, v + 0.06 * floor, 0.96, 0.2 * floor), colour)
