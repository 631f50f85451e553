"""Chart of pictures as points in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.figures.text import escape, shorten
from cnnlab.figures.theme import class_colours, style

MOST_POINTS = 10_000
_MANY_POINTS = 2_000  # from here on a canvas draws them
_NAME_LENGTH = 28


class ImageMapInfo(NamedTuple):
    """What the chart shows.

    Attributes:
        rows: By class name, the rows of the points that are drawn.
        colours: By class name.
        left_out: Points that are not drawn.
    """

    rows: dict[str, NDArray[np.int64]]
    colours: dict[str, str]
    left_out: int


def image_map_info(classes: Sequence[str], class_names: Sequence[str]) -> ImageMapInfo:
    """Gather what `plot_image_map` draws; of too many points an even share of every class."""
    labels = np.array(classes, dtype=object)
    step = max(1, -(-len(labels) // MOST_POINTS))
    rows = {name: np.flatnonzero(labels == name)[::step] for name in class_names}
    drawn = {name: some for name, some in rows.items() if len(some)}
    return ImageMapInfo(
        rows=drawn,
        colours=class_colours(class_names),
        left_out=len(labels) - sum(map(len, drawn.values())),
    )


def plot_image_map(
    points: NDArray[np.float32],
    classes: Sequence[str],
    paths: Sequence[str],
    class_names: Sequence[str],
    *,
    dark: bool = False,
) -> go.Figure:
    """Draw one point a picture in the colour of its class; `customdata` holds its path.

    Args:
        points: Shape (n, 2).
        classes, paths: One a point.
        class_names: All classes of the data set, in their order.
        dark: Whether the figure stands on a dark page.
    """
    info = image_map_info(classes, class_names)
    drawn = sum(map(len, info.rows.values()))
    trace = go.Scattergl if drawn > _MANY_POINTS else go.Scatter
    figure = go.Figure()
    for name, rows in info.rows.items():
        figure.add_trace(
            trace(
                x=points[rows, 0],
                y=points[rows, 1],
                mode="markers",
                name=escape(shorten(name, _NAME_LENGTH)),
                uid=escape(name),
                customdata=[[paths[row]] for row in rows],
                text=[escape(shorten(paths[row].rsplit("/", 1)[-1], _NAME_LENGTH)) for row in rows],
                hovertemplate="%{text}<extra>%{fullData.name}</extra>",
                marker={"color": info.colours[name], "size": 6 if drawn > 500 else 8},
                unselected={"marker": {"opacity": 0.15}},
            )
        )
    hidden = {"visible": False, "zeroline": False, "showgrid": False}
    figure.update_xaxes(**hidden)
    figure.update_yaxes(scaleanchor="x", **hidden)
    figure.update_layout(
        dragmode="lasso",
        uirevision="image-map",
        legend={"itemclick": "toggle", "itemdoubleclick": "toggleothers", "itemsizing": "constant"},
    )
    subtitle = f"{info.left_out:,} more are not drawn" if info.left_out else ""
    return style(
        figure, dark=dark, title="Similar pictures lie together", subtitle=subtitle, height_px=620
    )
