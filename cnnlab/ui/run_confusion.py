"""Where a run's network fails: which class is taken for which, and how each class fares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnnlab.datasets.balance import is_uneven
from cnnlab.datasets.splits import Split
from cnnlab.evaluation.class_order import similarity_order
from cnnlab.evaluation.metrics import Evaluation, most_confused_pairs
from cnnlab.evaluation.per_class import silent_sentences, weakest_sentence
from cnnlab.figures.confusion import MOST_CLASSES, OTHERS, Cell, plot_confusion
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.runs.runs import Run
from cnnlab.ui import class_table, context, frame
from cnnlab.ui.address import asked, choose
from cnnlab.ui.addressed import choose_one, switch
from cnnlab.ui.charts import show_clickable
from cnnlab.ui.predicted import JudgedCards, card_grid
from cnnlab.ui.results import evaluation_of, file_state, predictions_of, splits_of
from cnnlab.ui.run_ranking import ranking_panel
from cnnlab.workspace import RunFiles

TRUE, PREDICTED = "true", "predicted"
_SPLIT, _SHARE, _ORDER, _ALL = "split", "share", "order", "all"
_BY_NAME, _BY_SIMILARITY = "name", "similarity"
_CONFUSED_PAIRS = 10
_NOTE = "confusion-note"


def show(run: Run) -> None:
    """The confusion matrix with its pictures, and the table of classes."""
    splits = splits_of(run)
    st.subheader("Where it fails")
    names = {split.value: f"{split.value} pictures" for split in splits}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = Split(choose_one("Pictures", _SPLIT, names) if len(names) > 1 else splits[0])
        by_share = switch("Share of the true class", _SHARE, default=False)
        by_similarity = switch(
            "Similar classes together",
            _ORDER,
            default=False,
            hint="Classes that are taken for each other stand beside each other",
        )
        evaluation = evaluation_of(run, split)
        every = len(evaluation.class_names) > MOST_CLASSES and switch(
            "All classes", _ALL, default=False, hint="Else those with the most mistakes"
        )
    _headline(evaluation)
    frame.fragment(_matrix_and_pictures)(run, split, by_share, by_similarity, every)
    st.subheader("Each class")
    class_table.show(run, evaluation)
    st.subheader("One class against the rest")
    ranking_panel(run, split)


def _headline(evaluation: Evaluation) -> None:
    """The figures that matter most, and the weakest class in words."""
    figures = {
        "Accuracy": evaluation.accuracy,
        "Balanced accuracy": evaluation.balanced_accuracy,
        "Macro F1": evaluation.macro_f1,
    }
    order = list(figures)
    if is_uneven(evaluation.class_counts):
        order = ["Balanced accuracy", "Macro F1", "Accuracy"]
    st.markdown(f"**{escape_markdown(weakest_sentence(evaluation))}**")
    for sentence in silent_sentences(evaluation):
        st.caption(escape_markdown(sentence))
    with st.container(horizontal=True):
        for name in order:
            st.metric(name, percent(figures[name]), border=True)
        st.metric("Pictures", f"{evaluation.images:,}", border=True)


def _matrix_and_pictures(
    run: Run, split: Split, by_share: bool, by_similarity: bool, every: bool
) -> None:
    """The matrix beside the most confused pairs; below, the pictures of the chosen cell."""
    evaluation = evaluation_of(run, split)
    names = evaluation.class_names
    selected = _selected(names)
    order = _order(*_state_of(run), run, split) if by_similarity else None
    matrix, pairs = st.columns([3, 2], gap="large")
    with matrix:
        show_clickable(
            plot_confusion(
                evaluation.confusion,
                names,
                by_share=by_share,
                order=order,
                most=None if every else MOST_CLASSES,
                selected=selected,
                dark=context.is_dark(),
            ),
            key=f"confusion-{run.id}-{split.value}-{every}",
            on_click=lambda data: _click(data, names),
        )
        st.caption("Click a cell to see its pictures.")
    with pairs:
        _confused(evaluation, selected)
    note = st.session_state.pop(_NOTE, None)
    if note:
        st.info(note)
    if selected is not None:
        _pictures(run, split, names, selected)


def _click(data: Sequence[Any], names: Sequence[str]) -> None:
    """A cell was clicked: the address follows."""
    true, predicted = int(data[0]), int(data[1])
    if OTHERS in (true, predicted):
        st.session_state[_NOTE] = (
            "This cell stands for many classes. Switch “All classes” on to see each of them."
        )
        return
    _select((true, predicted), names)


def _select(cell: Cell, names: Sequence[str]) -> None:
    choose(TRUE, names[cell[0]])
    choose(PREDICTED, names[cell[1]])


def _selected(names: Sequence[str]) -> Cell | None:
    """The cell that the address asks for, if its classes exist."""
    true, predicted = asked(TRUE), asked(PREDICTED)
    if true in names and predicted in names:
        return names.index(true), names.index(predicted)
    return None


def _confused(evaluation: Evaluation, selected: Cell | None) -> None:
    """The most confused pairs, each of which shows its pictures too."""
    pairs = most_confused_pairs(evaluation.confusion, _CONFUSED_PAIRS)
    if not pairs:
        st.markdown("Every picture was recognised.")
        return
    names = evaluation.class_names
    st.markdown("**Most often confused**")
    with st.container(gap="xxsmall"):
        for pair in pairs:
            cell = (pair.true, pair.predicted)
            st.button(
                f"{pair.count:,} of “{escape_markdown(names[pair.true])}” taken for "
                f"“{escape_markdown(names[pair.predicted])}” · {percent(pair.share)}",
                key=f"pair-{pair.true}-{pair.predicted}",
                type="secondary" if cell == selected else "tertiary",
                on_click=_select,
                args=(cell, names),
            )


def _pictures(run: Run, split: Split, names: Sequence[str], cell: Cell) -> None:
    """The pictures of one cell, the most confident first."""
    true, predicted = cell
    predictions = predictions_of(run.id, split)
    rows = np.flatnonzero((predictions.true == true) & (predictions.predicted == predicted))
    rows = rows[np.argsort(-predictions.confidence[rows], kind="stable")]
    count = f"{len(rows):,} {'picture' if len(rows) == 1 else 'pictures'}"
    of, said = escape_markdown(names[true]), escape_markdown(names[predicted])
    if true == predicted:
        st.markdown(f"#### {count} of “{of}” recognised, most confident first")
    else:
        st.markdown(f"#### {count} of “{of}” taken for “{said}”, most confident first")
    card_grid(run, JudgedCards(predictions, rows), key="cell")


def _state_of(run: Run) -> tuple[Path, int]:
    file = RunFiles(context.workspace().run_folder(run.id)).predictions
    return file, file_state(file)


@st.cache_resource(max_entries=16, show_spinner=False)
def _order(file: Path, state: int, _run: Run, split: Split) -> list[int]:
    return similarity_order(evaluation_of(_run, split).confusion)
