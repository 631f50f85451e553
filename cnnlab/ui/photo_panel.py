"""Everything that is said about one photo: the answer, how sure it is, and why to trust it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.datasets.photos import Photo
from cnnlab.datasets.splits import Split
from cnnlab.errors import ImageError, RunError
from cnnlab.evaluation.evidence import class_sentence, evidence, evidence_sentence
from cnnlab.evaluation.rejection import KEPT
from cnnlab.figures.heat import resized
from cnnlab.figures.probabilities import plot_probabilities
from cnnlab.figures.text import clean, escape_markdown, percent
from cnnlab.inference.classify import Classification
from cnnlab.inference.model import FloatArray, LiteModel, PixelArray
from cnnlab.inference.stability import NONE_OF_THESE
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.charts import show_chart
from cnnlab.ui.heat_panel import encoded, size_text
from cnnlab.ui.photo_copy import SHOWN_PX, photo_copy
from cnnlab.ui.photo_details import photo_details, say_stability
from cnnlab.ui.results import predictions_of

_PICTURE_PX = 208
_PHONE_PX = 144
_MORE = "More: where it looked, nearest training pictures, small changes"


def photo_panel(
    run: Run,
    model: LiteModel,
    photo: Photo,
    answer: Classification,
    *,
    key: str,
    opened: bool = False,
) -> None:
    """Draw one photo with its answer, and everything that speaks for or against it.

    The answer is drawn first; what takes longer follows it, in parts of the page of their own.

    Args:
        run: Whose network has answered.
        model: That network.
        photo: The photo.
        answer: What the network says about it, or why it cannot be read.
        key: Begins the keys of the elements.
        opened: Whether heat map, nearest pictures and small changes are there at once, as for
            the only photo of a page; else they are behind "More".

    Raises:
        CnnlabError: If the network is gone; the answer is drawn by then.
    """
    if answer.probabilities is None or not np.isfinite(answer.probabilities).all():
        _refuse(photo, answer)
        return
    pictures, said = st.columns([2, 3], gap="medium")
    with said:
        _answer(run, photo, answer, answer.probabilities, key=key)
        stable = st.container()
    with pictures:
        _pictures(photo, answer)
    if opened:
        photo_details(run, photo, answer, key=key)
        with stable:
            frame.fragment(say_stability)(run, photo, answer)
    else:
        frame.fragment(_more)(run, photo, answer, key=key)


def _refuse(photo: Photo, answer: Classification) -> None:
    """Why there is no answer, in a sentence."""
    name = escape_markdown(photo.name)
    if answer.error is not None:
        why = escape_markdown(answer.error.message)
    else:
        why = "the network gave no numbers for it, so its weights are damaged. Train it again."
    said = why if name in why else f"**{name}**: {why}"
    st.error(said, icon=":material/broken_image:")


def _answer(
    run: Run, photo: Photo, answer: Classification, probabilities: FloatArray, *, key: str
) -> None:
    """The answer, how sure it is, and what is known about such answers."""
    winner, sure = escape_markdown(answer.label or ""), percent(float(probabilities.max()))
    unknown = answer.verdict is not None and not answer.verdict.known
    if unknown:
        st.markdown(f"#### :orange[:material/block:] {NONE_OF_THESE}")
        st.markdown(
            f"The closest one is **{winner}** ({sure}), but it looks stranger to the network than "
            f"{KEPT:.0%} of its validation pictures."
        )
    else:
        st.markdown(f"#### {winner} · {sure}")
    _labelled(photo, answer)
    figure = plot_probabilities(probabilities, answer.class_names, dark=context.is_dark())
    show_chart(figure, key=f"bars-{key}", name=f"answer-{photo.name}")
    if unknown:
        return  # how often it is right about pictures of its classes says nothing here
    if answer.verdict is not None:
        st.markdown(":material/verified: It looks like the pictures that the network knows.")
    _evidence(run, answer, probabilities)


def _labelled(photo: Photo, answer: Classification) -> None:
    """Whether the answer is what the photo's folder says."""
    if photo.label is None:
        return
    if photo.label == answer.label:
        st.markdown(":green[:material/check:] As its label says.")
        return
    said = f":red[:material/close:] It is labelled **{escape_markdown(photo.label)}**"
    if photo.label not in answer.class_names:
        said += ", which the network does not know"
    st.markdown(f"{said}.")


def _evidence(run: Run, answer: Classification, probabilities: FloatArray) -> None:
    """How often the network was right when it was about as sure."""
    try:
        validation, test = (predictions_of(run.id, each) for each in (Split.VALIDATION, Split.TEST))
    except RunError as error:
        st.caption(escape_markdown(error.message))
        return
    sure, predicted = float(probabilities.max()), int(probabilities.argmax())
    found = evidence(validation, test, sure, predicted)
    if found is None:
        st.caption("No validation pictures are stored with this network to compare its answer.")
        return
    st.markdown(f":material/fact_check: {escape_markdown(evidence_sentence(found))}")
    of_class = class_sentence(found)
    if of_class is not None:
        st.caption(escape_markdown(of_class))


def _pictures(photo: Photo, answer: Classification) -> None:
    """The photo, and beside it what the network saw of it."""
    side_px = _PHONE_PX if context.on_phone() else _PICTURE_PX
    with st.container(horizontal=True, gap="small"):
        with st.container(width=side_px, gap="xxsmall"):
            _photo(photo, answer, side_px)
        if answer.seen is not None:
            with st.container(width=side_px, gap="xxsmall"):
                st.image(_enlarged(answer.seen), width=side_px, alt=f"Seen: {clean(photo.name)}")
                st.caption(f"What the network saw: {size_text(answer.seen)}")


def _photo(photo: Photo, answer: Classification, side_px: int) -> None:
    try:
        copy = photo_copy(photo, answer)
    except ImageError as error:
        st.caption(f":material/hide_image: {escape_markdown(error.message)}")
        return
    with Image.open(BytesIO(copy)) as image:
        width, height = image.size
    st.image(copy, width=max(1, round(width * side_px / max(width, height))), alt=clean(photo.name))
    name = escape_markdown(photo.name)
    if answer.size_px is not None:
        name += f" · {answer.size_px[0]:,} × {answer.size_px[1]:,} px"
    st.caption(name)


def _enlarged(pixels: PixelArray) -> bytes:
    """What a network saw, large enough to see its pixels."""
    shown, _ = resized(pixels, np.zeros(pixels.shape[:2]), SHOWN_PX)
    return encoded(shown)


def _more(run: Run, photo: Photo, answer: Classification, *, key: str) -> None:
    """What takes longer, made only once somebody wants to see it."""
    with st.expander(_MORE, key=f"more-{key}", on_change="rerun") as more:
        if more.open:
            photo_details(run, photo, answer, key=key)
