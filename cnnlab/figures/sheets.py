"""Pictures in rows and columns as one figure."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from cnnlab.figures.text import escape, shorten
from cnnlab.figures.theme import shades, style

Pictures = Sequence[NDArray[np.uint8]] | NDArray[np.uint8]  # each (height, width, 1, 3 or 4)

_GAP = 0.06  # between pictures, share of one's side
_CAPTION = 0.24  # room for a caption, share of one's side
_NOTE = 0.15  # more room for a second line
_SMALLEST_SIDE_PX = 128  # smaller pictures are enlarged without smoothing, so that pixels show
_CAPTION_LENGTH = 18
_ROW_PX = 128  # height of a row with captions, of a sheet that is not too wide
_MANY_COLUMNS = 6
_SMALL_ROW_PX = 76


class SheetInfo(NamedTuple):
    """What a sheet shows.

    Attributes:
        sheet: All pictures in one, shape (height, width, 4).
        rows, columns: Of the grid.
        captions: Under each picture, row by row; empty for none.
        colours: Of the captions; empty for the theme's.
        row_labels: To the left of each row; empty for none.
        notes: A quieter line under each caption; empty for none.
    """

    sheet: NDArray[np.uint8]
    rows: int
    columns: int
    captions: tuple[str, ...]
    colours: tuple[str, ...]
    row_labels: tuple[str, ...]
    notes: tuple[str, ...] = ()


def sheet_info(
    pictures: Pictures,
    captions: Sequence[str] = (),
    *,
    columns: int,
    row_labels: Sequence[str] = (),
    colours: Sequence[str] = (),
    notes: Sequence[str] = (),
    smooth: bool = False,
) -> SheetInfo:
    """Gather what `draw_sheet` needs; see `plot_sheet` for the arguments.

    Raises:
        ValueError: If there are captions or notes, but not one for each picture.
    """
    for what, texts in (("caption", captions), ("note", notes)):
        if len(texts) not in (0, len(pictures)):
            raise ValueError(
                f"there must be one {what} for each of the {len(pictures)} pictures, or none. "
                f"Received: {len(texts)}"
            )
    return SheetInfo(
        sheet=compose(pictures, columns, gap=_gap(captions, notes), smooth=smooth),
        rows=-(-len(pictures) // columns),
        columns=columns,
        captions=tuple(captions),
        colours=tuple(colours),
        row_labels=tuple(row_labels),
        notes=tuple(notes),
    )


def plot_sheet(
    pictures: Pictures,
    captions: Sequence[str] = (),
    *,
    columns: int,
    row_labels: Sequence[str] = (),
    colours: Sequence[str] = (),
    title: str = "",
    subtitle: str = "",
    smooth: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Draw pictures in a grid, each with its caption.

    Args:
        pictures: All of one size, uint8, grey or RGB.
        captions: One a picture, or none at all.
        columns: Pictures in a row.
        row_labels: One a row, such as the class that it shows.
        colours: Of the captions, one a picture; else the theme's.
        title, subtitle: Plain text.
        smooth: Whether small pictures are enlarged smoothly rather than pixel by pixel.
        dark: Whether the figure stands on a dark page.
    """
    info = sheet_info(
        pictures,
        captions,
        columns=columns,
        row_labels=row_labels,
        colours=colours,
        smooth=smooth,
    )
    return draw_sheet(info, title=title, subtitle=subtitle, dark=dark)


def draw_sheet(
    info: SheetInfo, *, title: str, subtitle: str, dark: bool, row_px: int | None = None
) -> go.Figure:
    """Draw what `sheet_info` gathered; a unit of the axes is the side of a picture.

    Args:
        info: What to draw.
        title, subtitle: Plain text.
        dark: Whether the figure stands on a dark page.
        row_px: Height of a row; None for one that suits the number of columns.
    """
    across, down = 1 + _GAP, 1 + _gap(info.captions, info.notes)
    width, height = info.columns * across - _GAP, max(info.rows, 1) * down
    figure = go.Figure(go.Scatter(x=[0, width], y=[0, height], mode="markers", opacity=0))
    figure.update_traces(hoverinfo="skip", showlegend=False)
    if info.sheet.size:
        figure.add_layout_image(
            source=_data_uri(info.sheet),
            x=0,
            y=0,
            sizex=info.columns * across,
            sizey=height,
            xref="x",
            yref="y",
            sizing="stretch",
            layer="above",
        )
    figure.update_layout(
        annotations=_texts(info, across, down, dark=dark)
    )  # at once: each checks all
    left = 1.1 if info.row_labels else 0.02
    hidden = {"visible": False, "fixedrange": True}
    figure.update_xaxes(range=[-left, width + 0.02], constrain="domain", **hidden)
    figure.update_yaxes(
        range=[height, -0.02],
        scaleanchor="x",
        constrain="domain",
        constraintoward="top",  # on a narrow screen what is left of the height stays below
        **hidden,
    )
    if row_px is None:
        row_px = _SMALL_ROW_PX if info.columns > _MANY_COLUMNS else _ROW_PX
    return style(
        figure,
        dark=dark,
        title=escape(title),
        subtitle=escape(subtitle),
        height_px=60 + (20 if subtitle else 0) + max(1, info.rows) * row_px,
    )


