"""Chart of which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.figures.text import axis_labels
from cnnlab.figures.theme import ColourScale, shades, style

_LABEL_LENGTH = 20
ANNOTATED_CLASSES = 15  # up to here each cell carries its number
_FULL_WRONG_SHARE = 0.3  # mistakes have their strongest colour from this share of a row on


class ConfusionInfo(NamedTuple):
    """What the chart of a confusion matrix shows; arrays have shape (n_classes, n_classes).

    Attributes:
        class_names: By class index.
        counts: Images; rows are true classes, columns predicted ones.
        shares: Counts divided by their row's sum, 0 in rows without images.
        by_share: Whether cells show shares, else counts.
    """

    class_names: tuple[str, ...]
    counts: NDArray[np.int64]
    shares: NDArray[np.float64]
    by_share: bool

    @property
    def labels(self) -> list[str]:
        """What stands beside rows and below columns."""
        return axis_labels(self.class_names, _LABEL_LENGTH)

    @property
    def annotated(self) -> bool:
        """Whether there is room for a number in each cell."""
        return len(self.class_names) <= ANNOTATED_CLASSES

    @property
    def values(self) -> NDArray[np.float64]:
        """What the cells show."""
        return self.shares if self.by_share else self.counts.astype(np.float64)


def confusion_info(
    confusion: NDArray[np.integer[Any]], class_names: Sequence[str], *, by_share: bool = False
) -> ConfusionInfo:
    """Gather what `draw_confusion` needs; see `plot_confusion` for the arguments.

    Raises:
        ValueError: If the matrix is not square with one row a class.
    """
    size = len(class_names)
    if confusion.shape != (size, size):
        raise ValueError(
            f"the matrix must have one row and one column for each of the {size} classes. "
            f"Received: shape={confusion.shape}"
        )
    support = confusion.sum(axis=1, keepdims=True)
    return ConfusionInfo(
        class_names=tuple(class_names),
        counts=confusion.astype(np.int64),
        shares=confusion / np.maximum(support, 1),
        by_share=by_share,
    )


def plot_confusion(
    confusion: NDArray[np.integer[Any]],
    class_names: Sequence[str],
    *,
    by_share: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Draw a confusion matrix: right ones on the diagonal in blue, mistakes beside it in orange.

    Args:
        confusion: Counts, shape (n_classes, n_classes); rows are true classes.
        class_names: By class index; the first one is on top and on the left.
        by_share: Show each cell as its share of the true class instead of as a count.
        dark: Whether the figure stands on a dark page.

    Raises:
        ValueError: If the matrix is not square with one row a class.
    """
    return draw_confusion(confusion_info(confusion, class_names, by_share=by_share), dark=dark)


def draw_confusion(info: ConfusionInfo, *, dark: bool) -> go.Figure:
    """Draw what `confusion_info` gathered."""
    colours = shades(dark)
    diagonal = np.eye(len(info.class_names), dtype=bool)
    row_sum = 1.0 if info.by_share else float(info.counts.sum(axis=1).max(initial=1))
    figure = go.Figure()
    for name, cells, strongest, scale in (
        ("wrong", ~diagonal, _FULL_WRONG_SHARE * row_sum, colours.wrong),
        ("right", diagonal, row_sum, colours.right),
    ):
        heatmap = _cells(info, np.where(cells, info.values, np.nan))
        heatmap.update(
            name=name,
            uid=name,
            zmin=0,
            zmax=max(float(info.values[cells].max(initial=0.0)), strongest),
            colorscale=_scale(scale, empty=colours.empty, annotated=info.annotated),
        )
        figure.add_trace(heatmap)
    _lay_out(figure, info)
    return style(
        figure,
        dark=dark,
        title="Confusion matrix",
        subtitle=_key(info, dark=dark),
        height_px=_height_px(len(info.class_names)),
    )


def _cells(info: ConfusionInfo, values: NDArray[np.float64]) -> go.Heatmap:
    """One layer of cells; those of the other layer are NaN and stay open."""
    gap_px = 2 if info.annotated else 1 if len(info.class_names) <= 40 else 0
    heatmap = go.Heatmap(
        x=info.labels,
        y=info.labels,
        z=values.astype(np.float32),
        customdata=np.dstack([info.counts, info.shares]).astype(np.float32),
        hovertemplate=(
            "true: %{y}<br>predicted: %{x}<br>"
            "<b>%{customdata[0]:,}</b> images, %{customdata[1]:.1%} of the true class"
            "<extra></extra>"
        ),
        hoverongaps=False,
        showscale=False,
        xgap=gap_px,
        ygap=gap_px,
    )
    if info.annotated:
        texts = [[_number(value, percent=info.by_share) for value in row] for row in values]
        heatmap.update(text=texts, texttemplate="%{text}")  # as large as the cells allow
    return heatmap


def _number(value: float, *, percent: bool) -> str:
    """The number in a cell; none for no images and for cells of the other layer."""
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
        "showgrid": False,
        "fixedrange": info.annotated,
        "tickfont_size": 12 if info.annotated else 10,
    }
    figure.update_layout(uirevision="confusion")
    figure.update_xaxes(title_text="predicted class", **axis)
    figure.update_yaxes(title_text="true class", autorange="reversed", **axis)


def _key(info: ConfusionInfo, *, dark: bool) -> str:
    """Say what the two colours mean, in those colours."""
    colours = shades(dark)
    unit = "% of the true class" if info.by_share else "images"
    return (
        f"{unit}: <span style='color:{colours.right[-1][1]}'>■</span> right, "
        f"<span style='color:{colours.wrong[-1][1]}'>■</span> mistaken"
    )


def _height_px(class_count: int) -> int:
    if class_count <= ANNOTATED_CLASSES:
        return 160 + max(200, class_count * (48 if class_count <= 8 else 36))
    return 160 + min(1200, max(560, class_count * 14))
