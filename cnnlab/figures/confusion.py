"""Chart of which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.evaluation.class_order import most_mistaken
from cnnlab.figures.text import axis_labels
from cnnlab.figures.theme import TRANSPARENT, ColourScale, shades, style

_LABEL_LENGTH = 20
ANNOTATED_CLASSES = 15  # up to here each cell carries its number
MOST_CLASSES = 40  # of more, those with the most mistakes are shown, and the others as one
MOST_CELLS = 6_000  # that are drawn one by one
OTHERS = -1  # instead of a class index
_FULL_WRONG_SHARE = 0.3  # mistakes have their strongest colour from this share of a row on

Cell = tuple[int, int]  # index of the true class, and of the predicted one


class ConfusionInfo(NamedTuple):
    """What the chart of a confusion matrix shows; arrays have shape (n_rows, n_rows).

    Attributes:
        class_names: Of the rows, from top to bottom, and of the columns.
        classes: Their class indices; OTHERS for all classes that have no row of their own.
        counts: Images; rows are true classes, columns predicted ones.
        shares: Counts divided by their row's sum, 0 in rows without images.
        by_share: Whether cells show shares, else counts.
        right_of_others: How many images of the classes without a row are recognised.
    """

    class_names: tuple[str, ...]
    classes: tuple[int, ...]
    counts: NDArray[np.int64]
    shares: NDArray[np.float64]
    by_share: bool
    right_of_others: int = 0

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

    @property
    def dense(self) -> bool:
        """Whether every cell is drawn, else those with images only."""
        return len(self.class_names) <= MOST_CLASSES + 1

    def place(self, cell: Cell) -> tuple[int, int] | None:
        """Row and column of a cell; None if it is not shown."""
        try:
            return self.classes.index(cell[0]), self.classes.index(cell[1])
        except ValueError:
            return None


def confusion_info(
    confusion: NDArray[np.integer[Any]],
    class_names: Sequence[str],
    *,
    by_share: bool = False,
    order: Sequence[int] | None = None,
    most: int | None = MOST_CLASSES,
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
    ordered = list(range(size)) if order is None else [int(index) for index in order]
    kept = set(range(size))
    if most is not None and size > most:
        kept = set(most_mistaken(confusion, most))
    classes = [index for index in ordered if index in kept]
    counts, right_of_others = confusion[np.ix_(classes, classes)].astype(np.int64), 0
    names = [class_names[index] for index in classes]
    rest = [index for index in range(size) if index not in kept]
    if rest:
        counts = _with_others(confusion, classes, rest)
        right_of_others = int(confusion[rest, rest].sum())
        names.append(f"{len(rest):,} other classes")
        classes.append(OTHERS)
    support = counts.sum(axis=1, keepdims=True)
    return ConfusionInfo(
        class_names=tuple(names),
        classes=tuple(classes),
        counts=counts,
        shares=counts / np.maximum(support, 1),
        by_share=by_share,
        right_of_others=right_of_others,
    )


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
        selected: A cell that is outlined, if it is shown.
        dark: Whether the figure stands on a dark page.

    Raises:
        ValueError: If the matrix is not square with one row a class.
    """
    info = confusion_info(confusion, class_names, by_share=by_share, order=order, most=most)
    return draw_confusion(info, selected=selected, dark=dark)


def draw_confusion(info: ConfusionInfo, *, selected: Cell | None = None, dark: bool) -> go.Figure:
    """Draw what `confusion_info` gathered."""
    figure = go.Figure()
    if info.dense:
        _add_heat(figure, info, dark=dark)
    _add_points(figure, info, dark=dark)
    _lay_out(figure, info)
    place = None if selected is None else info.place(selected)
    if place is not None:
        row, column = place
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": shades(dark).text, "width": 2.5},
        )
    return style(
        figure,
        dark=dark,
        title="Confusion matrix",
        subtitle=_key(info, dark=dark),
        height_px=_height_px(len(info.class_names)),
    )


def _with_others(
    confusion: NDArray[np.integer[Any]], classes: list[int], rest: list[int]
) -> NDArray[np.int64]:
    """The chosen rows and columns, and one more of each with the sums of the others."""
    size = len(classes)
    counts = np.zeros((size + 1, size + 1), dtype=np.int64)
    counts[:size, :size] = confusion[np.ix_(classes, classes)]
    counts[:size, size] = confusion[np.ix_(classes, rest)].sum(axis=1)
    counts[size, :size] = confusion[np.ix_(rest, classes)].sum(axis=0)
    counts[size, size] = confusion[np.ix_(rest, rest)].sum()
    return counts


