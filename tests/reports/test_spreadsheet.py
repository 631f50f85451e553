"""Tables for spreadsheets."""

import csv
import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.reports.spreadsheet import csv_text, read_csv_text, write_csv

NASTY = [
    "=1+1",
    "'=x",
    "''",
    "'\\u0041",
    "\\u0041",
    "-0.5",
    " leading and trailing ",
    "one\ntwo\r\nthree\rfour",
    'a "quoted", name; and more\t',
    "🐈 \u202eright to left\u202c עברית",
    "bad\udcff\udc80byte\\name",
    "\ud83d alone",
    "nothing\x00more",
    "\ufeffmark",
    "ＦＵＬＬ",
]
texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(NASTY)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_a_spreadsheet_would_compute_becomes_text(start):
    evil = f'{start}HYPERLINK("http://x","y")'
    (row,) = read(csv_text([{"name": evil}]))
    assert row["name"] == f"'{evil}"


def test_numbers_stay_numbers_and_texts_stay_texts():
    rows = [
        {"name": 'a, "b"\nc', "figure": -0.25, "count": 3, "on": True},
        {"name": "ordinary", "figure": math.nan, "late": None},
    ]
    first, second = read(csv_text(rows))
    assert first == {"name": 'a, "b"\nc', "figure": "-0.25", "count": "3", "on": "true", "late": ""}
    assert second["figure"] == ""
    frame = pd.read_csv(io.StringIO(csv_text(rows)))
    assert frame["figure"].tolist()[0] == -0.25


def test_headers_are_defused_too():
    assert csv_text([{"=1+1": 1}]).splitlines()[0] == "'=1+1"


def test_no_rows_give_an_empty_table():
    assert csv_text([]).strip() == ""
    assert read_csv_text("") == []


@given(st.lists(st.tuples(texts, texts), max_size=4), st.lists(texts, unique=True, min_size=1))
def test_whatever_is_written_reads_back_as_it_was(pairs, names):
    rows = [dict.fromkeys(names, first) | {names[0]: second} for first, second in pairs]
    file = io.BytesIO()
    write_csv(file, names, rows)
    text = file.getvalue().decode("utf-8")
    assert text.startswith("\ufeff")
    assert read_csv_text(text) == rows


@given(st.lists(texts, min_size=1, max_size=4))
def test_no_cell_begins_as_a_formula_does(values):
    for row in read(csv_text([{"name": value} for value in values])):
        assert not row["name"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_read_back_as_they_were(name):
    assert read_csv_text(csv_text([{"name": name, "figure": 1}])) == [{"name": name, "figure": "1"}]


def test_a_file_stays_open_and_says_that_it_is_utf_8():
    file = io.BytesIO()
    write_csv(file, ["größe"], iter([{"größe": 3}]))
    assert file.getvalue() == b"\xef\xbb\xbfgr\xc3\xb6\xc3\x9fe\r\n3\r\n"
    assert not file.closed
