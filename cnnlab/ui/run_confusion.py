"""Where a run's network fails: which class is taken for which, and how each class fares."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.metrics import Evaluation, most_confused_pairs
from cnnlab.figures.confusion import plot_confusion
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.results import evaluation_of, splits_of

_CONFUSED_PAIRS = 3


def show(run: Run) -> None:
    """The confusion matrix and the table of classes."""
    splits = splits_of(run)
    st.subheader("Where it fails")
    split, by_share = _confusion_options(splits)
    evaluation = evaluation_of(run, split)
    matrix, table = st.columns([3, 2], gap="large")
    with matrix:
        show_chart(
            plot_confusion(
                evaluation.confusion,
                evaluation.class_names,
                by_share=by_share,
                dark=context.is_dark(),
            ),
            key=f"confusion-{run.id}",
        )
    with table:
        _say_confused(evaluation)
        _class_table(evaluation)


def _confusion_options(splits: list[Split]) -> tuple[Split, bool]:
    with st.container(horizontal=True):
        split = st.segmented_control(
            "Pictures",
            splits,
            default=splits[0],
            required=True,
            format_func=lambda split: f"{split.value} pictures",
            label_visibility="collapsed",
        )
        by_share = st.toggle("Share of the true class")
    return Split(split or splits[0]), by_share


def _say_confused(evaluation: Evaluation) -> None:
    pairs = most_confused_pairs(evaluation.confusion, _CONFUSED_PAIRS)
    if not pairs:
        st.markdown("Every picture was recognised.")
        return
    names = evaluation.class_names
    lines = [
        f"- {pair.count} of “{escape_markdown(names[pair.true])}” taken for "
        f"“{escape_markdown(names[pair.predicted])}”"
        for pair in pairs
    ]
    st.markdown("Most often confused:\n" + "\n".join(lines))


def _class_table(evaluation: Evaluation) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "class": name,
                    "precision": scores.precision,
                    "recall": scores.recall,
                    "F1": scores.f1,
                    "pictures": scores.support,
                }
                for name, scores in zip(evaluation.class_names, evaluation.per_class, strict=True)
            ]
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("precision", "recall", "F1")
        },
    )
