"""Why a network answered as it did: where it looked, what is alike, what small changes do."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnlab.datasets.photos import Photo
from cnnlab.figures.text import clean, escape_markdown, percent, shorten
from cnnlab.inference.classify import Classification
from cnnlab.inference.stability import Change, Stability, stability, stability_sentence
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.heat_panel import Seen, heat_maps
from cnnlab.ui.nearest import nearest_to_photo
from cnnlab.ui.photo_copy import Key, answer_key, photo_pixels

_CHANGED_PX = 80
_NAME_CHARACTERS = 14
_TRYING = "Trying small changes of the photo"


def photo_details(run: Run, photo: Photo, answer: Classification, *, key: str) -> None:
    """Heat maps, nearest training pictures and small changes of a photo, one below the other.

    Args:
        run: Whose network has answered.
        photo: The photo.
        answer: The answer; there is one.
        key: Begins the keys of the elements.

    Raises:
        CnnlabError: If the network is gone.
    """
    context.model_of(run.id)
    st.markdown("**Where it looked**")
    with frame.shown_errors():
        _heat(run, photo, answer, key=key)
    with frame.shown_errors():
        _nearest(run, photo, answer)
    frame.fragment(_changes)(run, photo, answer)


def say_stability(run: Run, photo: Photo, answer: Classification) -> None:
    """How many small changes of the photo keep the answer, in a line.

    Raises:
        CnnlabError: If the photo or the network are gone.
    """
    found = _tried(run, photo, answer)
    icon = "check_circle" if found.agree == found.total else "change_circle"
    st.markdown(f":material/{icon}: {escape_markdown(stability_sentence(found))}")


def _heat(run: Run, photo: Photo, answer: Classification, *, key: str) -> None:
    if answer.seen is None or answer.probabilities is None:
        st.caption("What the network saw was not kept. Classify the photo again.")
        return
    seen = Seen(answer_key(run, photo), answer.seen, answer.probabilities)
    known = answer.class_names.index(photo.label) if photo.label in answer.class_names else None
    heat_maps(
        run,
        seen,
        clean(photo.name),
        key=key,
        label=known,
        opacity_key=f"heat-opacity-{key}",
        show_picture=False,
    )


def _nearest(run: Run, photo: Photo, answer: Classification) -> None:
    if answer.features is None:
        st.markdown("**Nearest training pictures**")
        st.caption("What the network makes of the photo was not kept. Classify it again.")
        return
    nearest_to_photo(
        run,
        answer.features,
        answer.class_names,
        answer.label or "",
        label=photo.label,
        known=_known(answer),
    )


def _changes(run: Run, photo: Photo, answer: Classification) -> None:
    """The changed photos, each with what the network says about it."""
    place = st.container()
    found = _tried(run, photo, answer)
    kept = f"{found.agree} of {found.total} keep the answer"
    place.markdown(f"**Small changes** · {kept}")
    with st.container(horizontal=True, gap="small"):
        for change in found.changes:
            with st.container(width=_CHANGED_PX, gap="xxsmall"):
                _change(found, change)


def _change(found: Stability, change: Change) -> None:
    keeps, name = found.keeps(change), found.said(change)
    st.image(change.thumbnail, width=_CHANGED_PX, alt=f"{change.name}: {clean(name)}")
    colour, mark = ("green", "check") if keeps else ("red", "close")
    said = percent(change.probability) if change.known else "none of these"
    if change.known and not keeps:
        said = f"{escape_markdown(shorten(name, _NAME_CHARACTERS))} {said}"
    st.markdown(f":small[:{colour}[:material/{mark}:] {said}]")
    st.caption(change.name)


def _tried(run: Run, photo: Photo, answer: Classification) -> Stability:
    """The small changes of a photo, tried once."""
    said = 0 if answer.probabilities is None else int(np.argmax(answer.probabilities))
    with st.spinner(_TRYING):
        return _stability(answer_key(run, photo), said, _known(answer), run, photo, answer)


def _known(answer: Classification) -> bool:
    """Whether the photo is taken for a picture of any class."""
    return answer.verdict is None or answer.verdict.known


@st.cache_resource(max_entries=64, show_spinner=False)
def _stability(
    key: Key, class_index: int, known: bool, _run: Run, _photo: Photo, _answer: Classification
) -> Stability:
    model = context.model_of(_run.id)
    return stability(model, photo_pixels(_photo, _answer), class_index, known=known)
