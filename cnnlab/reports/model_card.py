"""The model card of a run: what the network is, what for, how good, and what nobody knows of it.

Headings as in Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.confidence import temperature_sentence
from cnnlab.figures.text import clean, percent
from cnnlab.reports.report_data import ReportData
from cnnlab.reports.report_limits import cautions, limits
from cnnlab.reports.report_words import (
    day,
    ending,
    headline,
    listed,
    network,
    number,
    picture_input,
    share,
    span,
    subject,
    sureness,
    task,
)

FILE_NAME = "model-card.md"

_MOST_CLASSES = 50  # in the table of classes; the weakest ones

# What files of Markdown take for more than text. Sentences stay readable for those who open the
# file as it is, which they would not with every mark escaped, as pages do it.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$&])")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPart:
    """What stands under one heading; all plain text.

    Attributes:
        heads, rows: A table; both empty for none. Its first column holds words.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def model_card(report: ReportData) -> tuple[CardPart, ...]:
    """The card, heading by heading."""
    return (
        _details(report),
        _intended_use(report),
        _factors(report),
        _metrics(report),
        _evaluation_data(report),
        _training_data(report),
        _quantitative(report),
        _ethical(report),
        _caveats(report),
    )


def card_markdown(report: ReportData) -> str:
    """The card as Markdown, for a file beside the network."""
    blocks = [f"# Model card: {_plain(subject(report))}"]
    for part in model_card(report):
        blocks.append(f"## {part.title}")
        blocks += [_plain(paragraph) for paragraph in part.paragraphs]
        if part.items:
            blocks.append("\n".join(f"- {_plain(item)}" for item in part.items))
        if part.rows:
            blocks.append(_markdown_table(part))
    return "\n\n".join(blocks) + "\n"


def _plain(text: str) -> str:
    """A sentence that shows as it is where Markdown is rendered."""
    return _MARKS.sub(r"\\\1", clean(text))


def _markdown_table(part: CardPart) -> str:
    ruler = "|".join(["---", *("---:" for _ in part.heads[1:])])
    lines = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in (part.heads, *part.rows)]
    return "\n".join([lines[0], f"|{ruler}|", *lines[1:]])


def _details(report: ReportData) -> CardPart:
    run = report.run
    items = [
        f"Run {run.id}, recipe {run.recipe}, trained {day(run.job.started_at or run.created_at)}.",
        network(report),
        picture_input(report),
        f"It gives one probability for each of {len(report.class_names):,} classes; they sum to 1.",
    ]
    if report.made_with:
        items.append(f"Made with {_versions(report)}.")
    items.append("Who made it, its licence and how to cite it are not recorded; add them here.")
    return CardPart(title="Model details", items=tuple(items))


def _versions(report: ReportData) -> str:
    return ", ".join(f"{name} {version}" for name, version in report.made_with.items())


def _intended_use(report: ReportData) -> CardPart:
    return CardPart(
        title="Intended use",
        paragraphs=(
            f"To {task(report.class_names)}, in single pictures like those of "
            f"“{clean(report.data.name)}”.",
            "Not meant for pictures that show none of these classes, or several at once; nor for "
            "decisions about people, or where a mistake does harm, unless somebody tests it for "
            "that first.",
        ),
    )


def _factors(report: ReportData) -> CardPart:
    scores = report.scores
    items = ["Figures are told for each class."]
    if scores is not None and scores.weakest is not None:
        weakest = scores.weakest
        items.append(
            f"It is weakest on {listed([weakest.name])}: {percent(weakest.scores.recall)} of "
            "these pictures are recognised."
        )
    items.append(
        "Camera, light, place, season, and who or what else is in the pictures are not recorded, "
        "so nothing is known about their influence."
    )
    return CardPart(title="Factors", items=tuple(items))


