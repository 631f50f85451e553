"""Charts of what is in a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.datasets.balance import Baseline, majority_baseline
from cnnlab.figures.text import axis_labels, escape, percent, shorten
from cnnlab.figures.theme import PALETTE, SPLIT_COLOURS, class_colours, shades, style

_MANY_CLASSES = 40
_FEW_IMAGES = 5


class ClassCountsInfo(NamedTuple):
    """What the chart of class counts shows.

    Attributes:
        class_names: In the order of the bars, from the top.
        totals: Images of each class.
        by_split: Images of each class by split; empty where the folders give no split.
        baseline: The largest class and its share; None without any image.
    """

    class_names: tuple[str, ...]
    totals: tuple[int, ...]
    by_split: dict[str, tuple[int, ...]]
    baseline: Baseline | None


def class_counts_info(
    counts: Mapping[str, int], by_split: Mapping[str, Mapping[str, int]] | None = None
) -> ClassCountsInfo:
    """Gather what `draw_class_counts` needs; see `plot_class_counts` for the arguments."""
    names = tuple(counts)
    return ClassCountsInfo(
        class_names=names,
        totals=tuple(counts.values()),
        by_split={
            split: tuple(of_split.get(name, 0) for name in names)
            for split, of_split in (by_split or {}).items()
        },
        baseline=majority_baseline(counts),
    )


def plot_class_counts(
    counts: Mapping[str, int],
    by_split: Mapping[str, Mapping[str, int]] | None = None,
    *,
    dark: bool = False,
) -> go.Figure:
    """Draw how many images each class has, and what the majority class alone would reach.

    Args:
        counts: Images by class, in the order of the classes.
        by_split: Images by split and class, where the folders give a split; the bars are stacked.
        dark: Whether the figure stands on a dark page.
    """
    return draw_class_counts(class_counts_info(counts, by_split), dark=dark)


def draw_class_counts(info: ClassCountsInfo, *, dark: bool) -> go.Figure:
    """Draw what `class_counts_info` gathered."""
    labels = axis_labels(info.class_names)
    full_names = [escape(name) for name in info.class_names]
    figure = go.Figure()
    if info.by_split:
        for split, sizes in info.by_split.items():
            figure.add_bar(
                x=sizes,
                y=labels,
                orientation="h",
                name=escape(split),
                uid=escape(split),
                marker_color=SPLIT_COLOURS.get(split, shades(dark).muted),
                customdata=full_names,
                hovertemplate="%{customdata}: %{x:,} in %{fullData.name}<extra></extra>",
            )
    else:
        figure.add_bar(
            x=info.totals,
            y=labels,
            orientation="h",
            uid="all",
            marker_color=_bar_colours(info.class_names),
            customdata=full_names,
            hovertemplate="%{customdata}: %{x:,} images<extra></extra>",
            showlegend=False,
        )
    _add_totals(figure, info, labels, dark=dark)
    _lay_out(figure, info, labels)
    return style(
        figure,
        dark=dark,
        title="Images per class",
        subtitle=_baseline_sentence(info.baseline),
        height_px=_height_px(len(labels), legend=bool(info.by_split)),
    )


def _add_totals(figure: go.Figure, info: ClassCountsInfo, labels: list[str], *, dark: bool) -> None:
    """Write each class's total behind its bar."""
    figure.add_scatter(
        x=info.totals,
        y=labels,
        mode="text",
        uid="totals",
        text=[f" {total:,}" for total in info.totals],
        textposition="middle right",
        textfont={"color": shades(dark).muted, "size": _font_size(len(labels))},
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def _lay_out(figure: go.Figure, info: ClassCountsInfo, labels: list[str]) -> None:
    largest = max(info.totals, default=0)
    figure.update_layout(barmode="stack", bargap=0.28, uirevision="class-counts")
    figure.update_xaxes(
        title_text="images",
        range=[0, max(1.0, largest * 1.14)],
        tickformat=",d",
        nticks=6,
        dtick=1 if largest <= _FEW_IMAGES else None,
        visible=largest > 0,
        fixedrange=True,
    )
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=labels,
        range=[max(len(labels), 1) - 0.5, -0.5],  # the first class on top
        showgrid=False,
        fixedrange=True,
        tickfont_size=_font_size(len(labels)),
    )


def _bar_colours(class_names: tuple[str, ...]) -> list[str]:
    """Each class's own colour; one for all where colours would repeat."""
    if len(class_names) > len(PALETTE):
        return [PALETTE[0]] * len(class_names)
    return list(class_colours(class_names).values())


def _baseline_sentence(baseline: Baseline | None) -> str:
    if baseline is None:
        return "No images"
    name = escape(shorten(baseline.class_name, 16))
    return f"Guessing only “{name}” scores {escape(percent(baseline.share))}"


def _font_size(class_count: int) -> int:
    return 12 if class_count <= _MANY_CLASSES else 10


def _height_px(class_count: int, *, legend: bool) -> int:
    row_px = 30 if class_count <= 12 else 22 if class_count <= _MANY_CLASSES else 14
    return 120 + max(2, class_count) * row_px + (30 if legend else 0)
