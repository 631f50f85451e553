"""Names and numbers as text that is safe in charts and in markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnnlab.evaluation.wording import percent

__all__ = [
    "ELLIPSIS",
    "LABEL_LENGTH",
    "axis_labels",
    "clean",
    "duration",
    "escape",
    "escape_markdown",
    "percent",
    "shorten",
]

ELLIPSIS = "…"
LABEL_LENGTH = 22

# Control characters, marks that turn the reading direction around, and halves of broken characters
# (which file names may hold, and which cannot be sent to a browser).
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # all of ASCII
_REPLACED = re.compile(r"([:@]|www(?=\.)|[-<>~](?=[-<>=]))", re.IGNORECASE)
_INVISIBLE = "\u200b"


def clean(text: str) -> str:
    """Replace what cannot be shown on one line, or would mislead, by a visible mark or a space."""
    return _UNSAFE.sub(lambda match: " " if match[0].isspace() else "\ufffd", text)


def escape(text: str) -> str:
    """Make a name show as it is in titles, labels and hover texts of charts.

    Charts render some HTML, formulas between dollar signs, and `%{...}` in templates.
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("$", "&#36;").replace("%{", "&#37;{")


def escape_markdown(text: str) -> str:
    """Make a name show as it is in markdown.

    A backslash does not keep `:smile:`, arrows and addresses from being replaced; an invisible
    character in their midst does.
    """
    return _PUNCTUATION.sub(r"\\\1", _REPLACED.sub(rf"\1{_INVISIBLE}", clean(text)))


def shorten(text: str, length: int) -> str:
    """Cut a long name in its middle, so that its end, often what tells it apart, stays.

    Args:
        text: Any name; escape it afterwards, not before.
        length: Most characters to return, at least 3.

    Raises:
        ValueError: If `length` is below 3.
    """
    if length < 3:
        raise ValueError(f"length must be at least 3. Received: length={length}")
    if len(text) <= length:
        return text
    tail = (length - 1) // 3
    return text[: length - 1 - tail].rstrip() + ELLIPSIS + text[len(text) - tail :].lstrip()


def axis_labels(names: Sequence[str], length: int = LABEL_LENGTH) -> list[str]:
    """Shortened, escaped labels, one for each name, no two of them equal.

    A chart would lay two categories with the same label on top of each other; those that look
    alike after shortening differ in invisible characters.
    """
    labels: list[str] = []
    taken: set[str] = set()
    for name in names:
        label = escape(shorten(name, length))
        while label in taken:
            label += _INVISIBLE
        taken.add(label)
        labels.append(label)
    return labels


def duration(seconds: float) -> str:
    """Seconds as people say them: "12 s", "3 min 20 s", "1 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
