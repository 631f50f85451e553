"""Tables for spreadsheets."""

import csv
import io
import math

import pandas as pd
import pytest

from cnnlab.reports.spreadsheet import csv_text


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
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
