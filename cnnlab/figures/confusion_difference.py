"""Chart of what one network takes for what more often than another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.figures.confusion_cells import ANNOTATED_CLASSES, LABEL_LENGTH, MOST_CLASSES
from cnnlab.figures.text import axis_labels, escape, shorten
from cnnlab.figures.theme import ColourScale, Shades, shades, style

_NAME_LENGTH = 28
_STEP = 1e-6


class DifferenceInfo(NamedTuple):
    """What the chart shows; arrays have shape (n_shown, n_shown), rows are true classes.

    Attributes:
        class_names: Of the classes that are shown.
        left_out: How many more classes there are, with fewer changes.
        first, second: Counts of both networks.
        names: What the two networks are called.
    """

    class_names: tuple[str, ...]
    left_out: int
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    names: tuple[str, str]

    @property
    def change(self) -> NDArray[np.int64]:
        """Pictures more (or fewer) with the second network."""
        return self.second - self.first

    @property
    def gain(self) -> NDArray[np.int64]:
        """The change, positive where it is for the better: more right ones, fewer mistakes."""
        on_diagonal = np.eye(len(self.class_names), dtype=bool)
        gain: NDArray[np.int64] = np.where(on_diagonal, self.change, -self.change)
        return gain


def difference_info(
    first: NDArray[np.integer[Any]],
    second: NDArray[np.integer[Any]],
    class_names: Sequence[str],
    *,
    names: tuple[str, str],
) -> DifferenceInfo:
    """Gather what `draw_difference` needs; see `plot_difference` for the arguments.

    Raises:
        ValueError: If a matrix is not square with one row a class.
    """
    size = len(class_names)
    for matrix in (first, second):
        if matrix.shape != (size, size):
            raise ValueError(
                f"each matrix must have one row and one column for each of the {size} classes. "
                f"Received: shape={matrix.shape}"
            )
    shown = np.arange(size)
    if size > MOST_CLASSES:
        moved = np.abs(second.astype(np.int64) - first)
        changes = moved.sum(axis=0) + moved.sum(axis=1)
        shown = np.sort(np.argsort(-changes, kind="stable")[:MOST_CLASSES])
    cells = np.ix_(shown, shown)
    return DifferenceInfo(
        class_names=tuple(class_names[int(place)] for place in shown),
        left_out=size - len(shown),
        first=first[cells].astype(np.int64),
        second=second[cells].astype(np.int64),
        names=names,
    )


def plot_difference(
    first: NDArray[np.integer[Any]],
    second: NDArray[np.integer[Any]],
    class_names: Sequence[str],
    *,
    names: tuple[str, str],
    dark: bool = False,
) -> go.Figure:
    """Draw the second confusion matrix minus the first one; blue is better, orange is worse.

    Of more than forty classes, those with the most changes are shown.

    Args:
        first, second: Counts on the same pictures, shape (n_classes, n_classes); rows are true
            classes.
        class_names: By class index; the first one is on top and on the left.
        names: What the two networks are called.
        dark: Whether the figure stands on a dark page.

    Raises:
        ValueError: If a matrix is not square with one row a class.
    """
    return draw_difference(difference_info(first, second, class_names, names=names), dark=dark)


def draw_difference(info: DifferenceInfo, *, dark: bool) -> go.Figure:
    """Draw what `difference_info` gathered."""
    colours = shades(dark)
    labels = axis_labels(info.class_names, LABEL_LENGTH)
    annotated = len(labels) <= ANNOTATED_CLASSES
    strongest = float(max(np.abs(info.gain).max(initial=0), 1))
    first, second = (escape(shorten(name, _NAME_LENGTH)) for name in info.names)
    heatmap = go.Heatmap(
        x=labels,
        y=labels,
        z=info.gain.astype(np.float32),
        zmin=-strongest,
        zmax=strongest,
        colorscale=_scale(colours),
        showscale=False,
        customdata=np.dstack([info.first, info.second]).astype(np.float32),
        hovertemplate=(
            "true: %{y}<br>predicted: %{x}<br>"
            f"{first}: <b>%{{customdata[0]:,}}</b> pictures<br>"
            f"{second}: <b>%{{customdata[1]:,}}</b> pictures<extra></extra>"
        ),
        xgap=2 if annotated else 1,
        ygap=2 if annotated else 1,
        uid="difference",
    )
    if annotated:
        texts = [[_signed(value) for value in row] for row in info.change.tolist()]
        heatmap.update(text=texts, texttemplate="%{text}")
    figure = go.Figure(heatmap)
    _lay_out(figure, labels, annotated=annotated)
    return style(
        figure,
        dark=dark,
        title=f"{second} instead of {first}",
        subtitle=_key(info, dark=dark),
        height_px=_height_px(len(labels)),
    )


def _signed(value: int) -> str:
    """A change with its sign, a true minus; nothing for no change."""
    return f"{value:+d}".replace("-", "−") if value else ""


def _scale(colours: Shades) -> ColourScale:
    """Both scales of the theme back to back, with no change in a tone of its own between them."""
    worse = [(0.5 - place / 2 - _STEP, tone) for place, tone in reversed(colours.wrong)]
    better = [(0.5 + place / 2 + _STEP, tone) for place, tone in colours.right]
    unchanged = [(0.5 - _STEP / 2, colours.empty), (0.5 + _STEP / 2, colours.empty)]
    return tuple((min(1.0, max(0.0, place)), tone) for place, tone in (*worse, *unchanged, *better))


def _lay_out(figure: go.Figure, labels: Sequence[str], *, annotated: bool) -> None:
    axis = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": labels,
        "showgrid": False,
        "fixedrange": annotated,
        "tickfont_size": 12 if annotated else 10,
        "dtick": 1,
    }
    figure.update_layout(uirevision="difference")
    figure.update_xaxes(title_text="predicted class", **axis)
    figure.update_yaxes(title_text="true class", autorange="reversed", **axis)


def _key(info: DifferenceInfo, *, dark: bool) -> str:
    """Say what the two colours mean, in those colours."""
    colours = shades(dark)
    left_out = ""
    if info.left_out:
        classes = "class" if info.left_out == 1 else "classes"
        left_out = f"; {info.left_out:,} {classes} with fewer changes left out"
    return (
        f"pictures more or fewer: <span style='color:{colours.right[-1][1]}'>■</span> better, "
        f"<span style='color:{colours.wrong[-1][1]}'>■</span> worse{left_out}"
    )


def _height_px(class_count: int) -> int:
    row_px = 40 if class_count <= ANNOTATED_CLASSES else 18
    return 160 + min(1000, max(200, class_count * row_px))
