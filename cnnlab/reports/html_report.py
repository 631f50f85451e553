"""One HTML file about a run, for people who were not there; it needs no internet."""

from __future__ import annotations

import time

from plotly.offline import get_plotlyjs

from cnnlab.reports import html_details, html_sections
from cnnlab.reports.html_look import script, stylesheet
from cnnlab.reports.html_parts import Html, tag
from cnnlab.reports.report_data import ReportData
from cnnlab.reports.report_words import moment, subject

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""What a browser lets the file do: nothing that leaves it."""

_TITLES = {
    "result": "Result",
    "mistakes": "Where it goes wrong",
    "limits": "Limits",
    "learning": "How it learnt",
    "pictures": "The pictures",
    "configuration": "Set-up",
    "model-card": "Model card",
    "files": "Files",
}


def render(report: ReportData, *, written_at: float | None = None) -> str:
    """The whole file. The same facts give the same text, but for the line that says when.

    Args:
        report: As `report_of` gathers it.
        written_at: Seconds since 1970; None is now.
    """
    sections = {
        "result": html_sections.result(report),
        "mistakes": html_sections.mistakes(report),
        "limits": html_sections.boundaries(report),
        "learning": html_details.learning(report),
        "pictures": html_details.data(report),
        "configuration": html_details.configuration(report),
        "model-card": html_details.card(report),
        "files": html_details.files(report),
    }
    contents = tag(
        "nav",
        *(tag("a", _TITLES[name], href=f"#{name}") for name, part in sections.items() if part),
        aria_label="Contents",
    )
    body = tag(
        "body",
        html_sections.opening(report, contents),
        tag("main", *sections.values()),
        _foot(report, time.time() if written_at is None else written_at),
        _without_scripts(),
        tag("script", Html(_embedded(get_plotlyjs()))),
        tag("script", Html(_embedded(script()))),
    )
    return f"<!DOCTYPE html>\n{tag('html', _head(report), body, lang='en')}\n"


def _head(report: ReportData) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=_writer(report)),
        tag("title", f"{subject(report)}: report of {report.run.id}"),
        tag("style", Html(stylesheet())),
    )


def _foot(report: ReportData, written_at: float) -> Html:
    pictures = (
        "It holds pictures of the data set: give it only to people who may see them."
        if report.with_pictures and any(each.jpeg for each in (*report.sample, *report.mistakes))
        else "It holds no pictures of the data set."
    )
    return tag(
        "footer",
        tag("p", f"This file is complete in itself and needs no internet. {pictures}"),
        tag("p", f"Written at {moment(written_at)} by {_writer(report)}."),
    )


def _writer(report: ReportData) -> str:
    return f"cnnlab {report.written_with['cnnlab']}"


def _without_scripts() -> Html:
    return tag(
        "noscript",
        tag(
            "p",
            "The charts need scripts, which are switched off here. All figures stand in the "
            "tables, too.",
        ),
    )


def _embedded(code: str) -> str:
    """A script that cannot end its element before its time."""
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")
