"""Diagram of a network: boxes from the pixels on the left to the classes on the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.figures.text import escape
from cnnlab.figures.theme import PALETTE, TRANSPARENT, shades, style
from cnnlab.networks.description import NetworkDescription
from cnnlab.networks.layer_rows import OUTPUT_NAME, LayerRow, Shape

_HEIGHT_PX = 250
_FEW_BOXES = 10  # more of them leave numbers little room on a phone
_MANY_BOXES = 18
_MOST_CHANNELS = 4096
_MOST_VALUES = 65536
_VECTOR_WIDTH = 0.2
_GAP = 0.04  # between a box and the numbers above and below it
_REFUSED_COLOUR = "#D03B3B"


class BoxKind(StrEnum):
    """What a box stands for; decides its colour."""

    PIXELS = "pixels"
    BACKBONE = "backbone"
    BLOCK = "block"
    VECTOR = "vector"
    CLASSES = "classes"


class Box(NamedTuple):
    """One box of the diagram.

    Attributes:
        kind: What it stands for.
        name: Below it; blocks are numbered as in the builder.
        lines: Its layers in words.
        shape: What comes out of it.
        parameters: Of all its layers.
        has_residual: Whether a residual is in it.
    """

    kind: BoxKind
    name: str
    lines: tuple[str, ...]
    shape: Shape
    parameters: int = 0
    has_residual: bool = False


def network_boxes(description: NetworkDescription) -> tuple[Box, ...]:
    """Gather the layers into boxes: every convolution, and every layer on a vector, begins one."""
    boxes = [Box(BoxKind.PIXELS, "pixels", (), description.input_shape)]
    blocks = 0
    for row in description.rows:
        begins = _begins(row) or (boxes[-1].kind is BoxKind.PIXELS and row.kind != "scaling")
        if not begins:
            boxes[-1] = _joined(boxes[-1], row)
            continue
        kind, name = _kind_and_name(row)
        if row.name == OUTPUT_NAME:
            kind, name = BoxKind.CLASSES, "classes"
        if kind is BoxKind.BLOCK:
            blocks += 1
            name = str(blocks)
        boxes.append(_joined(Box(kind, name, (), row.output_shape), row))
    return tuple(boxes)


def plot_network(
    description: NetworkDescription, *, refused: bool = False, dark: bool = False
) -> go.Figure:
    """Draw a network.

    Args:
        description: Its layers.
        refused: The description ends in front of a layer that does not fit; it has no classes.
        dark: Whether the figure stands on a dark page.
    """
    return draw_network(network_boxes(description), refused=refused, dark=dark)


def draw_network(boxes: Sequence[Box], *, refused: bool = False, dark: bool = False) -> go.Figure:
    """Draw what `network_boxes` gathered."""
    places = list(range(len(boxes)))
    heights = [box_height(box, boxes[0].shape) for box in boxes]
    figure = go.Figure()
    _add_axis(figure, len(boxes) + refused, dark=dark)
    figure.add_bar(
        x=places,
        y=heights,
        base=[-height / 2 for height in heights],
        width=[box_width(box) for box in boxes],
        uid="boxes",
        marker={
            "color": [_colour(box.kind, dark=dark) for box in boxes],
            "line": {"width": 0},
            "cornerradius": 3,
        },
        text=["+" if box.has_residual else "" for box in boxes],
        textposition="inside",
        insidetextanchor="middle",
        textfont={"color": "#FFFFFF", "size": 16},
        customdata=[_hover(box) for box in boxes],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    size = 12 if len(boxes) <= _FEW_BOXES else 10 if len(boxes) <= _MANY_BOXES else 9
    _add_numbers(figure, boxes, heights, size=size, dark=dark)
    names = [box.name for box in boxes]
    if refused:
        _add_refused(figure, len(boxes))
        names.append("does not fit")
    _lay_out(figure, names, size=size)
    residual = " · +: residual" if any(box.has_residual for box in boxes) else ""
    return style(
        figure,
        dark=dark,
        title="Network",
        subtitle=f"above: side, px · below: channels{residual}",
        height_px=_HEIGHT_PX,
    )


def box_height(box: Box, input_shape: Shape) -> float:
    """Between 0 and 1: by the square root of the map's side, or by the logarithm of a length."""
    if len(box.shape) == 3:
        side = max(box.shape[:2]) / max(1, *input_shape[:2])
        return max(0.08, min(1.0, math.sqrt(side)))
    return max(0.08, 0.8 * _log_share(box.shape[0], _MOST_VALUES))


