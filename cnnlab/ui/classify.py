"""The panels of the Classify page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnnlab.datasets.images import load, thumbnail
from cnnlab.datasets.photos import Photo
from cnnlab.errors import CnnlabError
from cnnlab.figures.probabilities import plot_probabilities
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.inference.classify import Classification, classify
from cnnlab.inference.model import LiteModel
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.home import TOUR
from cnnlab.ui.results import predictions_of
from cnnlab.workspace import RunFiles

SHOWN_PX = 320
MAX_PHOTO_MB = 50
UNSEEN_PICTURES = 3


def model_of(run: Run) -> LiteModel:
    """The run's network, loaded once and shared.

    Raises:
        RunError: If its files are missing or damaged.
    """
    model = context.shelf().get(RunFiles(context.workspace().run_folder(run.id)))
    names = ", ".join(escape_markdown(name) for name in model.facts.class_names)
    st.caption(f"Tells apart: {names}")
    return model


def uploaded_photos() -> list[Photo]:
    """Photos that the user has dropped here."""
    files = st.file_uploader(
        "Photos",
        accept_multiple_files=True,
        max_upload_size=MAX_PHOTO_MB,
        help="JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF; several at once",
    )
    return [Photo(name=file.name, source=file.getvalue()) for file in files]


def answers(model: LiteModel, photos: Sequence[Photo]) -> None:
    """One row a photo: the picture, the winner, the most probable classes as bars."""
    bar = st.progress(0.0, "Classifying") if len(photos) > 1 else None
    for number, (photo, answer) in enumerate(zip(photos, classify(model, photos), strict=True)):
        if bar is not None:
            bar.progress((number + 1) / len(photos), f"{number + 1} of {len(photos)}")
        _answer(photo, answer, key=f"photo-{number}")
    if bar is not None:
        bar.empty()


def unseen_pictures(run: Run, model: LiteModel) -> None:
    """A few pictures that the network was not trained on, so that the page never is empty."""
    photos = _unseen(run)
    if not photos:
        return
    if st.query_params.get(TOUR):
        st.success(
            "Your first network is trained. These pictures it has never seen before; "
            "drop a picture of your own above.",
            icon=":material/celebration:",
        )
    else:
        st.caption("No photo at hand? Pictures that this network was not trained on:")
    if st.button("Other pictures", icon=":material/shuffle:"):
        st.session_state["unseen-seed"] = st.session_state.get("unseen-seed", 0) + 1
        st.rerun()
    answers(model, photos)


def _answer(photo: Photo, answer: Classification, *, key: str) -> None:
    with st.container(border=True):
        if answer.probabilities is None:
            st.error(
                f"**{escape_markdown(photo.name)}**: {escape_markdown(str(answer.error))}",
                icon=":material/broken_image:",
            )
            return
        picture, result = st.columns([1, 2], gap="medium", vertical_alignment="center")
        with picture:
            st.image(
                thumbnail(load(photo.source, name=photo.name), SHOWN_PX),
                width=SHOWN_PX // 2,
                alt=photo.name,
            )
            st.caption(escape_markdown(photo.name))
        with result:
            winner = escape_markdown(answer.label or "")
            st.markdown(f"#### {winner} · {percent(float(np.max(answer.probabilities)))}")
            figure = plot_probabilities(
                answer.probabilities, answer.class_names, dark=context.is_dark()
            )
            show_chart(figure, key=key)


def _unseen(run: Run) -> list[Photo]:
    """Random held-out pictures of the run's data set, test pictures first."""
    try:
        predictions = predictions_of(run.id)
        root = get_dataset(context.store(), run.dataset_id).location
    except CnnlabError:
        return []
    held_out = predictions.select("test") if (predictions.splits == "test").any() else predictions
    rng = np.random.default_rng(st.session_state.get("unseen-seed", 0))
    paths = list(held_out.paths)
    chosen = rng.choice(len(paths), size=min(UNSEEN_PICTURES, len(paths)), replace=False)
    return [
        Photo(name=paths[number], source=root / paths[number])
        for number in chosen
        if (root / paths[number]).exists()
    ]