def _strongest(info: ConfusionInfo, cells: NDArray[np.bool_], share: float) -> float:
    """The value that has the strongest colour."""
    row_sum = 1.0 if info.by_share else float(info.counts.sum(axis=1).max(initial=1))
    return max(float(info.values[cells].max(initial=0.0)), share * row_sum)


def _layers(
    info: ConfusionInfo, *, dark: bool
) -> list[tuple[str, NDArray[np.bool_], float, ColourScale]]:
    """Mistakes and right ones: name, cells, value of the strongest colour, colours."""
    colours = shades(dark)
    diagonal = np.eye(len(info.class_names), dtype=bool)
    return [
        ("wrong", ~diagonal, _strongest(info, ~diagonal, _FULL_WRONG_SHARE), colours.wrong),
        ("right", diagonal, _strongest(info, diagonal, 1.0), colours.right),
    ]


def _add_heat(figure: go.Figure, info: ConfusionInfo, *, dark: bool) -> None:
    """Every cell as an area, those of the two layers each in their own colours."""
    gap_px = 2 if info.annotated else 1
    for name, cells, strongest, scale in _layers(info, dark=dark):
        values = np.where(cells, info.values, np.nan)
        heatmap = go.Heatmap(
            x=info.labels,
            y=info.labels,
            z=values.astype(np.float32),
            name=name,
            uid=name,
            zmin=0,
            zmax=strongest,
            colorscale=_scale(scale, empty=shades(dark).empty, annotated=info.annotated),
            hoverinfo="skip",  # the points answer
            showscale=False,
            xgap=gap_px,
            ygap=gap_px,
        )
        if info.annotated:
            texts = [[_number(value, percent=info.by_share) for value in row] for row in values]
            heatmap.update(text=texts, texttemplate="%{text}")  # as large as the cells allow
        figure.add_trace(heatmap)


def _add_points(figure: go.Figure, info: ConfusionInfo, *, dark: bool) -> None:
    """Every shown cell as a point: invisible above the areas, else as a coloured square."""
    for name, cells, strongest, scale in _layers(info, dark=dark):
        shown = cells if info.dense else cells & (info.counts > 0)
        rows, columns = np.nonzero(shown)
        if name == "wrong" and not info.dense and len(rows) > MOST_CELLS:
            first = np.argsort(-info.counts[rows, columns], kind="stable")[:MOST_CELLS]
            rows, columns = rows[first], columns[first]
        marker: dict[str, Any] = {"size": 14, "color": TRANSPARENT, "symbol": "square"}
        if not info.dense:
            marker |= {
                "size": _square_px(len(info.class_names)),
                "color": info.values[rows, columns].astype(np.float32),
                "cmin": 0,
                "cmax": strongest,
                "colorscale": ((0, scale[0][1]), (1, scale[-1][1])),
                "line": {"width": 0},
            }
        labels = np.array(info.labels, dtype=object)
        classes = np.array(info.classes)
        figure.add_scatter(
            x=labels[columns],
            y=labels[rows],
            mode="markers",
            name=f"{name} cells",
            uid=f"{name} cells",
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
            hovertemplate=(
                "true: %{y}<br>predicted: %{x}<br>"
                "<b>%{customdata[2]:,}</b> images, %{customdata[3]:.1%} of the true class"
                "<extra></extra>"
            ),
            showlegend=False,
        )


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
        "range": [-0.5, len(info.labels) - 0.5],
        "showgrid": False,
        "fixedrange": info.annotated,
        "tickfont_size": 12 if info.annotated else 10,
    }
    # Wherever one points inside a cell, its own centre is the nearest one.
    figure.update_layout(
        uirevision="confusion", hovermode="closest", hoverdistance=-1, clickmode="event+select"
    )
    figure.update_xaxes(title_text="predicted class", **axis)
    down = axis | {"range": [len(info.labels) - 0.5, -0.5]}
    figure.update_yaxes(title_text="true class", **down)


def _key(info: ConfusionInfo, *, dark: bool) -> str:
    """Say what the two colours mean, in those colours, and what is left out."""
    colours = shades(dark)
    unit = "% of the true class" if info.by_share else "images"
    key = (
        f"{unit}: <span style='color:{colours.right[-1][1]}'>■</span> right, "
        f"<span style='color:{colours.wrong[-1][1]}'>■</span> mistaken"
    )
    if OTHERS in info.classes:
        key += f" · the {len(info.classes) - 1} classes with the most mistakes"
    return key


def _height_px(class_count: int) -> int:
    if class_count <= ANNOTATED_CLASSES:
        return 160 + max(200, class_count * (48 if class_count <= 8 else 36))
    return 160 + min(1200, max(560, class_count * 14))


def _square_px(class_count: int) -> float:
    """Side of a square that fills its cell, of a matrix of this height."""
    return max(3.0, 0.9 * (_height_px(class_count) - 160) / class_count)