def box_width(box: Box) -> float:
    """Between 0 and 1: by the logarithm of the channels; vectors are narrow."""
    if len(box.shape) == 3:
        return max(0.12, 0.86 * _log_share(box.shape[2], _MOST_CHANNELS))
    return _VECTOR_WIDTH


def short_count(count: int) -> str:
    """A number in at most five characters, such as "960", "25k" or "1.2M"."""
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"


def _log_share(count: int, most: int) -> float:
    return min(1.0, math.log2(1 + count) / math.log2(1 + most))


def _begins(row: LayerRow) -> bool:
    return "." not in row.number and row.kind in (
        "backbone",
        "conv",
        "flatten",
        "global_pool",
        "dense",
    )


def _kind_and_name(row: LayerRow) -> tuple[BoxKind, str]:
    if row.kind == "backbone":
        return BoxKind.BACKBONE, "backbone"
    if row.kind == "conv" and "." not in row.number:
        return BoxKind.BLOCK, ""
    names = {"flatten": "flatten", "global_pool": "pool", "dense": "dense"}
    kind = BoxKind.VECTOR if len(row.output_shape) == 1 else BoxKind.PIXELS
    return kind, names.get(row.kind, row.kind.replace("_", " "))


def _joined(box: Box, row: LayerRow) -> Box:
    return box._replace(
        lines=(*box.lines, row.summary),
        shape=row.output_shape,
        parameters=box.parameters + row.parameters,
        has_residual=box.has_residual or row.kind == "residual",
    )


def _colour(kind: BoxKind, *, dark: bool) -> str:
    colours = {
        BoxKind.PIXELS: shades(dark).muted,
        BoxKind.BACKBONE: PALETTE[6],
        BoxKind.BLOCK: PALETTE[0],
        BoxKind.VECTOR: PALETTE[2],
        BoxKind.CLASSES: PALETTE[1],
    }
    return colours[kind]


def _hover(box: Box) -> str:
    title = f"block {box.name}" if box.kind is BoxKind.BLOCK else box.name
    size = " × ".join(f"{side:,}" for side in box.shape)
    lines = [f"<b>{escape(title)}</b> → {size}", *map(escape, box.lines)]
    if box.parameters:
        lines.append(f"{box.parameters:,} parameters")
    return "<br>".join(lines)


def _add_axis(figure: go.Figure, count: int, *, dark: bool) -> None:
    """A line on which the boxes stand like beads."""
    figure.add_shape(
        type="line",
        x0=0,
        x1=count - 1,
        y0=0,
        y1=0,
        layer="below",
        line={"color": shades(dark).line, "width": 2},
    )


def _add_numbers(
    figure: go.Figure, boxes: Sequence[Box], heights: Sequence[float], *, size: int, dark: bool
) -> None:
    """Sides of the maps above the boxes, channels and values below."""
    above = [str(max(box.shape[:2])) if len(box.shape) == 3 else "" for box in boxes]
    below = [short_count(box.shape[-1]) for box in boxes]
    for uid, texts, sign, position in (
        ("sides", above, 1, "top center"),
        ("channels", below, -1, "bottom center"),
    ):
        figure.add_scatter(
            x=list(range(len(boxes))),
            y=[sign * (height / 2 + _GAP) for height in heights],
            mode="text",
            uid=uid,
            text=texts,
            textposition=position,
            textfont={"color": shades(dark).text, "size": size},
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )


def _add_refused(figure: go.Figure, place: int) -> None:
    figure.add_bar(
        x=[place],
        y=[0.4],
        base=[-0.2],
        width=[0.6],
        uid="refused",
        marker={
            "color": TRANSPARENT,
            "line": {"color": _REFUSED_COLOUR, "width": 2},
        },
        hovertemplate="does not fit<extra></extra>",
        showlegend=False,
    )


def _lay_out(figure: go.Figure, names: Sequence[str], *, size: int) -> None:
    figure.update_layout(bargap=0, barmode="overlay", uirevision="network")
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=[escape(name) for name in names],
        tickfont_size=size,
        range=[-0.6, len(names) - 0.4],
        showgrid=False,
        fixedrange=True,
    )
    figure.update_yaxes(visible=False, range=[-0.7, 0.7], fixedrange=True)
