"""Chart of which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.figures.confusion_cells import (
    ANNOTATED_CLASSES,
    MOST_CELLS,
    MOST_CLASSES,
    OTHERS,
    Cell,
    ConfusionInfo,
    confusion_info,
)
from cnnlab.figures.theme import TRANSPARENT, ColourScale, shades, style

_FULL_SHARE = 0.3  # mistakes have their strongest colour from this share of a row on
_FULL_SHARE_OF_MANY = 0.1  # where mistakes spread over many classes
_FAINTEST = -0.7  # of the strongest value; a lone small square must be seen
_POINT_PX = 14
_REACH_PX = 12
_TEXT = (
    "true: %{y}<br>predicted: %{x}<br>"
    "<b>%{customdata[2]:,}</b> pictures, %{customdata[3]:.1%} of the true class<extra></extra>"
)


class _Layer(NamedTuple):
    """Cells that share their colours: which ones, the strongest value, and the scale."""

    name: str
    cells: NDArray[np.bool_]
    strongest: float
    scale: ColourScale


def plot_confusion(
    confusion: NDArray[np.integer[Any]],
    class_names: Sequence[str],
    *,
    by_share: bool = False,
    order: Sequence[int] | None = None,
    most: int | None = MOST_CLASSES,
    selected: Cell | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw a confusion matrix: right ones on the diagonal in blue, mistakes beside it in orange.

    Each cell is a point with its two class indices as customdata, so that it can be clicked.

    Args:
        confusion: Counts, shape (n_classes, n_classes); rows are true classes.
        class_names: By class index.
        by_share: Show each cell as its share of the true class instead of as a count.
        order: Class indices from top to bottom and from left to right; by index without.
        most: Of more classes, only so many with the most mistakes have rows of their own; None
            shows all.
        selected: A cell that is outlined; its classes always have rows of their own.
        dark: Whether the figure stands on a dark page.

    Raises:
        ValueError: If the matrix is not square with one row a class.
    """
    info = confusion_info(
        confusion, class_names, by_share=by_share, order=order, most=most, selected=selected
    )
    return draw_confusion(info, selected=selected, dark=dark)


def draw_confusion(info: ConfusionInfo, *, selected: Cell | None = None, dark: bool) -> go.Figure:
    """Draw what `confusion_info` gathered."""
    figure = go.Figure()
    layers = _layers(info, dark=dark)
    if info.dense:
        for layer in layers:
            _add_heat(figure, info, layer, dark=dark)
    for layer in layers:
        _add_points(figure, info, layer)
    _lay_out(figure, info)
    _outline(figure, info, selected, dark=dark)
    return style(
        figure,
        dark=dark,
        title="Confusion matrix",
        subtitle=_key(info, dark=dark),
        height_px=_height_px(len(info.class_names)),
    )


def _layers(info: ConfusionInfo, *, dark: bool) -> list[_Layer]:
    """Mistakes and right ones, and the sums of others, which would outshine both."""
    colours = shades(dark)
    row_sums = info.values.sum(axis=1)[np.array(info.classes) != OTHERS]
    full = float(row_sums.max(initial=0)) or 1.0
    share = _FULL_SHARE if info.annotated else _FULL_SHARE_OF_MANY
    strongest = float(info.values[info.wrong].max(initial=0.0))
    layers = [
        _Layer("wrong", info.wrong, max(strongest, share * full), colours.wrong),
        _Layer("right", info.right, full, colours.right),
    ]
    if OTHERS in info.classes:
        grey = ((0, colours.empty), (1, colours.line))
        sums = ~info.single
        apart = sums & ~np.eye(len(sums), dtype=bool)
        layers.append(_Layer("others", sums, float(info.values[apart].max(initial=0)) or 1.0, grey))
    return layers


def _add_heat(figure: go.Figure, info: ConfusionInfo, layer: _Layer, *, dark: bool) -> None:
    """Every cell of a layer as an area."""
    values = np.where(layer.cells, info.values, np.nan)
    gap_px = 2 if info.annotated else 1
    heatmap = go.Heatmap(
        x=info.labels,
        y=info.labels,
        z=values.astype(np.float32),
        name=layer.name,
        uid=layer.name,
        zmin=0,
        zmax=layer.strongest,
        colorscale=_scale(layer.scale, empty=shades(dark).empty, annotated=info.annotated),
        hoverinfo="skip",  # the points answer
        showscale=False,
        xgap=gap_px,
        ygap=gap_px,
    )
    if info.annotated:
        texts = [[_number(value, percent=info.by_share) for value in row] for row in values]
        heatmap.update(text=texts, texttemplate="%{text}")  # as large as the cells allow
    figure.add_trace(heatmap)


