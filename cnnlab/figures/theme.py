"""How every chart looks: one template, one palette, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

FONT_FAMILY = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"
TRANSPARENT = "rgba(0,0,0,0)"

# Every colour keeps a contrast of 3:1 on white and on near-black, so that a class has the same
# colour in both themes. The first eight also stay apart under the three kinds of colour blindness.
PALETTE = (
    "#04679A",
    "#DD6119",
    "#25976C",
    "#BD7BB6",
    "#2C97F9",
    "#B03803",
    "#7C58D9",
    "#705E5C",
    "#A637A6",
    "#A66443",
    "#647AC8",
    "#D36F7A",
    "#376F16",
    "#859090",
    "#9B8543",
    "#BC376F",
)

SPLIT_COLOURS = MappingProxyType({"train": "#2C97F9", "validation": "#DD6119", "test": "#25976C"})

ColourScale = tuple[tuple[float, str], ...]  # colours by their place between 0 and 1


@dataclass(frozen=True, slots=True)
class Shades:
    """Colours that differ between the light and the dark theme.

    Attributes:
        text, muted: Of titles and numbers, and of everything that explains.
        grid, line: Of lines behind the data, and of axes.
        surface: Behind hover texts.
        empty: Of cells without any image.
        good, bad: Of words on what is right and what is wrong; put a mark beside them.
        right, wrong: Scales for cells on and off the diagonal, from few to many. They leap over
            the tones on which neither dark nor white numbers can be read.
        ranks: Scale for lines, from the worst to the best; all can be seen on the page.
    """

    text: str
    muted: str
    grid: str
    line: str
    surface: str
    empty: str
    good: str
    bad: str
    right: ColourScale
    wrong: ColourScale
    ranks: ColourScale


LIGHT = Shades(
    text="#1F2733",
    muted="#5B6675",
    grid="rgba(31,39,51,0.09)",
    line="rgba(31,39,51,0.25)",
    surface="#FFFFFF",
    empty="rgba(31,39,51,0.05)",
    good="#137A4B",
    bad="#C4291C",
    right=((0, "#E1EEF9"), (0.6, "#8FC1E9"), (0.6, "#2B7CB8"), (1, "#04578A")),
    wrong=((0, "#FDE9DB"), (0.6, "#F5B083"), (0.6, "#C04E0A"), (1, "#9C3B05")),
    ranks=((0, "#C3CCD4"), (0.5, "#6FB0D6"), (1, "#034E7B")),
)
DARK = Shades(
    text="#E8EBEF",
    muted="#9AA5B4",
    grid="rgba(232,235,239,0.10)",
    line="rgba(232,235,239,0.28)",
    surface="#1C222C",
    empty="rgba(232,235,239,0.05)",
    good="#3FCF8E",
    bad="#FF7A70",
    right=((0, "#15304A"), (1, "#2A7CC0")),
    wrong=((0, "#3A2419"), (1, "#C2560F")),
    ranks=((0, "#4B5660"), (0.5, "#3587BA"), (1, "#A8E4FF")),
)


def shades(dark: bool) -> Shades:
    """Colours of the dark or of the light theme."""
    return DARK if dark else LIGHT


def class_colours(class_names: Sequence[str]) -> dict[str, str]:
    """A colour for each class, by its place among all classes of the data set.

    Give all classes, in their order, also where only some are shown: then a class keeps its
    colour from chart to chart. After sixteen classes the colours start again; names, not colours,
    tell so many apart.
    """
    return {name: PALETTE[index % len(PALETTE)] for index, name in enumerate(class_names)}


@cache
def template(dark: bool) -> go.layout.Template:
    """The template that all charts share."""
    colours = shades(dark)
    axis: dict[str, Any] = {
        "automargin": True,
        "gridcolor": colours.grid,
        "linecolor": colours.line,
        "showline": False,
        "zeroline": False,
        "ticks": "",
        "spikecolor": colours.muted,
        "spikethickness": 1,
        "spikedash": "dot",
        "ticklabelstandoff": 4,
        "tickfont": {"color": colours.muted, "size": 12},
        "title": {"font": {"color": colours.muted, "size": 12}, "standoff": 10},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT_FAMILY, "size": 13, "color": colours.text},
            "paper_bgcolor": TRANSPARENT,
            "plot_bgcolor": TRANSPARENT,
            "colorway": list(PALETTE),
            "margin": {"l": 8, "r": 16, "t": 16, "b": 8},
            "dragmode": False,  # a finger scrolls the page, not the chart
            "title": {
                "font": {"size": 16, "weight": 600},
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "top",
                "yref": "container",
                "pad": {"t": 10, "l": 2},
            },
            "legend": {
                "orientation": "h",
                "traceorder": "normal",
                "x": 0,
                "xanchor": "left",
                "y": 0,
                "yanchor": "bottom",
                "yref": "container",
                "font": {"color": colours.muted, "size": 12},
                "itemclick": False,
                "itemdoubleclick": False,
            },
            "hoverlabel": {
                "align": "left",
                "bgcolor": colours.surface,
                "bordercolor": colours.line,
                "font": {"color": colours.text, "family": FONT_FAMILY, "size": 13},
                "namelength": -1,
            },
            "modebar": {
                "bgcolor": TRANSPARENT,
                "color": colours.muted,
                "activecolor": colours.text,
            },
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def style(
    figure: go.Figure, *, dark: bool, title: str, subtitle: str = "", height_px: int = 320
) -> go.Figure:
    """Dress a figure in the theme and return it.

    Args:
        figure: Changed in place.
        dark: Whether it stands on a dark page.
        title: One short line, already escaped.
        subtitle: A second one, quieter.
        height_px: Whole height; the width follows the page.
    """
    figure.update_layout(
        template=template(dark),
        height=height_px,
        title_text=f"{title}<br>{_quiet(subtitle, dark=dark)}" if subtitle else title,
        title_pad_t=22 if subtitle else 10,
        margin_t=64 if subtitle else 44,
    )
    return figure


def name_rows(figure: go.Figure, labels: Sequence[str]) -> None:
    """Give horizontal bars their names, the first one on top; the figure is changed in place."""
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=labels,
        autorange="reversed",
        showgrid=False,
        fixedrange=True,
    )


def interval_bars(
    values: Sequence[float], intervals: Sequence[tuple[float, float]], **look: Any
) -> dict[str, Any]:
    """Error bars from values to the ends of their intervals, for `error_x` and `error_y`.

    Args:
        values: What is drawn.
        intervals: Low and high end around each value; an end on the wrong side of it, by rounding,
            gives no bar.
        look: Such as `color`, `thickness` and `width`.
    """
    pairs = list(zip(values, intervals, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, high - value) for value, (_, high) in pairs],
        "arrayminus": [max(0.0, value - low) for value, (low, _) in pairs],
        **look,
    }


def _quiet(text: str, *, dark: bool) -> str:
    return f"<span style='color:{shades(dark).muted};font-size:13px;font-weight:400'>{text}</span>"