def _metrics(report: ReportData) -> CardPart:
    return CardPart(
        title="Metrics",
        items=(
            "Accuracy: share of pictures whose most probable class is the right one.",
            "Recall: share of a class's pictures that are recognised. Precision: share of right "
            "ones among the pictures taken for a class. F1: harmonic mean of the two.",
            "Macro F1 and balanced accuracy: means over the classes, whatever their size.",
            "Intervals: Wilson's, 95%. They tell the luck of the draw of these pictures, not how "
            "the figure would change with other training.",
            "Every figure was computed with the exported network (model.tflite), loaded afresh.",
        ),
    )


def _evaluation_data(report: ReportData) -> CardPart:
    scores, changes = report.scores, report.data.changes
    if scores is None:
        said = "Which pictures it was judged by is not known any more."
    else:
        kind, images = scores.split.value, scores.evaluation.images
        said = (
            f"{images:,} {kind} pictures of “{clean(report.data.name)}”, none of them used for "
            "training."
        )
        if scores.split is Split.VALIDATION:
            said += " They chose the best epoch, so the figures may be a little too good."
    return CardPart(
        title="Evaluation data",
        paragraphs=(said, *(() if changes is None else (clean(changes),))),
    )


def _training_data(report: ReportData) -> CardPart:
    data = report.data
    items = [f"{data.total(Split.TRAIN):,} training pictures of “{clean(data.name)}”."]
    if not data.counts:
        items = [f"Pictures of “{clean(data.name)}”; how many is not known."]
    if data.corrections:
        items.append(clean(data.corrections))
    if data.noted.get("problems"):
        items.append(f"{data.noted['problems']:,} files were set aside, since they have problems.")
    if data.noted.get("fingerprint"):
        items.append(f"Fingerprint of pictures and classes: {data.noted['fingerprint']}.")
    items.append(ending(report))
    return CardPart(
        title="Training data",
        items=tuple(items),
        paragraphs=_shortened(len(data.counts), "the first ones by name"),
        heads=("class", *(split.value for split in Split)) if data.counts else (),
        rows=tuple(
            (clean(name), *(f"{uses[split]:,}" for split in Split))
            for name, uses in list(data.counts.items())[:_MOST_CLASSES]
        ),
    )


def _quantitative(report: ReportData) -> CardPart:
    said, scores = headline(report), report.scores
    if scores is None:
        return CardPart(
            title="Quantitative analyses", paragraphs=(f"{said.result}.", said.compared)
        )
    evaluation, confidence = scores.evaluation, scores.confidence
    rows = tuple(
        (
            clean(row.name),
            share(row.scores.recall) if row.scores.support else "–",
            span(row.recall) if row.scores.support else "–",
            share(row.scores.precision) if row.scores.predicted else "–",
            share(row.scores.f1),
            f"{row.scores.support:,}",
        )
        for row in scores.classes[:_MOST_CLASSES]
    )
    return CardPart(
        title="Quantitative analyses",
        paragraphs=(
            f"{said.result}. {said.certainty} {said.compared}",
            f"Balanced accuracy {share(evaluation.balanced_accuracy)}, macro F1 "
            f"{share(evaluation.macro_f1)}, log loss {number(evaluation.log_loss)}.",
            sureness(scores),
            *(() if confidence is None else (temperature_sentence(confidence),)),
            *_shortened(len(scores.classes), "those that are found least often"),
        ),
        heads=("class", "recall", "95% interval", "precision", "F1", "pictures"),
        rows=rows,
    )


def _shortened(classes: int, which: str) -> tuple[str, ...]:
    """Says that a table does not show every class, where it does not."""
    if classes <= _MOST_CLASSES:
        return ()
    return (f"The table shows {_MOST_CLASSES} of {classes:,} classes, {which}.",)


def _ethical(report: ReportData) -> CardPart:
    return CardPart(
        title="Ethical considerations",
        items=(
            "Whether people are in the pictures, and whether they agreed, is not recorded.",
            "Whether it works worse for some groups was not measured.",
            "It can be wrong while it is sure: treat its probabilities as hints, not as facts.",
        ),
    )


def _caveats(report: ReportData) -> CardPart:
    return CardPart(
        title="Caveats and recommendations",
        items=(*cautions(report), *limits(report), *report.missing),
    )