def _add_points(figure: go.Figure, info: ConfusionInfo, layer: _Layer) -> None:
    """Cells of a layer as points: invisible above the areas, else as coloured squares."""
    rows, columns = np.nonzero(layer.cells if info.dense else layer.cells & (info.counts > 0))
    if not info.dense and layer.name == "wrong":
        most = np.argsort(-info.counts[rows, columns], kind="stable")[:MOST_CELLS]
        rows, columns = rows[most], columns[most]
    marker: dict[str, Any] = {"size": _POINT_PX, "color": TRANSPARENT, "symbol": "square"}
    if not info.dense:
        marker |= {
            "size": _square_px(len(info.class_names)),
            "color": info.values[rows, columns].astype(np.float32),
            "cmin": _FAINTEST * layer.strongest,
            "cmax": layer.strongest,
            "colorscale": ((0, layer.scale[0][1]), (1, layer.scale[-1][1])),
            "line": {"width": 0},
        }
    labels, classes = np.array(info.labels, dtype=object), np.array(info.classes)
    figure.add_scatter(
        x=labels[columns],
        y=labels[rows],
        mode="markers",
        name=f"{layer.name} cells",
        uid=f"{layer.name} cells",
        marker=marker,
        selected={"marker": {"opacity": 1.0}},
        unselected={"marker": {"opacity": 1.0}},
        # Lists: rows of a packed array reach Streamlit as mappings.
        customdata=list(
            zip(
                classes[rows].tolist(),
                classes[columns].tolist(),
                info.counts[rows, columns].tolist(),
                info.shares[rows, columns].round(5).tolist(),
                strict=True,
            )
        ),
        hovertemplate=_hover_texts(info, rows == columns) if layer.name == "others" else _TEXT,
        showlegend=False,
    )


def _hover_texts(info: ConfusionInfo, among_others: NDArray[np.bool_]) -> list[str]:
    """What is said of sums; those of others among others are not all mistakes."""
    recognised = (
        f"{info.labels[-1]}:<br><b>%{{customdata[2]:,}}</b> pictures, "
        f"{info.right_of_others:,} of them recognised<extra></extra>"
    )
    return [recognised if among else _TEXT for among in among_others]


def _number(value: float, *, percent: bool) -> str:
    """The number in a cell; none for no pictures and for cells of the other layer."""
    if not value > 0:
        return ""
    if not percent:
        return f"{value:.0f}"
    rounded = f"{100 * value:.0f}"
    if rounded == "0":
        return "<1"
    return ">99" if rounded == "100" and value < 1 else rounded


def _scale(scale: ColourScale, *, empty: str, annotated: bool) -> ColourScale:
    """The scale with nothing in its own tone; without a step where there are no numbers."""
    stops = scale if annotated else (scale[0], scale[-1])
    return ((0, empty), *((max(place, 1e-9), tone) for place, tone in stops))


def _lay_out(figure: go.Figure, info: ConfusionInfo) -> None:
    axis = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": info.labels,
        "range": [-0.5, len(info.labels) - 0.5],
        "minallowed": -0.5,
        "maxallowed": len(info.labels) - 0.5,
        "showgrid": False,
        "fixedrange": info.annotated,
        "tickfont_size": 12 if info.annotated else 10,
    }
    # Wherever one points inside an area, its centre is the nearest; between squares is nothing.
    figure.update_layout(
        uirevision="confusion",
        hovermode="closest",
        hoverdistance=-1 if info.dense else _REACH_PX,
        clickmode="event+select",
        dragmode=False if info.dense else "zoom",
    )
    figure.update_xaxes(title_text="predicted class", **axis)
    down = axis | {"range": [len(info.labels) - 0.5, -0.5]}
    figure.update_yaxes(title_text="true class", **down)


def _outline(figure: go.Figure, info: ConfusionInfo, selected: Cell | None, *, dark: bool) -> None:
    """Frame the selected cell, wider than it where it is but a dot."""
    place = None if selected is None else info.place(selected)
    if place is None:
        return
    row, column = place
    reach = max(0.5, 3.5 * len(info.classes) / 700)  # in cells; the chart is some 700 pixels wide
    figure.add_shape(
        type="rect",
        x0=column - reach,
        x1=column + reach,
        y0=row - reach,
        y1=row + reach,
        line={"color": shades(dark).text, "width": 2.5 if info.dense else 1.5},
    )


def _key(info: ConfusionInfo, *, dark: bool) -> str:
    """Say what the two colours mean, in those colours, and what is left out."""
    colours = shades(dark)
    unit = "% of the true class" if info.by_share else "pictures"
    key = (
        f"{unit}: <span style='color:{colours.right[-1][1]}'>■</span> right, "
        f"<span style='color:{colours.wrong[-1][1]}'>■</span> mistaken"
    )
    if OTHERS in info.classes:
        key += f" · {len(info.classes) - 1} of {info.class_count:,} classes"
    if info.mistakes_left_out:
        key += f" · the {MOST_CELLS:,} most frequent mistakes"
    return key


def _height_px(class_count: int) -> int:
    if class_count <= ANNOTATED_CLASSES:
        return 160 + max(200, class_count * (48 if class_count <= 8 else 36))
    return 160 + min(1000, max(560, class_count * 14))


def _square_px(class_count: int) -> float:
    """Side of a square that fills its cell, of a matrix of this height."""
    return max(3.0, 0.9 * (_height_px(class_count) - 160) / class_count)
