"""Tables as CSV that is safe to open in a spreadsheet, and read back as they were."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARK = "'"  # spreadsheets take what follows for text
_SPELT = f"{_MARK}\\"  # what follows is spelt out with backslashes
_BOM = "\ufeff"  # by which spreadsheets know UTF-8
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")
_SPELLING = re.compile(r"\\(\\|u[0-9a-f]{4})")
_LINE_END = "\r\n"  # so that both characters are quoted within cells

Cell = str | bool | int | float | None


def csv_text(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Rows as CSV with a header; a row may leave columns out.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, and so does one
    that begins with an apostrophe, so that `read_csv_text` can take it away again. Numbers stay
    numbers. What is not known, or not finite, is empty. A character that no file in UTF-8 can hold
    (file names may have such) is spelt out, behind an apostrophe and a backslash.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=_LINE_END)
    writer.writerow([safe_cell(name) for name in names])
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return text.getvalue()


def write_csv(file: BinaryIO, names: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> None:
    """Write rows as they come, like `csv_text`, in UTF-8 with the mark that spreadsheets look for.

    Args:
        file: Open for writing; it stays open.
        names: Of the columns, in their order.
        rows: Each may leave columns out; what is in no column is left out.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        text.write(_BOM)
        writer = csv.writer(text, lineterminator=_LINE_END)
        writer.writerow([safe_cell(name) for name in names])
        for row in rows:
            writer.writerow([_cell(row.get(name)) for name in names])
        text.flush()
    finally:
        text.detach()


def read_csv_text(text: str) -> list[dict[str, str]]:
    """Read back what `csv_text` or `write_csv` wrote, texts as they were; numbers stay texts.

    What is empty was empty, or not known.
    """
    rows = csv.reader(io.StringIO(text.removeprefix(_BOM), newline=""))
    names = [original_cell(name) for name in next(rows, [])]
    return [dict(zip(names, map(original_cell, row), strict=True)) for row in rows]


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that a file can hold."""
    if _UNWRITABLE.search(text):
        doubled = text.replace("\\", "\\\\")
        return _SPELT + _UNWRITABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", doubled)
    return f"{_MARK}{text}" if text.startswith((*_FORMULA, _MARK)) else text


def original_cell(cell: str) -> str:
    """The text that `safe_cell` was given."""
    if cell.startswith(_SPELT):
        return _SPELLING.sub(
            lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)),
            cell.removeprefix(_SPELT),
        )
    return cell.removeprefix(_MARK)


def _cell(value: Cell) -> str | int | float:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return safe_cell(value) if isinstance(value, str) else value
