"""The table of classes of a run: figures with their intervals, a chart, and files of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.intervals import Interval
from cnnlab.evaluation.metrics import Evaluation
from cnnlab.evaluation.per_class import ClassFigures, class_figures
from cnnlab.figures.per_class import plot_recalls
from cnnlab.reports.spreadsheet import Cell, csv_text
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.results import predictions_state

if TYPE_CHECKING:
    import plotly.graph_objects as go

_NOTHING = "–"
_SHARES = ("recall", "precision", "F1")


def show(run: Run, evaluation: Evaluation, split: Split) -> None:
    """Precision, recall, F1 and support of each class, with 95 % intervals."""
    known = (*predictions_state(run.id), evaluation, split)
    draw_classes(_table(*known))
    with st.container(horizontal=True):
        name = f"{run.id}-{split.value}"
        _download("Classes as CSV", f"{name}-classes.csv", lambda: class_rows(evaluation))
        _download("Matrix as CSV", f"{name}-confusion.csv", lambda: cell_rows(evaluation))
    show_chart(_chart(*known, context.is_dark()), key=f"recalls-{run.id}")


def class_frame(evaluation: Evaluation) -> pd.DataFrame:
    """A row a class: shares in percent with their intervals, and what it is taken for."""
    return pd.DataFrame([_row(each) for each in class_figures(evaluation)])


def draw_classes(rows: pd.DataFrame) -> None:
    """The table that `class_frame` gives."""
    st.dataframe(
        rows,
        hide_index=True,
        alt="Figures of each class",
        column_config={
            "recall": st.column_config.ProgressColumn(
                format="%.1f %%",
                min_value=0,
                max_value=100,
                help="Of its pictures, the share that is recognised",
            ),
            "precision": st.column_config.NumberColumn(
                format="%.1f %%", help="Of the pictures taken for it, the share that is right"
            ),
            "F1": st.column_config.NumberColumn(
                format="%.1f %%", help="Harmonic mean of precision and recall"
            ),
            **{
                _of(name): st.column_config.TextColumn(
                    "95 %", help=f"95 % interval of {name}: how far chance alone may move it"
                )
                for name in _SHARES
            },
        },
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _table(file: Path, state: int, _evaluation: Evaluation, split: Split) -> pd.DataFrame:
    return class_frame(_evaluation)


@st.cache_resource(max_entries=32, show_spinner=False)
def _chart(file: Path, state: int, _evaluation: Evaluation, split: Split, dark: bool) -> go.Figure:
    return plot_recalls(class_figures(_evaluation), dark=dark)


def _row(figures: ClassFigures) -> dict[str, Cell]:
    """What nothing is known of is empty."""
    scores = figures.scores
    found = _known(figures)
    row: dict[str, Cell] = {"class": figures.name}
    for name, interval in zip(
        _SHARES, (figures.recall, figures.precision, figures.f1), strict=True
    ):
        share = found[name]
        row[name] = None if share is None else 100 * share
        row[_of(name)] = _NOTHING if share is None else _range(interval)
    return row | {
        "pictures": scores.support,
        "taken for it": scores.predicted,
        "mostly taken for": figures.taken_for or _NOTHING,
    }


def _known(figures: ClassFigures) -> dict[str, float | None]:
    """Its shares by name, None where there is nothing to take a share of."""
    scores = figures.scores
    return {
        "recall": scores.recall if scores.support else None,
        "precision": scores.precision if scores.predicted else None,
        "F1": scores.f1 if scores.support or scores.predicted else None,
    }


def class_rows(evaluation: Evaluation) -> list[dict[str, Cell]]:
    """The table with a column for each end of an interval."""
    rows = []
    for figures in class_figures(evaluation):
        row: dict[str, Cell] = {"class": figures.name, "pictures": figures.scores.support}
        known = _known(figures)
        for name, interval in (
            ("precision", figures.precision),
            ("recall", figures.recall),
            ("F1", figures.f1),
        ):
            row |= {
                name.lower(): known[name],
                f"{name.lower()}_low": interval.low,
                f"{name.lower()}_high": interval.high,
            }
        rows.append(row | {"predicted": figures.scores.predicted})
    return rows


def cell_rows(evaluation: Evaluation) -> list[dict[str, Cell]]:
    """One row a cell with pictures."""
    names, confusion = evaluation.class_names, evaluation.confusion
    return [
        {"true": names[true], "predicted": names[said], "count": int(confusion[true, said])}
        for true, said in zip(*confusion.nonzero(), strict=True)
    ]


def _of(name: str) -> str:
    return f"{name}, 95 %"


def _range(interval: Interval) -> str:
    return f"{100 * interval.low:.0f} – {100 * interval.high:.0f} %"


def _download(label: str, name: str, rows: Callable[[], list[dict[str, Cell]]]) -> None:
    st.download_button(
        label,
        lambda: csv_text(rows()),
        file_name=name,
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
        type="tertiary",
    )
