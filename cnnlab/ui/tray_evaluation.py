"""How right networks are on photos that lie in class folders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cnnlab.evaluation.comparison import paired_sentence
from cnnlab.evaluation.intervals import wilson
from cnnlab.evaluation.metrics import Evaluation, evaluate
from cnnlab.evaluation.per_class import class_figures, silent_sentences, weakest_sentence
from cnnlab.figures.confusion import plot_confusion
from cnnlab.figures.confusion_cells import OTHERS
from cnnlab.figures.per_class import plot_recalls
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.reports.answered_photos import AnsweredPhotos
from cnnlab.runs.trays import Tray
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart, show_clickable
from cnnlab.ui.class_table import class_frame, draw_classes
from cnnlab.ui.results import SCORES, scores_in_front
from cnnlab.ui.tray_table import show_cell

_TURN = "tray-confusion-turn"


def is_filed(tray: Tray) -> bool:
    """Whether photos lie in class folders."""
    return any(photo.label is not None for photo in tray.photos)


def compare_networks(photos: AnsweredPhotos, titles: Sequence[str]) -> None:
    """How often two networks agree, and where folders say the truth, which one is better."""
    both = len(photos) - int(photos.refused.sum())
    agreed = both - int(photos.different.sum())
    share = f" ({percent(agreed / both)})" if both else ""
    st.markdown(f"Both answer the same for **{agreed:,}** of {both:,} photos{share}.")
    found = photos.compared()
    if found is None:
        return
    sentence = escape_markdown(paired_sentence(found, *titles))
    if found.different:
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.info(sentence, icon=":material/balance:")
    first, second = map(escape_markdown, titles)
    chance = "less than 0.001" if found.p_value < 0.001 else f"{found.p_value:.3f}"
    st.caption(
        f"Only {second} is right on {found.only_second:,}, only {first} on {found.only_first:,} "
        f"of the {found.images:,} photos whose class both know. Two equally good networks would "
        f"differ as much with a probability of {chance} (exact McNemar test)."
    )


def accuracy_line(photos: AnsweredPhotos, titles: Sequence[str]) -> None:
    """The accuracy of each network in a line."""
    for place, title in enumerate(titles):
        name = f"{escape_markdown(title)}: " if len(titles) > 1 else ""
        predictions = photos.predictions(place)
        count, right = len(predictions), int((predictions.predicted == predictions.true).sum())
        if not count:
            st.caption(f"{name}no photo lies in the folder of a class that the network knows.")
            continue
        low, high = wilson(right, count)
        st.markdown(
            f"{name}**{percent(right / count)}** right ({percent(low)} to {percent(high)}): "
            f"{right:,} of {count:,} photos, by their folders"
        )


def evaluation_panel(photos: AnsweredPhotos, place: int, *, key: str) -> None:
    """Figures, confusion matrix and table of classes of one network.

    Args:
        photos: What was answered.
        place: Of the network.
        key: Tells panels on one page apart.
    """
    _left_out(photos, place)
    predictions = photos.predictions(place)
    if not len(predictions):
        return
    found = evaluate(predictions)
    with st.container(horizontal=True):
        for name in scores_in_front(found.class_counts):
            title = SCORES[name][0].upper() + SCORES[name][1:]
            st.metric(title, percent(getattr(found, name)), border=True)
        st.metric("Photos", f"{found.images:,}", border=True)
    st.markdown(f"**{escape_markdown(weakest_sentence(found))}**")
    for sentence in silent_sentences(found):
        st.caption(escape_markdown(sentence))
    matrix, classes = st.columns([3, 2], gap="large")
    with matrix:
        _matrix(found, key)
    with classes:
        show_chart(plot_recalls(class_figures(found), dark=context.is_dark()), key=f"recalls-{key}")
    draw_classes(class_frame(found))


def _left_out(photos: AnsweredPhotos, place: int) -> None:
    foreign = photos.foreign_labels(place)
    if foreign:
        listed = ", ".join(f"{escape_markdown(name)} {count:,}" for name, count in foreign.items())
        st.info(
            f"{sum(foreign.values()):,} photos are left out, since the network does not know "
            f"their class: {listed}.",
            icon=":material/info:",
        )
    if photos.corrected and any(photo.label is not None for photo in photos.photos):
        st.caption("Where you said another class than the folder, yours counts.")


def _matrix(found: Evaluation, key: str) -> None:
    names = found.class_names

    def show_photos(data: Sequence[Any]) -> None:
        true, said = int(data[0]), int(data[1])
        if OTHERS not in (true, said):
            show_cell(names[true], names[said])
            st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1

    turn = st.session_state.get(_TURN, 0)
    show_clickable(
        plot_confusion(found.confusion, names, dark=context.is_dark()),
        key=f"confusion-{key}-{turn}",
        name=f"confusion-{key}",
        on_click=show_photos,
    )
    st.caption("Click a cell to see its photos in the table.")
