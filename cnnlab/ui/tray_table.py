"""The table of answered photos: filtered and sorted by the address, a page at a time."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from zlib import crc32

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.elements.lib.column_types import ColumnConfig

from cnnlab.figures.text import clean
from cnnlab.inference.model import FloatArray
from cnnlab.reports.answer_table import photo_columns, photo_rows
from cnnlab.reports.answered_photos import AnsweredPhotos, Kind, Order, Wanted
from cnnlab.reports.spreadsheet import write_csv
from cnnlab.runs.sources import slug
from cnnlab.runs.trays import Tray
from cnnlab.ui.address import asked, choose
from cnnlab.ui.addressed import choose_one, write_text

PHOTO = "photo"  # in the address: the name of the photo that is opened
AS = "as"  # and as what the answers are shown: a table, or figures
LETTERS = "AB"  # for two networks, in the table
PAGE_SIZE = 100
_SHOW, _SAID, _LABEL, _BELOW, _FIND, _SORT = "show", "said", "label", "below", "find", "sort"
CHOSEN = (PHOTO, AS, _SHOW, _SAID, _LABEL, _BELOW, _FIND, _SORT)  # all of it in the address
_ANY = ""
_BELOW_PERCENT = (50, 60, 70, 80, 90, 95, 99)
_ROW_PX, _HEAD_PX, _MOST_ROWS_PX = 56, 38, 620
_FIELD_PX = 168  # two of them fit on a phone
_PAGE_NUMBER_PX = 44
_OPENED = "tray-photo-opened"

_ORDERS = {
    Order.GIVEN: "As handed over",
    Order.UNSURE: "Least sure first",
    Order.SURE: "Surest first",
    Order.NAME: "By name",
}


def choose_photos(photos: AnsweredPhotos) -> Wanted:
    """Let the user choose which photos are shown, and in which order."""
    said = sorted({name for each in photos.answers for name in each.class_names})
    labels = sorted({name for name in photos.truth if name is not None})
    orders = dict(_ORDERS)
    if any(each is not None for each in photos.answers[0].verdicts):
        orders[Order.STRANGE] = "Strangest first"
    fields: list[tuple[str, str, dict[str, str]]] = [
        ("Show", _SHOW, {str(kind): text for kind, text in _kinds(photos).items()}),
        ("Answer", _SAID, {_ANY: "any class", **{name: name for name in said}}),
        ("True class", _LABEL, {_ANY: "any class", **{name: name for name in labels}}),
        ("How sure", _BELOW, {_ANY: "any", **{str(p): f"below {p} %" for p in _BELOW_PERCENT}}),
        ("Order", _SORT, {str(order): text for order, text in orders.items()}),
    ]
    chosen: dict[str, str] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for title, name, options in fields:
            if name != _LABEL or labels:
                with st.container(width=_FIELD_PX):
                    chosen[name] = choose_one(title, name, options)
        with st.container(width=_FIELD_PX):
            text = write_text("Name", _FIND, placeholder="a part of it")
    below = chosen[_BELOW]
    return Wanted(
        kind=Kind(chosen[_SHOW]),
        said=chosen[_SAID] or None,
        label=chosen.get(_LABEL) or None,
        below=int(below) / 100 if below else None,
        text=text,
        order=Order(chosen[_SORT]),
    )


def show_cell(label: str, said: str) -> None:
    """Let the table show the photos of one class that were taken for another, or for itself."""
    choose(AS, None)
    choose(_SHOW, None)
    choose(_LABEL, label)
    choose(_SAID, said)


def photo_table(photos: AnsweredPhotos, wanted: Wanted) -> list[int]:
    """Draw the table of some photos; a click opens one.

    Args:
        photos: All of them.
        wanted: Which ones are shown; at least one is like that.

    Returns:
        Numbers of the ticked ones.
    """
    table, foot = st.container(), st.container(horizontal=True, vertical_alignment="center")
    rows = photos.rows(wanted)
    pages, page = math.ceil(len(rows) / PAGE_SIZE), 1
    with foot:
        if pages > 1:
            width = _PAGE_NUMBER_PX * (min(pages, 7) + 3)
            key = f"tray-page-{crc32(repr(wanted).encode()):x}"  # others begin at their first page
            page = min(pages, st.pagination(pages, key=key, width=width))
        shown = rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        if pages > 1:
            first = (page - 1) * PAGE_SIZE + 1
            st.caption(f"Photos {first:,} to {first + len(shown) - 1:,} of {len(rows):,}")
    frame, settings = _frame(photos, shown)
    # Ticks belong to the rows that are shown: other rows are another table.
    key = f"tray-table-{len(photos.answers)}-{crc32(shown.tobytes()):x}"
    with table:
        found = st.dataframe(
            frame,
            key=key,
            hide_index=True,
            column_config=settings,
            on_select=partial(_take_over, key, [photos.photos[row].name for row in shown]),
            selection_mode=("multi-row", "single-cell"),
            row_height=_ROW_PX,
            height=min(_MOST_ROWS_PX, _HEAD_PX + _ROW_PX * len(shown) + 3),
            placeholder="",
            alt="Photos with what was answered",
        )
        st.caption("Click into a row to see its photo in full; tick rows to say what they show.")
    return [int(shown[place]) for place in found["selection"]["rows"] if place < len(shown)]


def was_opened() -> bool:
    """Whether a photo was opened in the table since this was last asked."""
    return bool(st.session_state.pop(_OPENED, False))


def opened_photo(photos: AnsweredPhotos) -> int | None:
    """Number of the photo that the address asks for; None if it is not there."""
    name = asked(PHOTO)
    return next((place for place, each in enumerate(photos.photos) if each.name == name), None)


def csv_button(
    photos: AnsweredPhotos, rows: NDArray[np.int64], tray: Tray, titles: Sequence[str]
) -> None:
    """Offer the answers for all photos as a file, and those that are shown."""
    every = np.arange(len(photos))
    _download("Download CSV", partial(_csv, photos, every, titles), tray, len(photos))
    if len(rows) != len(photos):
        label = f"CSV of the {len(rows):,} shown"
        _download(label, partial(_csv, photos, rows, titles), tray, len(rows))


def _download(label: str, content: Callable[[], bytes], tray: Tray, count: int) -> None:
    st.download_button(
        label,
        content,
        file_name=f"{slug(tray.name)}-answers.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        key=f"tray-csv-{'all' if label == 'Download CSV' else 'shown'}",
        help=f"{count:,} rows, every probability with all its digits; safe in a spreadsheet",
    )


def _csv(photos: AnsweredPhotos, rows: NDArray[np.int64], titles: Sequence[str]) -> bytes:
    file = BytesIO()
    write_csv(file, photo_columns(photos, titles), photo_rows(photos, rows.tolist(), titles))
    return file.getvalue()


def _kinds(photos: AnsweredPhotos) -> dict[Kind, str]:
    """What can be shown of these photos; whatever the address asks for can be."""
    texts = {Kind.ALL: "All photos"}
    if any(name is not None for name in photos.truth):
        texts[Kind.WRONG] = "Wrong answers"
    if len(photos.answers) > 1:
        texts[Kind.DIFFERENT] = "They disagree"
    if any(each.unknown.any() for each in photos.answers):
        texts[Kind.UNKNOWN] = "None of these"
    if photos.corrected:
        texts[Kind.CORRECTED] = "Corrected"
    if photos.refused.any():
        texts[Kind.REFUSED] = "Cannot be read"
    return texts


def _take_over(key: str, names: Sequence[str]) -> None:
    """A cell was clicked: its photo opens."""
    cells = st.session_state[key]["selection"]["cells"]
    name = names[cells[0][0]] if cells and cells[0][0] < len(names) else None
    if name is not None and name != asked(PHOTO):
        choose(PHOTO, name)
        st.session_state[_OPENED] = True


def _frame(
    photos: AnsweredPhotos, rows: NDArray[np.int64]
) -> tuple[pd.DataFrame, dict[str, ColumnConfig]]:
    """One page of the table, and how its columns are drawn."""
    listed = rows.tolist()
    columns: dict[str, object] = {
        "photo": [_picture(photos, row) for row in listed],
        "name": [clean(photos.photos[row].name) for row in listed],
    }
    settings: dict[str, ColumnConfig] = {
        "photo": st.column_config.ImageColumn("", width=64),
        "name": st.column_config.TextColumn(width="medium"),
    }
    refused = photos.refused[rows]
    count = len(photos.answers) if not refused.all() else 0
    for place in range(count):
        _add_network(columns, settings, photos, rows, place, LETTERS[place] if count > 1 else "")
    if count > 1:
        columns["agree"] = [_agree(photos, row) for row in listed]
    if any(photos.truth[row] is not None for row in listed):
        columns["true class"] = [photos.truth[row] for row in listed]
    if photos.corrected:
        columns["corrected"] = [
            "✓" if photos.photos[row].name in photos.corrected else None for row in listed
        ]
    if refused.any():
        _add_refusals(columns, settings, photos, listed)
    return pd.DataFrame(columns), settings


def _add_network(
    columns: dict[str, object],
    settings: dict[str, ColumnConfig],
    photos: AnsweredPhotos,
    rows: NDArray[np.int64],
    place: int,
    letter: str,
) -> None:
    """What one network said. Columns of a frame have names of their own, what is shown may not."""
    said, sure, right, none = (f"{name}-{place}" for name in ("said", "sure", "right", "none"))
    answers, of = photos.answers[place], f" {letter}" if letter else ""
    columns[said] = photos.said[place][rows]
    settings[said] = st.column_config.TextColumn(f"answer{of}")
    columns[sure] = _shown_percent(photos.confidence[place][rows])
    settings[sure] = st.column_config.ProgressColumn(
        f"sure{of}", format="%.1f %%", min_value=0.0, max_value=100.0, width=130
    )
    if any(each is not None for each in answers.verdicts):
        columns[none] = ["none of these" if each else None for each in answers.unknown[rows]]
        settings[none] = st.column_config.TextColumn(
            f"verdict{of}", help="Whether the photo shows any of the network's classes"
        )
    judged = photos.judged(place)[rows]
    if judged.any():
        columns[right] = [
            ("✓ right" if good else "✗ wrong") if known else None
            for known, good in zip(judged, photos.right(place)[rows], strict=True)
        ]
        settings[right] = st.column_config.TextColumn(f"right{of}", width=80)


def _shown_percent(shares: FloatArray) -> FloatArray:
    """Shares in percent; what is not quite certain is not rounded to 100."""
    values: FloatArray = 100 * shares
    return np.where(shares < 1, np.minimum(values, np.float32(99.9)), values)


def _agree(photos: AnsweredPhotos, row: int) -> str | None:
    if photos.refused[row]:
        return None
    return "≠ no" if photos.different[row] else "= yes"


def _picture(photos: AnsweredPhotos, row: int) -> str | None:
    found = photos.answers[0].thumbnails[row]
    return f"data:image/jpeg;base64,{b64encode(found).decode()}" if found else None


def _add_refusals(
    columns: dict[str, object],
    settings: dict[str, ColumnConfig],
    photos: AnsweredPhotos,
    rows: Sequence[int],
) -> None:
    """Why photos cannot be read: a word to sort by, and the sentence."""
    errors = [
        next((each.errors[row] for each in photos.answers if each.errors[row]), None)
        for row in rows
    ]
    columns["cannot be read"] = [None if each is None else each.reason for each in errors]
    columns["why"] = [
        None if each is None else clean(str(each).removeprefix(photos.photos[row].name).strip())
        for row, each in zip(rows, errors, strict=True)
    ]
    settings["why"] = st.column_config.TextColumn(width="large")
