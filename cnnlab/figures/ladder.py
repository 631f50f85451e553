"""Chart of a network's accuracy beside what simple methods reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.evaluation.baselines import Baseline, deciding_split
from cnnlab.figures.text import axis_labels, escape, percent
from cnnlab.figures.theme import PALETTE, name_rows, shades, style

NETWORK = "Network"
_NETWORK_COLOUR = PALETTE[0]
_QUIET = 0.65  # how much of the muted colour the methods' bars have
_ROW_PX = 34


class LadderInfo(NamedTuple):
    """What the chart shows, from top to bottom; the network stands last.

    Attributes:
        split: Whose pictures were answered for; empty where there is nothing to show.
        titles: Such as "Colour histogram".
        accuracies: Share of right answers of each, 0-1.
        network: Whether each is the network.
    """

    split: str
    titles: tuple[str, ...]
    accuracies: tuple[float, ...]
    network: tuple[bool, ...]


def ladder_info(baselines: Sequence[Baseline], metrics: Mapping[str, float]) -> LadderInfo:
    """Gather what `draw_ladder` needs; see `plot_ladder` for the arguments."""
    split = deciding_split(metrics)
    if split is None:
        return LadderInfo("", (), (), ())
    shown = [baseline for baseline in baselines if split in baseline.accuracy]
    return LadderInfo(
        split=split,
        titles=(*(baseline.title for baseline in shown), NETWORK),
        accuracies=(
            *(baseline.accuracy[split] for baseline in shown),
            metrics[f"{split}_accuracy"],
        ),
        network=(*(False for _ in shown), True),
    )


def plot_ladder(
    baselines: Sequence[Baseline], metrics: Mapping[str, float], *, dark: bool = False
) -> go.Figure:
    """Draw the accuracy of a network and of each baseline, on test pictures if there are any.

    Args:
        baselines: Those without a figure for the split are left out.
        metrics: Figures of the network by name, such as "test_accuracy" and "validation_accuracy".
        dark: Whether the figure stands on a dark page.
    """
    return draw_ladder(ladder_info(baselines, metrics), dark=dark)


def draw_ladder(info: LadderInfo, *, dark: bool) -> go.Figure:
    """Draw what `ladder_info` gathered."""
    labels = axis_labels(info.titles)
    figure = go.Figure(
        go.Bar(
            x=info.accuracies,
            y=labels,
            orientation="h",
            uid="ladder",
            marker_color=[
                _NETWORK_COLOUR if network else shades(dark).muted for network in info.network
            ],
            marker_opacity=[1 if network else _QUIET for network in info.network],
            text=[escape(percent(accuracy)) for accuracy in info.accuracies],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_layout(bargap=0.28, uirevision="ladder")
    figure.update_xaxes(
        range=[0, 1.12],
        tickvals=[0, 0.2, 0.4, 0.6, 0.8, 1],
        tickformat=".0%",
        fixedrange=True,
        title_text="accuracy",
    )
    name_rows(figure, labels)
    return style(
        figure,
        dark=dark,
        title="Network and simple methods",
        subtitle=f"{escape(info.split)} pictures" if info.split else "No figures",
        height_px=130 + _ROW_PX * max(1, len(labels)),
    )
