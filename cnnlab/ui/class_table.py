"""The table of classes of a run: figures with their intervals, a chart, and files of both."""

from __future__ import annotations

import streamlit as st

from cnnlab.evaluation.metrics import Evaluation
from cnnlab.evaluation.per_class import ClassFigures, class_figures
from cnnlab.figures.per_class import plot_recalls
from cnnlab.reports.spreadsheet import Cell, csv_text
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart


def show(run: Run, evaluation: Evaluation) -> None:
    """Precision, recall, F1 and support of each class, with 95 % intervals."""
    figures = class_figures(evaluation)
    chart, table = st.columns([2, 3], gap="large")
    with chart:
        show_chart(plot_recalls(figures, dark=context.is_dark()), key=f"recalls-{run.id}")
    with table:
        shares = ("precision", "recall", "F1")
        st.dataframe(
            [_row(each) for each in figures],
            hide_index=True,
            column_config={
                "recall": st.column_config.ProgressColumn(
                    format="percent", min_value=0, max_value=1
                ),
                **{
                    name: st.column_config.NumberColumn(format="%.3f")
                    for name in shares
                    if name != "recall"
                },
            },
        )
        with st.container(horizontal=True):
            _download("Classes as CSV", f"{run.id}-classes.csv", [_plain(each) for each in figures])
            _download("Matrix as CSV", f"{run.id}-confusion.csv", _cells(evaluation))


def _row(figures: ClassFigures) -> dict[str, Cell]:
    scores = figures.scores
    return {
        "class": figures.name,
        "recall": scores.recall,
        "recall, 95 %": _range(figures.recall),
        "precision": scores.precision,
        "precision, 95 %": _range(figures.precision),
        "F1": scores.f1,
        "F1, 95 %": _range(figures.f1),
        "pictures": scores.support,
        "mostly taken for": figures.taken_for,
    }


def _plain(figures: ClassFigures) -> dict[str, Cell]:
    """The same with a column for each end of an interval."""
    scores = figures.scores
    row: dict[str, Cell] = {"class": figures.name, "pictures": scores.support}
    for name, value, interval in (
        ("precision", scores.precision, figures.precision),
        ("recall", scores.recall, figures.recall),
        ("f1", scores.f1, figures.f1),
    ):
        row |= {name: value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return row


def _cells(evaluation: Evaluation) -> list[dict[str, Cell]]:
    """One row a cell with pictures."""
    names, confusion = evaluation.class_names, evaluation.confusion
    return [
        {"true": names[true], "predicted": names[said], "pictures": int(confusion[true, said])}
        for true, said in zip(*confusion.nonzero(), strict=True)
    ]


def _range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2f} – {interval[1]:.2f}"


def _download(label: str, name: str, rows: list[dict[str, Cell]]) -> None:
    st.download_button(
        label,
        lambda: csv_text(rows),
        file_name=name,
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
        type="tertiary",
    )
