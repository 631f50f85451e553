"""The first sections of a report: the result, what it looks like, and where it goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnnlab.evaluation.class_order import similarity_order
from cnnlab.evaluation.per_class import ClassFigures
from cnnlab.figures.confusion import plot_confusion
from cnnlab.figures.confusion_cells import ANNOTATED_CLASSES
from cnnlab.figures.ladder import plot_ladder
from cnnlab.figures.text import percent, shorten
from cnnlab.reports.html_parts import (
    NOTHING,
    Html,
    bullets,
    chart,
    folded,
    join,
    jpeg,
    table,
    tag,
)
from cnnlab.reports.report_data import ReportData
from cnnlab.reports.report_examples import Example
from cnnlab.reports.report_limits import cautions, limits
from cnnlab.reports.report_scores import SURE, Scores
from cnnlab.reports.report_words import UNKNOWN, headline, share, span, subject, sureness

_SHOWN_CLASSES = 20  # the others are folded away


class Tile(NamedTuple):
    """One key figure."""

    label: str
    value: str
    note: str


def opening(report: ReportData, contents: Html) -> Html:
    """The result in three sentences, and what must be known before it is believed."""
    said = headline(report)
    notes = cautions(report)
    warned = tag("div", bullets(notes), class_="cautions", role="note") if notes else NOTHING
    return tag(
        "header",
        tag("p", f"Image classifier: {subject(report)}", class_="kicker"),
        tag("h1", f"{said.result}."),
        tag("p", f"{said.certainty} {said.compared}", class_="lead"),
        warned,
        contents,
    )


def result(report: ReportData) -> Html:
    """Key figures, the simple methods beside the network, and ten pictures."""
    tiles = [
        tag(
            "div",
            tag("dt", tile.label),
            tag("dd", tile.value, class_="value"),
            tag("dd", tile.note, class_="note"),
            class_="tile",
        )
        for tile in key_figures(report)
    ]
    return tag(
        "section",
        tag("dl", *tiles, class_="tiles") if tiles else NOTHING,
        tag("div", tag("div", _ladder(report)), tag("div", _sample(report)), class_="halves"),
        id="result",
        class_="first",
        aria_label="Result",
    )


def key_figures(report: ReportData) -> list[Tile]:
    """The figures of the first screen; those that matter most first."""
    tiles: list[Tile] = []
    scores, split, accuracy = report.scores, report.split, report.accuracy
    if split is None or accuracy is None:
        return tiles
    kind = f"{split.value} pictures"
    if scores is None:
        return [Tile("Accuracy", share(accuracy), kind)]
    evaluation = scores.evaluation
    tiles.append(
        Tile("Accuracy", share(accuracy), f"{span(scores.interval)} (95% interval), {kind}")
    )
    if scores.uneven:
        note = "every class counts the same, whatever its size"
        tiles.insert(0, Tile("Balanced accuracy", share(evaluation.balanced_accuracy), note))
        note = "precision and recall, every class counting the same"
        tiles.insert(1, Tile("Macro F1", share(evaluation.macro_f1), note))
    known = [each for each in report.baselines if split in each.accuracy]
    if known:
        best = max(known, key=lambda each: each.accuracy[split])
        tiles.append(Tile("Best simple method", share(best.accuracy[split]), best.title.lower()))
    if scores.weakest is not None and len(report.class_names) > 1:
        tiles.append(_weakest(scores.weakest))
    if scores.sure.answered:
        right = share(scores.sure.right / scores.sure.answered)
        note = f"right, in {scores.sure.answered:,} of {evaluation.images:,} answers"
        tiles.append(Tile(f"When {SURE:.0%} sure or more", right, note))
    return tiles


def mistakes(report: ReportData) -> Html:
    """Which classes it takes for which, and how each class fares."""
    scores = report.scores
    if scores is None:
        return NOTHING
    return tag(
        "section",
        tag("h2", "Where it goes wrong"),
        tag("div", tag("div", _matrix(scores)), tag("div", _confused(scores)), class_="wide"),
        tag("h3", "Class by class, the hardest first"),
        _class_tables(scores),
        tag("h3", "How sure it is"),
        tag("p", sureness(scores)),
        _worst(report),
        id="mistakes",
    )


def boundaries(report: ReportData) -> Html:
    """What the figures do not say."""
    return tag(
        "section",
        tag("h2", "What these figures do not say"),
        bullets(limits(report)),
        tag("h3", "Missing in this report") if report.missing else NOTHING,
        bullets(report.missing),
        id="limits",
    )


def _weakest(row: ClassFigures) -> Tile:
    found = round(row.scores.recall * row.scores.support)
    note = f"{shorten(row.name, 30)}: {found:,} of {row.scores.support:,} recognised"
    return Tile("Hardest class", share(row.scores.recall), note)


def _ladder(report: ReportData) -> Html:
    metrics = report.run.metrics
    if not report.baselines or report.split is None:
        return NOTHING
    said = headline(report).compared
    return chart(
        "ladder",
        f"Bars: accuracy of the network and of simple methods. {said}",
        plot_ladder(report.baselines, metrics, dark=False),
        plot_ladder(report.baselines, metrics, dark=True),
    )


def _sample(report: ReportData) -> Html:
    sample = report.sample
    if not sample or report.split is None:
        return NOTHING
    right = sum(example.right for example in sample)
    return join(
        [
            tag("h3", f"{len(sample)} {report.split.value} pictures, drawn at random"),
            tag("p", f"{right} of {len(sample)} are named right.", class_="quiet"),
            _examples(sample),
        ]
    )


def _worst(report: ReportData) -> Html:
    if not report.mistakes:
        return tag("p", "There is no mistake to show: every picture was recognised.")
    return join(
        [
            tag("h3", "The mistakes that it was surest of"),
            tag(
                "p",
                "A wrong answer given with confidence may also mean that the label is wrong.",
                class_="quiet",
            ),
            _examples(report.mistakes),
        ]
    )


def _examples(examples: Sequence[Example]) -> Html:
    return tag("div", *map(_example, examples), class_="examples")


def _example(example: Example) -> Html:
    sure = share(example.probability)
    if example.right:
        said, truth = f"✓ {shorten(example.predicted, 24)} {sure}", NOTHING
        alt = f"A picture of {example.true}, recognised"
    else:
        said = f"✗ {shorten(example.predicted, 24)} {sure}"
        truth = tag("span", f"is {shorten(example.true, 24)} ({share(example.of_true)})")
        alt = f"A picture of {example.true}, taken for {example.predicted}"
    shown = (
        tag("span", "not shown", class_="gone") if example.jpeg is None else jpeg(example.jpeg, alt)
    )
    return tag(
        "figure",
        tag("div", shown, class_="frame" if example.jpeg else "frame bare"),
        tag(
            "figcaption",
            tag("span", said, class_="said"),
            truth,
            tag("span", example.path.rsplit("/", 1)[-1], class_="file", title=example.path),
        ),
        class_=f"example {'right' if example.right else 'wrong'}",
    )


def _matrix(scores: Scores) -> Html:
    confusion, names = scores.evaluation.confusion, scores.evaluation.class_names
    order = similarity_order(confusion) if len(names) > ANNOTATED_CLASSES else None
    light, dark = (
        plot_confusion(confusion, names, order=order, dark=dark) for dark in (False, True)
    )
    return chart(
        "confusion",
        f"Confusion matrix of {len(names):,} classes: rows are true, columns predicted classes. "
        "The table of classes and the list of confusions say the same in words.",
        light,
        dark,
    )


def _confused(scores: Scores) -> Html:
    names = scores.evaluation.class_names
    pairs = [
        f"{pair.count:,} picture{'' if pair.count == 1 else 's'} of {names[pair.true]} taken for "
        f"{names[pair.predicted]} ({percent(pair.share)})"
        for pair in scores.confused
    ]
    evaluation = scores.evaluation
    means = (
        f"With every class counting the same: balanced accuracy "
        f"{share(evaluation.balanced_accuracy)}, macro F1 {share(evaluation.macro_f1)}."
    )
    found = bullets(pairs) if pairs else tag("p", "Nothing: every picture was recognised.")
    return join([tag("h3", "Most often confused"), found, tag("p", means, class_="quiet")])


def _class_tables(scores: Scores) -> Html:
    first, others = scores.classes[:_SHOWN_CLASSES], scores.classes[_SHOWN_CLASSES:]
    if not others:
        return _class_table(first, "How each class fares")
    return join(
        [
            _class_table(first, f"The {len(first)} hardest classes"),
            folded(
                f"The other {len(others):,} classes",
                _class_table(others, "How the other classes fare"),
            ),
        ]
    )


def _class_table(rows: Sequence[ClassFigures], caption: str) -> Html:
    heads = (
        "class",
        "pictures",
        "recognised (recall)",
        "right when named (precision)",
        "F1",
    )
    return table(f"{caption}, with 95% intervals", heads, [_class_cells(row) for row in rows])


def _class_cells(row: ClassFigures) -> tuple[str, ...]:
    scores = row.scores
    recall = join([share(scores.recall), tag("span", span(row.recall), class_="span")])
    precision = join([share(scores.precision), tag("span", span(row.precision), class_="span")])
    f1 = join([share(scores.f1), tag("span", span(row.f1), class_="span")])
    return (
        row.name,
        f"{scores.support:,}",
        recall if scores.support else UNKNOWN,
        precision if scores.predicted else UNKNOWN,
        f1 if scores.support or scores.predicted else UNKNOWN,
    )
