"""Where a run's network fails: which class is taken for which, and how each class fares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.class_order import similarity_order
from cnnlab.evaluation.metrics import ConfusedPair, Evaluation, most_confused_pairs
from cnnlab.evaluation.per_class import silent_sentences, weakest_sentence
from cnnlab.figures.confusion import plot_confusion
from cnnlab.figures.confusion_cells import ANNOTATED_CLASSES, MOST_CLASSES, OTHERS, Cell
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.runs.runs import Run
from cnnlab.ui import class_table, context, frame
from cnnlab.ui.address import asked, choose
from cnnlab.ui.addressed import choose_one, switch
from cnnlab.ui.charts import show_clickable
from cnnlab.ui.predicted import JudgedCards, card_grid
from cnnlab.ui.results import (
    SCORES,
    evaluation_of,
    predictions_of,
    predictions_state,
    scores_in_front,
    splits_of,
)
from cnnlab.ui.run_ranking import ranking_panel

if TYPE_CHECKING:
    import plotly.graph_objects as go

TRUE, PREDICTED = "true", "predicted"
_SPLIT, _SHARE, _ORDER, _ALL = "split", "share", "order", "all"
_CONFUSED_PAIRS = 10
_CHOOSER_PX = 240
_NOTE, _TURN = "confusion-note", "confusion-turn"


class _Shown(NamedTuple):
    """What of the predictions is shown, and how."""

    split: Split
    by_share: bool
    by_similarity: bool
    every: bool


def show(run: Run) -> None:
    """The confusion matrix with its pictures, and the table of classes."""
    splits = splits_of(run)
    class_count = len(predictions_of(run.id).class_names)
    st.subheader("Where it fails")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = _choose_split(splits)
        by_share = switch("Share of the true class", _SHARE, default=False)
        by_similarity = switch(
            "Similar classes together",
            _ORDER,
            default=class_count > ANNOTATED_CLASSES,
            hint="Classes that are taken for each other stand beside each other",
        )
        every = class_count > MOST_CLASSES and switch(
            "All classes", _ALL, default=False, hint="Else those with the most mistakes"
        )
    evaluation = evaluation_of(run, split)
    _headline(run, evaluation, split)
    shown = _Shown(split, by_share, by_similarity, every)
    frame.fragment(_matrix_and_pictures)(run, shown)
    st.subheader("Each class")
    class_table.show(run, evaluation, split)
    st.subheader("One class against the rest")
    ranking_panel(run, split)


def _choose_split(splits: Sequence[Split]) -> Split:
    if len(splits) == 1:
        st.markdown(f"By the {splits[0].value} pictures", width="content")
        return splits[0]
    names = {split.value: f"{split.value} pictures" for split in splits}
    with st.container(width=_CHOOSER_PX):
        return Split(choose_one("Pictures", _SPLIT, names))


def _headline(run: Run, evaluation: Evaluation, split: Split) -> None:
    """The figures that matter most, and the weakest class in words."""
    weakest, silent = _words(*predictions_state(run.id), evaluation, split)
    st.markdown(f"**{escape_markdown(weakest)}**")
    for sentence in silent:
        st.caption(escape_markdown(sentence))
    with st.container(horizontal=True):
        for name in scores_in_front(evaluation.class_counts):
            title = SCORES[name][0].upper() + SCORES[name][1:]
            st.metric(title, percent(getattr(evaluation, name)), border=True)
        st.metric("Pictures", f"{evaluation.images:,}", border=True)


def _matrix_and_pictures(run: Run, shown: _Shown) -> None:
    """The matrix beside the most confused pairs; below, the pictures of the chosen cell."""
    evaluation = evaluation_of(run, shown.split)
    names = evaluation.class_names
    selected = _selected(names)
    matrix, pairs = st.columns([3, 2], gap="large")
    with matrix:
        show_clickable(
            _figure(*predictions_state(run.id), evaluation, shown, selected, context.is_dark()),
            # A chart remembers which of its points was clicked: others need another chart.
            key=f"confusion-{run.id}-{shown.split.value}-{shown.every}-{shown.by_similarity}-{_turn()}",
            name=f"confusion-{run.id}-{shown.split.value}",
            on_click=lambda data: _click(data, names),
        )
        st.caption(
            "Click a cell to see its pictures. Drag to look closer, double-click to see all again."
            if shown.every
            else "Click a cell to see its pictures."
        )
    with pairs:
        _confused(_pairs(*predictions_state(run.id), evaluation, shown.split), names, selected)
    note = st.session_state.pop(_NOTE, None)
    if note:
        st.info(note)
    if selected is not None:
        _pictures(run, shown.split, names, selected)


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


def _select_in_list(cell: Cell, names: Sequence[str]) -> None:
    """A cell was chosen beside the matrix, which must not think that its last one still is."""
    st.session_state[_TURN] = _turn() + 1
    _select(cell, names)


def _turn() -> int:
    turn: int = st.session_state.get(_TURN, 0)
    return turn


def _selected(names: Sequence[str]) -> Cell | None:
    """The cell that the address asks for, if its classes exist."""
    true, predicted = asked(TRUE), asked(PREDICTED)
    if true in names and predicted in names:
        return names.index(true), names.index(predicted)
    return None


def _confused(pairs: Sequence[ConfusedPair], names: Sequence[str], selected: Cell | None) -> None:
    """The most confused pairs, each of which shows its pictures too."""
    if not pairs:
        st.markdown("Every picture was recognised.")
        return
    st.markdown("**Most often confused**")
    with st.container(gap="xxsmall"):
        for pair in pairs:
            cell = (pair.true, pair.predicted)
            st.button(
                f"{pair.count:,} of “{escape_markdown(names[pair.true])}” taken for "
                f"“{escape_markdown(names[pair.predicted])}” · {percent(pair.share)}",
                key=f"pair-{pair.true}-{pair.predicted}",
                type="secondary" if cell == selected else "tertiary",
                on_click=_select_in_list,
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
    if not len(rows):
        st.markdown(f"#### No picture of “{of}” was taken for “{said}”")
    elif true == predicted:
        st.markdown(f"#### {count} of “{of}” recognised, most confident first")
    else:
        st.markdown(f"#### {count} of “{of}” taken for “{said}”, most confident first")
    key = f"cell-{run.id}-{split.value}-{true}-{predicted}"
    card_grid(run, JudgedCards(predictions, rows), key=key)


@st.cache_resource(max_entries=32, show_spinner=False)
def _words(file: Path, state: int, _evaluation: Evaluation, split: Split) -> tuple[str, list[str]]:
    return weakest_sentence(_evaluation), silent_sentences(_evaluation)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pairs(file: Path, state: int, _evaluation: Evaluation, split: Split) -> list[ConfusedPair]:
    return most_confused_pairs(_evaluation.confusion, _CONFUSED_PAIRS)


@st.cache_resource(max_entries=32, show_spinner=False)
def _order(file: Path, state: int, _evaluation: Evaluation, split: Split) -> list[int]:
    return similarity_order(_evaluation.confusion)


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(
    file: Path,
    state: int,
    _evaluation: Evaluation,
    shown: _Shown,
    selected: Cell | None,
    dark: bool,
) -> go.Figure:
    order = _order(file, state, _evaluation, shown.split) if shown.by_similarity else None
    return plot_confusion(
        _evaluation.confusion,
        _evaluation.class_names,
        by_share=shown.by_share,
        order=order,
        most=None if shown.every else MOST_CLASSES,
        selected=selected,
        dark=dark,
    )
