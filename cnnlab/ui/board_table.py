"""The table of the Leaderboard page: one row a run, or one for all its repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zlib import crc32

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from cnnlab.config.differences import FieldValue, field_text, field_title
from cnnlab.reports.leaderboard import (
    FIGURES,
    BoardRow,
    Kind,
    best_row,
    curve,
    figure_text,
)
from cnnlab.reports.spreadsheet import Cell, csv_text
from cnnlab.runs.runs import EpochRecord

STATE, CURVE, SEEDS, CREATED = "state", "curve", "seeds", "created"
PLAIN_COLUMNS: Mapping[str, str] = {
    STATE: "State",
    CURVE: "Curve",
    SEEDS: "Seeds",
    CREATED: "Created",
}
"""Columns that are neither a figure nor a field of the configuration."""

BEST = "★"
_MOST_ROWS_PX = 640
_ROW_PX = 35
_ID = r"run=([^&]+)"


def column_title(name: str) -> str:
    """What stands above a column; a field of the configuration keeps its dotted name."""
    if name in FIGURES:
        return FIGURES[name].title
    return PLAIN_COLUMNS.get(name, name)


def show_board(
    rows: Sequence[BoardRow],
    epochs: Mapping[str, Sequence[EpochRecord]],
    columns: Sequence[str],
    *,
    ranked_by: str,
    with_dataset: bool,
) -> list[BoardRow]:
    """Draw the table; returns the rows that are ticked in it.

    Args:
        rows: From top to bottom.
        epochs: Of each run, for the small curves.
        columns: Names of figures, of `PLAIN_COLUMNS` and of fields of the configuration.
        ranked_by: The figure that decides the order.
        with_dataset: Say which data set each row is of.
    """
    frame: dict[str, object] = {
        "#": [place if row.spread(ranked_by) else None for place, row in enumerate(rows, start=1)],
        "Run": [f"run?run={row.run.id}" for row in rows],
        "Recipe": [row.run.recipe for row in rows],
    }
    if with_dataset:
        frame["Data set"] = [row.run.dataset_name for row in rows]
    metric = "loss" if FIGURES[ranked_by].kind is Kind.LOSS else "accuracy"
    settings: dict[str, ColumnConfig] = {
        "#": st.column_config.NumberColumn(width=40, help="Place by the chosen figure"),
        "Run": st.column_config.LinkColumn(
            display_text=_ID, help="Opens the run; of several seeds the newest one"
        ),
    }
    for name in columns:
        title = column_title(name)
        frame[title] = _values(rows, name, epochs, metric)
        settings[title] = _column(name, metric)
    shown = pd.DataFrame(frame)
    key = f"board-{crc32('|'.join(row.run.id for row in rows).encode()):x}"
    ticked = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        column_config=settings,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(_MOST_ROWS_PX, _ROW_PX * (len(rows) + 1) + 3),
        alt="Runs with their figures and settings",
    )
    return [rows[place] for place in ticked["selection"]["rows"] if place < len(rows)]


def board_csv(rows: Sequence[BoardRow], columns: Sequence[str]) -> str:
    """The rows with the chosen columns, figures with all their digits, as CSV."""
    return csv_text([_csv_row(row, columns) for row in rows])


def _csv_row(row: BoardRow, columns: Sequence[str]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {
        "runs": " ".join(run.id for run in row.runs),
        "recipe": row.run.recipe,
        "data set": row.run.dataset_name,
    }
    for name in columns:
        if name in FIGURES:
            found = row.spread(name)
            cells[name] = found.mean if found else None
            if len(row.runs) > 1 and FIGURES[name].kind in (Kind.SHARE, Kind.LOSS):
                cells[f"{name}_deviation"] = found.deviation if found else None
        elif name == STATE:
            cells[name] = row.run.state.value
        elif name == SEEDS:
            cells[name] = " ".join(map(str, row.seeds))
        elif name == CREATED:
            cells[name] = datetime.fromtimestamp(row.run.created_at, UTC).isoformat("T", "seconds")
        elif name != CURVE:
            cells[name] = row.fields.get(name)
    return cells


def _values(
    rows: Sequence[BoardRow],
    name: str,
    epochs: Mapping[str, Sequence[EpochRecord]],
    metric: str,
) -> list[object]:
    if name in FIGURES:
        return _figures(rows, name)
    if name == STATE:
        return [row.run.state.value for row in rows]
    if name == CURVE:
        return [curve(row, epochs, f"validation_{metric}") for row in rows]
    if name == SEEDS:
        return [_seeds(row) for row in rows]
    if name == CREATED:
        return [datetime.fromtimestamp(row.run.created_at, UTC) for row in rows]
    return _fields([row.fields.get(name) for row in rows])


def _figures(rows: Sequence[BoardRow], name: str) -> list[object]:
    """Scores as texts, the best one marked; sizes and times as numbers."""
    found = [row.spread(name) for row in rows]
    kind = FIGURES[name].kind
    if kind in (Kind.COUNT, Kind.SECONDS):
        return [None if value is None else round(value.mean, 1) for value in found]
    texts: list[object] = [figure_text(value, kind) for value in found]
    best = best_row(rows, name)
    of_one_dataset = len({row.run.dataset_id for row in rows}) == 1
    if best is not None and of_one_dataset:
        texts[best] = f"{texts[best]} {BEST}"
    return texts


def _fields(values: Sequence[FieldValue | None]) -> list[object]:
    """Values of a field: numbers where all of them are, else texts."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return list(values)
    return [field_text(value) for value in values]


def _seeds(row: BoardRow) -> str:
    listed = ", ".join(map(str, row.seeds))
    return listed if len(row.runs) == 1 else f"{len(row.runs)} seeds: {listed}"


def _column(name: str, metric: str) -> ColumnConfig:
    title = column_title(name)
    if name == CURVE:
        return st.column_config.LineChartColumn(
            f"{metric.capitalize()} by epoch",
            help="On validation pictures; of several seeds the mean",
            y_min=0,
            y_max=1 if metric == "accuracy" else None,
        )
    if name == CREATED:
        return st.column_config.DatetimeColumn(title, format="YYYY-MM-DD HH:mm")
    if name in FIGURES:
        if FIGURES[name].kind in (Kind.COUNT, Kind.SECONDS):
            return st.column_config.NumberColumn(title, format="localized")
        return st.column_config.TextColumn(
            title, alignment="right", help="Mean ± standard deviation where there are several seeds"
        )
    if name in PLAIN_COLUMNS:
        return st.column_config.TextColumn(title)
    return st.column_config.Column(field_title(name).capitalize(), help=name)
