"""Charts of how far a network's probabilities can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from cnnlab.evaluation.calibration import Calibration, Coverage
from cnnlab.evaluation.intervals import Interval
from cnnlab.figures.theme import PALETTE, SPLIT_COLOURS, interval_bars, shades, style

_HEIGHT_PX = 420
_LARGEST_MARKER_PX = 22
_SMALLEST_MARKER_PX = 7
_OPEN_SHARE = 0.7  # of open marks, so that they do not hide the full ones
_BEFORE, _AFTER = PALETTE[0], SPLIT_COLOURS["test"]


class ReliabilityLine(NamedTuple):
    """The filled bins of one calibration, from the least confident to the most.

    Attributes:
        name: What the legend calls it.
        confidence: Mean confidence of each bin.
        accuracy: Share of right answers of each bin.
        intervals: Of the accuracies, 95 %.
        counts: Pictures of each bin.
        expected_error: Of the whole line.
    """

    name: str
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    intervals: tuple[Interval, ...]
    counts: tuple[int, ...]
    expected_error: float

    @property
    def sizes_px(self) -> list[float]:
        """Markers whose area grows with the pictures."""
        most = max(self.counts, default=1)
        return [
            max(_SMALLEST_MARKER_PX, _LARGEST_MARKER_PX * (count / most) ** 0.5)
            for count in self.counts
        ]


class CoverageInfo(NamedTuple):
    """What the chart of coverage against accuracy shows.

    Attributes:
        thresholds, shares, accuracies: Of each point where something is answered.
        chosen: The threshold that the user has set, or None.
    """

    thresholds: tuple[float, ...]
    shares: tuple[float, ...]
    accuracies: tuple[float, ...]
    chosen: Coverage | None


def reliability_line(calibration: Calibration, name: str) -> ReliabilityLine:
    """The filled bins of a calibration as a line."""
    bins = [each for each in calibration.bins if each.count]
    return ReliabilityLine(
        name=name,
        confidence=tuple(each.confidence for each in bins),
        accuracy=tuple(each.accuracy for each in bins),
        intervals=tuple(each.interval for each in bins),
        counts=tuple(each.count for each in bins),
        expected_error=calibration.expected_error,
    )


def plot_reliability(
    before: Calibration, after: Calibration | None = None, *, dark: bool = False
) -> go.Figure:
    """Draw accuracy over confidence: below the diagonal a network is too sure of itself.

    Args:
        before: Of the probabilities as the network gives them.
        after: Of those at another temperature, or None.
        dark: Whether the figure stands on a dark page.
    """
    lines = [reliability_line(before, "as it is")]
    if after is not None:
        lines.append(reliability_line(after, "with temperature"))
    return draw_reliability(lines, dark=dark)


def draw_reliability(lines: Sequence[ReliabilityLine], *, dark: bool) -> go.Figure:
    """Draw what `reliability_line` gathered, one line a calibration; the first one stands out."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        uid="diagonal",
        line={"color": shades(dark).muted, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
    )
    for place, line in reversed(list(enumerate(lines))):
        _add_line(figure, line, colour=(_BEFORE, _AFTER)[place], main=place == 0)
    for x, y, words in ((0.03, 0.97, "too careful"), (0.97, 0.03, "too sure")):
        figure.add_annotation(
            x=x,
            y=y,
            text=words,
            showarrow=False,
            xanchor="left" if x < 0.5 else "right",
            yanchor="top" if y > 0.5 else "bottom",
            font={"color": shades(dark).muted, "size": 12},
        )
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    figure.update_xaxes(
        title_text="how sure it is", tickformat=".0%", range=[0, 1.04], tickvals=ticks
    )
    figure.update_yaxes(
        title_text="how often it is right", tickformat=".0%", range=[-0.02, 1.06], tickvals=ticks
    )
    figure.update_layout(legend={"traceorder": "reversed", "itemsizing": "constant"})
    errors = ", ".join(f"{100 * line.expected_error:.1f} {line.name}" for line in lines)
    return style(
        figure,
        dark=dark,
        title="Does it know what it knows?",
        subtitle=f"points off: {errors}",
        height_px=_HEIGHT_PX,
    )


def _add_line(figure: go.Figure, line: ReliabilityLine, *, colour: str, main: bool) -> None:
    """One calibration: the main one in full with its intervals, another one as open marks."""
    bars = interval_bars(line.accuracy, line.intervals, color=colour, thickness=1.5, width=0)
    marker = {"size": line.sizes_px, "color": colour, "opacity": 1, "line": {"width": 0}}
    if not main:
        marker |= {
            "symbol": "circle-open",
            "size": [_OPEN_SHARE * size for size in line.sizes_px],
            "line": {"width": 2},
        }
    figure.add_scatter(
        x=line.confidence,
        y=line.accuracy,
        error_y=bars if main else None,
        mode="markers",
        name=line.name,
        uid=line.name,
        marker=marker,
        cliponaxis=False,
        customdata=line.counts,
        hovertemplate=(
            "it says %{x:.0%}, right in %{y:.1%}<br>"
            f"%{{customdata:,}} pictures<extra>{line.name}</extra>"
        ),
    )


def coverage_info(points: Sequence[Coverage], chosen: Coverage | None = None) -> CoverageInfo:
    """Gather what `draw_coverage` needs; see `plot_coverage` for the arguments."""
    answered = [
        (point.threshold, point.share, point.accuracy)
        for point in points
        if point.accuracy is not None
    ]
    thresholds, shares, accuracies = zip(*answered, strict=True) if answered else ((), (), ())
    return CoverageInfo(thresholds, shares, accuracies, chosen)


def plot_coverage(
    points: Sequence[Coverage], chosen: Coverage | None = None, *, dark: bool = False
) -> go.Figure:
    """Draw the accuracy of the answers over the share of pictures that is answered.

    Args:
        points: One for each threshold.
        chosen: What the threshold that the user has set gives; it is marked.
        dark: Whether the figure stands on a dark page.
    """
    return draw_coverage(coverage_info(points, chosen), dark=dark)


def draw_coverage(info: CoverageInfo, *, dark: bool) -> go.Figure:
    """Draw what `coverage_info` gathered."""
    figure = go.Figure()
    figure.add_scatter(
        x=info.shares,
        y=info.accuracies,
        mode="lines",
        uid="coverage",
        line={"color": _BEFORE, "width": 2.5, "shape": "vh"},
        customdata=info.thresholds,
        hovertemplate=(
            "from %{customdata:.1%} on: answers %{x:.1%},<br>%{y:.1%} of them right<extra></extra>"
        ),
        showlegend=False,
    )
    chosen = info.chosen
    if chosen is not None and chosen.accuracy is not None:
        figure.add_scatter(
            x=[chosen.share],
            y=[chosen.accuracy],
            error_y=interval_bars([chosen.accuracy], [chosen.interval], width=6),
            mode="markers",
            uid="chosen",
            marker={"size": 13, "color": SPLIT_COLOURS["validation"]},
            hoverinfo="skip",
            showlegend=False,
        )
    lowest = max(0.0, min(info.accuracies, default=0.0) - 0.05)
    if chosen is not None:
        lowest = min(lowest, max(0.0, chosen.interval.low - 0.02))
    figure.update_layout(uirevision="coverage")
    figure.update_xaxes(title_text="share of pictures answered", tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(
        title_text="accuracy of the answers",
        tickformat=".0%",
        range=[lowest, 1 + 0.04 * (1 - lowest)],
    )
    return style(
        figure,
        dark=dark,
        title="Answer only when sure",
        subtitle="fewer answers, and more of them right",
        height_px=_HEIGHT_PX,
    )
