"""Chart of what a network says about one photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.figures.text import axis_labels, escape, percent
from cnnlab.figures.theme import class_colours, name_rows, shades, style

_FAINT = 0.45  # opacity of all bars but the first


class ProbabilitiesInfo(NamedTuple):
    """The most probable classes of one photo, the first one first.

    Attributes:
        class_names: Names of the classes shown.
        probabilities: Between 0 and 1.
        colours: Each class's own colour.
        left_out: How many classes are not shown.
    """

    class_names: tuple[str, ...]
    probabilities: tuple[float, ...]
    colours: tuple[str, ...]
    left_out: int


def probabilities_info(
    probabilities: NDArray[np.floating[Any]] | Sequence[float],
    class_names: Sequence[str],
    *,
    top: int = 5,
) -> ProbabilitiesInfo:
    """Gather what `draw_probabilities` needs; see `plot_probabilities` for the arguments.

    Raises:
        ValueError: If there is not one probability for each class.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if values.shape != (len(class_names),):
        raise ValueError(
            f"there must be one probability for each of the {len(class_names)} classes. "
            f"Received: shape={values.shape}"
        )
    order = np.argsort(-values, kind="stable")[:top].tolist()
    colours = class_colours(class_names)
    return ProbabilitiesInfo(
        class_names=tuple(class_names[index] for index in order),
        probabilities=tuple(float(values[index]) for index in order),
        colours=tuple(colours[class_names[index]] for index in order),
        left_out=len(class_names) - len(order),
    )


def plot_probabilities(
    probabilities: NDArray[np.floating[Any]] | Sequence[float],
    class_names: Sequence[str],
    *,
    top: int = 5,
    dark: bool = False,
) -> go.Figure:
    """Draw the most probable classes of one photo as bars.

    Args:
        probabilities: By class index, between 0 and 1, shape (n_classes,).
        class_names: All classes, by class index.
        top: How many classes to show at most.
        dark: Whether the figure stands on a dark page.

    Raises:
        ValueError: If there is not one probability for each class.
    """
    return draw_probabilities(probabilities_info(probabilities, class_names, top=top), dark=dark)


def draw_probabilities(info: ProbabilitiesInfo, *, dark: bool) -> go.Figure:
    """Draw what `probabilities_info` gathered."""
    labels = axis_labels(info.class_names, 18)
    if labels:
        labels[0] = f"<b>{labels[0]}</b>"
    numbers = [escape(percent(value)) for value in info.probabilities]
    figure = go.Figure(
        go.Bar(
            x=info.probabilities,
            y=labels,
            orientation="h",
            uid="probabilities",
            marker={
                "color": info.colours,
                "opacity": [1.0 if place == 0 else _FAINT for place in range(len(labels))],
            },
            text=[f"<b>{text}</b>" if place == 0 else text for place, text in enumerate(numbers)],
            textposition="outside",
            cliponaxis=False,
            customdata=[escape(name) for name in info.class_names],
            hovertemplate="%{customdata}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.3, uirevision="probabilities", showlegend=False)
    figure.update_xaxes(
        range=[0, 1.2], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", fixedrange=True
    )
    name_rows(figure, labels)
    figure.update_yaxes(tickfont_color=shades(dark).text)
    title = "Probability"
    if info.left_out:
        title = f"Probability (top {len(labels)} of {len(labels) + info.left_out})"
    style(figure, dark=dark, title=title, height_px=84 + 30 * max(1, len(labels)))
    return figure
