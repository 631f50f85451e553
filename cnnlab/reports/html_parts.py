"""Pieces of an HTML document that can hold any name without harm and need no internet."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from cnnlab.figures.text import clean

_VOID = {"img", "meta", "br", "hr"}
_IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class Html(str):
    """Text that is HTML already; any other is escaped when it becomes part of a tag."""

    __slots__ = ()


NOTHING = Html()


def text(value: str) -> Html:
    """A name or sentence that shows as it is, on one line."""
    return value if isinstance(value, Html) else Html(html.escape(clean(value)))


def join(parts: Iterable[str], between: str = "") -> Html:
    """Parts one after the other; those that are not HTML are escaped."""
    return Html(text(between).join(text(part) for part in parts))


def tag(name: str, /, *parts: str, **attributes: str | bool | None) -> Html:
    """An element.

    Args:
        name: Such as "p".
        parts: What is in it; parts that are not HTML are escaped.
        attributes: "class_" is written class, "aria_label" aria-label; True gives one without a
            value, None and False none.
    """
    written = "".join(
        f" {key.strip('_').replace('_', '-')}" + ("" if value is True else f'="{text(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    opened = f"<{name}{written}>"
    return Html(opened if name in _VOID else f"{opened}{join(parts)}</{name}>")


def bullets(items: Iterable[str], **attributes: str) -> Html:
    """A list; nothing without items."""
    lines = [tag("li", item) for item in items]
    return tag("ul", *lines, **attributes) if lines else NOTHING


def lines(content: str) -> Html:
    """A text of several lines that shows as it is."""
    return tag("pre", Html("\n".join(text(line) for line in content.splitlines())), tabindex="0")


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1
) -> Html:
    """A table whose first column names the rows.

    Args:
        caption: What it shows, for those who cannot see it.
        heads: Of the columns.
        rows: As many cells each.
        words: How many columns hold words; those behind are numbers and stand to the right.
    """
    kinds = ["words" if place < words else "number" for place in range(len(heads))]
    head = [
        tag("th", name, scope="col", class_=kind) for name, kind in zip(heads, kinds, strict=True)
    ]
    body = []
    for first, *others in rows:
        cells = [tag("th", first, scope="row", class_="words")]
        cells += [
            tag("td", cell, class_=kind) for cell, kind in zip(others, kinds[1:], strict=True)
        ]
        body.append(tag("tr", *cells))
    shown = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *head)),
        tag("tbody", *body),
    )
    width = "table whole" if words > 2 else "table"
    return tag("div", shown, class_=width, tabindex="0", role="region", aria_label=caption)


def folded(summary: str, *parts: str) -> Html:
    """Something that is opened with a click."""
    return tag("details", tag("summary", summary), *parts)


def download(label: str, name: str, content: str, mime: str) -> Html:
    """A link that saves a text which is part of the document."""
    coded = base64.b64encode(content.encode()).decode()
    return tag("a", label, href=f"data:{mime};charset=utf-8;base64,{coded}", download=name)


def jpeg(content: bytes, description: str) -> Html:
    """A picture that is part of the document."""
    coded = base64.b64encode(content).decode()
    return tag("img", src=f"data:image/jpeg;base64,{coded}", alt=description)


def chart(name: str, description: str, light: go.Figure, dark: go.Figure) -> Html:
    """A chart that the document's script draws, in the colours of the reader's theme.

    Args:
        name: Unlike that of any other chart.
        description: What it shows, for those who cannot see it.
        light, dark: The same figure for both themes.
    """
    in_light, in_dark = json.loads(str(light.to_json())), json.loads(str(dark.to_json()))
    facts = json.dumps({"figure": in_light, "dark": list(_differences(in_light, in_dark))})
    height = int(light.layout.height or 0)
    place = tag(
        "div",
        class_="chart",
        data_chart=name,
        role="img",
        aria_label=description,
        style=f"min-height:{height}px" if height else None,
    )
    data = tag("script", Html(facts.translate(_IN_SCRIPT)), type="application/json", id=name)
    return join([place, data])


def _differences(light: Any, dark: Any, path: tuple[str | int, ...] = ()) -> Iterator[list[Any]]:
    """Where the dark figure is another one, as [path, value]; most of a figure is the same."""
    if isinstance(light, dict) and isinstance(dark, dict) and light.keys() == dark.keys():
        for key, value in light.items():
            yield from _differences(value, dark[key], (*path, key))
    elif isinstance(light, list) and isinstance(dark, list) and len(light) == len(dark):
        for place, value in enumerate(light):
            yield from _differences(value, dark[place], (*path, place))
    elif light != dark:
        yield [list(path), dark]
