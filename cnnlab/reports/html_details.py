"""The later sections of a report: how it learnt, from what, how it was set up, and its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnnlab.config.differences import config_fields, differing_fields, field_text, field_title
from cnnlab.datasets.splits import Split
from cnnlab.figures.curves import plot_accuracy, plot_loss
from cnnlab.reports.html_parts import (
    NOTHING,
    Html,
    bullets,
    chart,
    download,
    folded,
    join,
    lines,
    table,
    tag,
)
from cnnlab.reports.model_card import FILE_NAME, CardPart, card_markdown, model_card
from cnnlab.reports.readings import readings_of
from cnnlab.reports.report_data import DataFacts, ReportData
from cnnlab.reports.report_words import UNKNOWN, ending, moment, network, picture_input, taken

_SHOWN_CLASSES = 30
_USES = (Split.TRAIN, Split.VALIDATION, Split.TEST)


def learning(report: ReportData) -> Html:
    """The curves, and what they say."""
    best = report.run.results.get("best_epoch")
    charts = NOTHING
    if report.epochs:
        accuracy, loss = (
            [plot(report.epochs, best_epoch=best, dark=dark) for dark in (False, True)]
            for plot in (plot_accuracy, plot_loss)
        )
        said = "Lines: {} on training and validation pictures, epoch by epoch."
        charts = tag(
            "div",
            chart("accuracy", said.format("accuracy"), *accuracy),
            chart("loss", said.format("loss"), *loss),
            class_="halves",
        )
    return tag(
        "section",
        tag("h2", "How it learnt"),
        tag("p", ending(report)),
        bullets(
            join([tag("strong", reading.sentence), " ", reading.advice])
            for reading in readings_of(report.run, report.epochs)
        ),
        charts or tag("p", "No epoch was noted, so there are no curves."),
        id="learning",
    )


def data(report: ReportData) -> Html:
    """What it learnt from and was judged by."""
    facts = report.data
    return tag(
        "section",
        tag("h2", "The pictures"),
        bullets(_data_sentences(facts)),
        _counts(facts),
        id="pictures",
    )


def configuration(report: ReportData) -> Html:
    """What differs from the recipe, and the whole configuration."""
    text = report.config.to_json()
    return tag(
        "section",
        tag("h2", "How it was set up"),
        bullets([network(report), picture_input(report)]),
        _differences(report),
        folded("The whole configuration", lines(text)),
        tag(
            "p",
            download("Save the configuration", "config.json", text, "application/json"),
            class_="only-screen",
        ),
        id="configuration",
    )


def card(report: ReportData) -> Html:
    """The model card, folded away."""
    parts = [part for each in model_card(report) for part in _card_part(each)]
    return tag(
        "section",
        tag("h2", "Model card"),
        tag(
            "p",
            "The same facts in the order in which model cards tell them, for whoever takes the "
            "network over.",
        ),
        folded("Read it", *parts),
        tag(
            "p",
            download("Save it as a file", FILE_NAME, card_markdown(report), "text/markdown"),
            class_="only-screen",
        ),
        id="model-card",
    )


def files(report: ReportData) -> Html:
    """Files with digests, versions and dates."""
    rows = [
        (
            fact.name,
            fact.purpose,
            "missing" if fact.sha256 is None else tag("span", fact.sha256, class_="code"),
            UNKNOWN if fact.size_bytes is None else f"{fact.size_bytes:,}",
        )
        for fact in report.files
    ]
    heads = ("file", "what it is", "SHA-256", "bytes")
    return tag(
        "section",
        tag("h2", "Files, versions, dates"),
        table("The files of the run with their digests", heads, rows, words=3),
        table("Where it comes from", ("fact", "value"), _facts(report), words=2),
        id="files",
    )


def _data_sentences(facts: DataFacts) -> Iterator[str]:
    uses = [f"{facts.total(use):,} {use.value}" for use in _USES if facts.total(use)]
    where = "" if facts.source is None else f" ({facts.source})"
    yield f"Data set {facts.name}{where}" + (f": {', '.join(uses)} pictures." if uses else ".")
    noted: Mapping[str, Any] = facts.noted
    if noted.get("problems"):
        yield f"{noted['problems']:,} files were set aside, since they have problems."
    elif "problems" in noted:
        yield "No file had to be set aside."
    yield facts.corrections or "No label was corrected and no picture excluded."
    used, usable = sum(facts.total(use) for use in _USES), noted.get("usable")
    if usable and used and used != usable:
        yield f"{used:,} of the {usable:,} usable pictures were used."
    if facts.changes:
        yield facts.changes


def _counts(facts: DataFacts) -> Html:
    if not facts.counts:
        return NOTHING
    rows = [
        (name, *(f"{uses[use]:,}" for use in _USES), f"{sum(uses.values()):,}")
        for name, uses in facts.counts.items()
    ]
    heads = ("class", *(use.value for use in _USES), "together")
    total = ("all", *(f"{facts.total(use):,}" for use in _USES))
    rows.append((*total, f"{sum(facts.total(use) for use in _USES):,}"))
    shown = table("Pictures by class and use", heads, rows)
    many = len(rows) > _SHOWN_CLASSES
    return folded(f"All {len(facts.counts):,} classes", shown) if many else shown


def _differences(report: ReportData) -> Html:
    recipe = f"Recipe “{report.run.recipe}”. "
    if report.recipe_defaults is None:
        return tag("p", recipe + "Its own settings are not known here any more.")
    here = config_fields(report.config)
    names = differing_fields([here, report.recipe_defaults])
    if not names:
        return tag("p", recipe + "Nothing was changed in it.")
    rows = [
        (
            _setting(name),
            field_text(here.get(name)),
            field_text(report.recipe_defaults.get(name)),
        )
        for name in names
    ]
    return join(
        [
            tag("p", recipe + "This was changed in it:"),
            table("What differs from the recipe", ("setting", "this run", "recipe"), rows, words=3),
        ]
    )


def _setting(name: str) -> str:
    """A field as people call it: "training.batch_size" is "training: batch size"."""
    return f"{name.split('.', 1)[0]}: {field_title(name)}" if "." in name else name


def _card_part(part: CardPart) -> Iterator[Html]:
    yield tag("h3", part.title)
    yield from (tag("p", paragraph) for paragraph in part.paragraphs)
    yield bullets(part.items)
    if part.rows:
        yield table(f"Model card: {part.title}", part.heads, part.rows)


def _facts(report: ReportData) -> list[tuple[str, str]]:
    run, results = report.run, report.run.results
    parameters = results.get("parameters") or {}
    made = ", ".join(f"{name} {version}" for name, version in report.made_with.items())
    memory = results.get("peak_memory_bytes")
    return [
        ("run", run.id),
        *([] if run.continues is None else [("continues run", run.continues)]),
        ("state", run.state.value),
        ("asked for", moment(run.created_at)),
        ("began", moment(run.job.started_at)),
        ("ended", moment(run.job.finished_at)),
        ("time of training", taken(results.get("training_seconds"))),
        ("memory at its peak", UNKNOWN if memory is None else f"{memory / 1e6:,.0f} MB"),
        ("parameters", f"{parameters['total']:,}" if "total" in parameters else UNKNOWN),
        ("computed in", str(results.get("precision", UNKNOWN))),
        ("seed", str(report.config.training.seed)),
        ("data fingerprint", str(report.data.noted.get("fingerprint", UNKNOWN))),
        ("made with", made or "not noted"),
        (
            "report written with",
            ", ".join(f"{name} {version}" for name, version in report.written_with.items()),
        ),
    ]