def _texts(info: SheetInfo, across: float, down: float, *, dark: bool) -> list[dict[str, Any]]:
    """Captions and notes below the pictures, labels before the rows."""
    colours = info.colours or (shades(dark).text,) * len(info.captions)
    texts = []
    for number, caption in enumerate(info.captions):
        row, column = divmod(number, info.columns)
        below = {"x": column * across + 0.5, "y": row * down + 1.01, "yanchor": "top"}
        texts.append(_text(caption, colours[number], 12) | below)
    for number, note in enumerate(info.notes):
        row, column = divmod(number, info.columns)
        below = {"x": column * across + 0.5, "y": row * down + 1.01 + _NOTE, "yanchor": "top"}
        texts.append(_text(note, shades(dark).muted, 11) | below)
    for row, label in enumerate(info.row_labels):
        before = {"x": -0.06, "y": row * down + 0.5, "xanchor": "right"}
        texts.append(_text(label, shades(dark).text, 13) | before)
    return texts


def _text(text: str, colour: str, size_px: int) -> dict[str, Any]:
    return {
        "text": escape(shorten(text, _CAPTION_LENGTH)),
        "font": {"color": colour, "size": size_px},
        "showarrow": False,
    }


def plot_mean_images(
    means: Mapping[str, NDArray[np.uint8]], counts: Mapping[str, int], *, dark: bool = False
) -> go.Figure:
    """Draw the mean picture of each class.

    Args:
        means: By class, all of one size.
        counts: How many pictures went into each.
        dark: Whether the figure stands on a dark page.
    """
    return plot_sheet(
        list(means.values()),
        [f"{shorten(name, _CAPTION_LENGTH - 6)} {counts[name]:,}" for name in means],
        columns=min(4, max(1, len(means))),
        title="The mean picture of each class",
        smooth=True,
        dark=dark,
    )


def compose(
    pictures: Pictures, columns: int, *, gap: float = _GAP, smooth: bool = False
) -> NDArray[np.uint8]:
    """Lay pictures side by side, RGB with an alpha channel that leaves the gaps open.

    Args:
        pictures: All of one size; with a fourth channel, transparent where it says so.
        columns: Pictures in a row.
        gap: Below each picture, as a share of its height; to its right there is the usual one.
        smooth: How small pictures are enlarged.

    Returns:
        Shape (height, width, 4); empty without pictures.
    """
    if not len(pictures):
        return np.zeros((0, 0, 4), dtype=np.uint8)
    first = _enlarged(pictures[0], smooth=smooth)
    side_down, side_across = first.shape[:2]
    step_down = side_down + round(side_down * gap)
    step_across = side_across + round(side_across * _GAP)
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * step_down, columns * step_across, 4), dtype=np.uint8)
    for number, picture in enumerate(pictures):
        top, left = (number // columns) * step_down, (number % columns) * step_across
        place = sheet[top : top + side_down, left : left + side_across]
        enlarged = _enlarged(picture, smooth=smooth)
        place[..., 3] = 255
        place[..., : enlarged.shape[2]] = enlarged
    return sheet


def _gap(captions: Sequence[str], notes: Sequence[str]) -> float:
    """Between two rows, as a share of a picture's side."""
    return (_CAPTION if captions else _GAP) + (_NOTE if notes else 0)


def _enlarged(picture: NDArray[np.uint8], *, smooth: bool) -> NDArray[np.uint8]:
    """RGB or RGBA, at least so large that a browser does not blur it."""
    rgb = np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
    factor = -(-_SMALLEST_SIDE_PX // max(rgb.shape[:2]))
    if factor <= 1:
        return rgb
    size = (rgb.shape[1] * factor, rgb.shape[0] * factor)
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(rgb).resize(size, how))


def _data_uri(sheet: NDArray[np.uint8]) -> str:
    file = BytesIO()
    Image.fromarray(sheet).save(file, "WEBP", quality=90, method=2)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
