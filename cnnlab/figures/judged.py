"""Pictures on one sheet, each with what a network said: green if it is right, red if it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from cnnlab.figures.sheets import SheetInfo, draw_sheet, sheet_info
from cnnlab.figures.text import escape, percent
from cnnlab.figures.theme import shades

RIGHT_MARK, WRONG_MARK = "✓", "✗"

_COLUMNS = 5
_SIDE_PX = 192
_ROW_PX = 240


class Judged(NamedTuple):
    """One picture and what a network said about it.

    Attributes:
        path: Of the picture.
        pixels: Shape (height, width, 1 or 3), of any size; None if it cannot be shown.
        true: The class that it belongs to.
        predicted: The class that the network takes it for.
        probability: Of the predicted class.
    """

    path: str
    pixels: NDArray[np.uint8] | None
    true: str
    predicted: str
    probability: float

    @property
    def right(self) -> bool:
        """Whether the network is right."""
        return self.predicted == self.true


class JudgedInfo(NamedTuple):
    """What the sheet shows.

    Attributes:
        sheet: Pictures, the predicted class under each in its colour, and under that the
            probability or, where the network is wrong, the true class.
        hovers: Everything about each picture, escaped.
        right: How many the network is right about.
    """

    sheet: SheetInfo
    hovers: tuple[str, ...]
    right: int


def judged_info(
    judged: Sequence[Judged], *, columns: int = _COLUMNS, dark: bool = False
) -> JudgedInfo:
    """Gather what `draw_judged` needs; see `plot_judged` for the arguments."""
    theme = shades(dark)
    sheet = sheet_info(
        [_square(each.pixels) for each in judged],
        [f"{RIGHT_MARK if each.right else WRONG_MARK} {each.predicted}" for each in judged],
        columns=max(1, min(columns, len(judged))),
        colours=[theme.good if each.right else theme.bad for each in judged],
        notes=[_note(each) for each in judged],
    )
    return JudgedInfo(
        sheet=sheet,
        hovers=tuple(_hover(each) for each in judged),
        right=sum(each.right for each in judged),
    )


def plot_judged(
    judged: Sequence[Judged], *, title: str = "", columns: int = _COLUMNS, dark: bool = False
) -> go.Figure:
    """Draw pictures with what a network said about them.

    Right and wrong differ in their marks, not in their colours alone.

    Args:
        judged: In the order to show them, row by row.
        title: Plain text; how many are right stands under it.
        columns: Pictures in a row.
        dark: Whether the figure stands on a dark page.
    """
    return draw_judged(judged_info(judged, columns=columns, dark=dark), title=title, dark=dark)


def draw_judged(info: JudgedInfo, *, title: str, dark: bool) -> go.Figure:
    """Draw what `judged_info` gathered."""
    count = len(info.hovers)
    figure = draw_sheet(
        info.sheet,
        title=title,
        subtitle=f"{info.right} of {count} right" if count else "",
        dark=dark,
        row_px=_ROW_PX,
    )
    figure.update_xaxes(constraintoward="left")
    captions = figure.layout.annotations[:count]
    figure.add_scatter(  # invisible, in the middle of each picture, for those who point at it
        x=[caption.x for caption in captions],
        y=[caption.y - 0.5 for caption in captions],
        mode="markers",
        marker={"size": 80, "opacity": 0, "symbol": "square"},
        hovertemplate="%{hovertext}<extra></extra>",
        hovertext=info.hovers,
        showlegend=False,
    )
    return figure


def _note(each: Judged) -> str:
    return percent(each.probability) if each.right else f"true: {each.true}"


def _hover(each: Judged) -> str:
    lines = [
        f"<b>{escape(each.predicted)}</b> {escape(percent(each.probability))}",
        "right" if each.right else f"labelled {escape(each.true)}",
        escape(each.path),
    ]
    return "<br>".join(lines)


def _square(pixels: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """The whole picture in the middle of a transparent square, shape (side, side, 4)."""
    square = np.zeros((_SIDE_PX, _SIDE_PX, 4), dtype=np.uint8)
    if pixels is None or not pixels.size:
        square[..., :3], square[..., 3] = 128, 40
        return square
    height, width = pixels.shape[:2]
    factor = _SIDE_PX / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    # Enlarged pixel by pixel, so that a small picture shows what the network was given.
    how = Image.Resampling.LANCZOS if factor < 1 else Image.Resampling.NEAREST
    shown = np.asarray(picture.resize(size, how))
    top, left = (_SIDE_PX - size[1]) // 2, (_SIDE_PX - size[0]) // 2
    place = square[top : top + size[1], left : left + size[0]]
    place[..., :3], place[..., 3] = shown, 255
    return square
