"""What a report says in sentences; plain text, the same for the page and the model card."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from cnnlab.config import Colour, Resize
from cnnlab.config.differences import layers_line
from cnnlab.datasets.splits import Split
from cnnlab.evaluation.confidence import confidence_sentence, coverage_sentence
from cnnlab.evaluation.intervals import Interval
from cnnlab.evaluation.learning import Ending
from cnnlab.figures.text import clean, duration, percent, shorten
from cnnlab.reports.readings import ending_of
from cnnlab.reports.report_data import ReportData
from cnnlab.reports.report_scores import Scores

_NAMED_CLASSES = 8  # more are counted, not named
_NAME_LENGTH = 40
_RESIZES = {
    Resize.SQUASH: "squashed to a square",
    Resize.CROP: "cut to the square in the middle",
    Resize.PAD: "filled up with black to a square",
}
UNKNOWN = "–"

SEEN = {Split.TEST: "unseen pictures", Split.VALIDATION: "held-back pictures"}


class Headline(NamedTuple):
    """The result in three sentences."""

    result: str
    certainty: str
    compared: str


def headline(report: ReportData) -> Headline:
    """What the network tells apart, how good it is, and how much better than simple methods."""
    return Headline(_result(report), _certainty(report), _compared(report))


def subject(report: ReportData) -> str:
    """What it is, for titles: "transfer on intel"."""
    return f"{clean(report.run.recipe)} on {shorten(clean(report.data.name), 60)}"


def task(class_names: Sequence[str]) -> str:
    """What it was trained for: "tell cats and dogs apart"."""
    if not class_names:
        return "tell pictures apart"
    if len(class_names) > _NAMED_CLASSES:
        return f"tell {len(class_names):,} classes of pictures apart"
    return f"tell {listed(class_names)} apart"


def network(report: ReportData) -> str:
    """The layers and their size in a sentence."""
    config, parameters = report.config.network, report.run.results.get("parameters") or {}
    layers = layers_line(config.stack)
    if config.backbone is not None:
        trained = "trained on ImageNet" if config.backbone.pretrained else "untrained at first"
        on = f"{config.backbone.name.value} ({trained})"
        layers = f"{on}, then {layers}" if layers else on
    size = "{total:,} parameters, {trainable:,} of them trained" if parameters else ""
    facts = ["Layers: " + layers] if layers else []
    return "; ".join([*facts, *([size.format(**parameters)] if size else [])]) + "."


def picture_input(report: ReportData) -> str:
    """What the network takes, in a sentence."""
    data = report.config.data
    colour = "grey" if data.colour is Colour.GREY else "colour"
    return (
        f"It takes a {colour} picture of {data.size} × {data.size} pixels, "
        f"{_RESIZES[data.resize]}, with values from 0 to 255."
    )


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    short = [shorten(clean(name), _NAME_LENGTH) for name in names]
    return f"{', '.join(short[:-1])} and {short[-1]}" if len(short) > 1 else "".join(short)


def share(value: float | None) -> str:
    """A share as a percentage; a dash where it is not known."""
    return UNKNOWN if value is None or not math.isfinite(value) else percent(value)


def number(value: float) -> str:
    """A figure with three digits; a dash where it is none."""
    return f"{value:.3f}" if math.isfinite(value) else UNKNOWN


def span(interval: Interval) -> str:
    """An interval of shares: "83.4% to 90.3%"."""
    return f"{percent(interval.low)} to {percent(interval.high)}"


def points(difference: float) -> str:
    """A difference of shares: "2.1 points"."""
    rounded = f"{100 * abs(difference):.1f}"
    return f"{rounded} point{'' if rounded == '1.0' else 's'}"


def day(at: float | None) -> str:
    """A day in UTC: "25 November 2026"."""
    if at is None:
        return UNKNOWN
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {when:%B %Y}"


def moment(at: float | None) -> str:
    """A minute in UTC: "2026-11-25 11:45 UTC"."""
    return UNKNOWN if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def taken(seconds: float | None) -> str:
    """How long something took, in words."""
    return UNKNOWN if seconds is None or not math.isfinite(seconds) else duration(seconds)


def ending(report: ReportData) -> str:
    """How the training ended."""
    results = report.run.results
    epochs, best = results.get("epochs"), results.get("best_epoch")
    if not epochs:
        return "How long it was trained is not known."
    kept = f" The network of epoch {best} was kept." if best else ""
    many = f"{epochs:,} epoch{'' if epochs == 1 else 's'}"
    if ending_of(report.run, len(report.epochs)) is Ending.BY_USER:
        return f"The training was stopped by hand after {many}.{kept}"
    reason = results.get("stop_reason")
    why = f" {clean(str(reason)).rstrip('.')}." if reason else ""
    return f"It was trained for {many}.{why}{kept}"


def sureness(scores: Scores) -> str:
    """How much its probabilities are worth."""
    if scores.confidence is None:
        return "Whether its probabilities can be believed cannot be said."
    return f"{confidence_sentence(scores.confidence)} {coverage_sentence(scores.sure)}"


def _result(report: ReportData) -> str:
    accuracy, scores = report.accuracy, report.scores
    if accuracy is None or report.split is None:
        return f"A network to {task(report.class_names)}"
    what = f"of {SEEN[report.split]} named right"
    if scores is not None and scores.uneven:
        return f"{share(scores.evaluation.balanced_accuracy)} {what}, as a mean over its classes"
    return f"{share(accuracy)} {what}"


def _certainty(report: ReportData) -> str:
    what = f"This network was trained to {task(report.class_names)}."
    scores = report.scores
    if scores is None:
        return f"{what} How sure the figure is cannot be said without the stored predictions."
    images, low, high = scores.evaluation.images, *scores.interval
    of = f"{images:,} {scores.split.value} picture{'' if images == 1 else 's'}"
    return (
        f"{what} It named {scores.right:,} of {of} right ({share(report.accuracy)}); with 95% "
        f"confidence the true share lies between {percent(low)} and {percent(high)}."
    )


def _compared(report: ReportData) -> str:
    split, accuracy = report.split, report.accuracy
    known = [each for each in report.baselines if split is not None and split in each.accuracy]
    if accuracy is None or split is None or not known:
        return "It was not held against simple methods."
    best = max(known, key=lambda each: each.accuracy[split])
    many = f"The best of {len(known)} simple methods" if len(known) > 1 else "A simple method"
    ahead = accuracy - best.accuracy[split]
    much = f"{points(ahead)} {'less' if ahead > 0 else 'more'}" if ahead else "just as much"
    return f"{many}, {best.phrase}, reaches {share(best.accuracy[split])}: {much}."
