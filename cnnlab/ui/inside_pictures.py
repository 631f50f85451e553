"""Choosing a picture to look at through a network's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import streamlit as st

from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import CnnlabError, DatasetError
from cnnlab.evaluation.mistakes import confident_mistakes
from cnnlab.evaluation.predictions import Predictions
from cnnlab.figures.text import escape_markdown, percent, shorten
from cnnlab.paths import user_path
from cnnlab.runs.datasets import Dataset, find_dataset
from cnnlab.runs.inspections import UPLOADED, keep_upload
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.address import asked, choose, follow
from cnnlab.ui.data import index_of, thumbnails_of
from cnnlab.ui.predicted import PICTURE
from cnnlab.ui.results import predictions_of, predictions_state
from cnnlab.workspace import RunFiles

MAX_PHOTO_MB = 50
OF_EACH_KIND = 3
_THUMBNAIL_PX = 108
_NAME_CHARACTERS = 12
_LOOKED_INTO = "inside-run"  # the run that was looked into last


@dataclass(frozen=True, slots=True)
class Chosen:
    """The picture that is looked at.

    Attributes:
        name: For people: its path in the data set or on the machine, or that it was uploaded.
        file: Where it lies.
        label: The class that its folder or a correction says; None if nothing does.
        held_out: Whether the run was judged by it.
        in_dataset: Whether it is one of the run's data set.
    """

    name: str
    file: Path
    label: str | None
    held_out: bool
    in_dataset: bool


@dataclass(frozen=True, slots=True)
class _Pick:
    """A held-out picture that is worth looking at."""

    path: str
    true: str
    said: str
    confidence: float

    @property
    def right(self) -> bool:
        return self.true == self.said


def choose_picture(run: Run) -> Chosen | None:
    """Let the user choose; the choice lives in the address. None where there is none to choose."""
    dataset = find_dataset(context.store(), run.dataset_id)
    index = _index(dataset)
    picks = _picks_of(run) if dataset is not None else []
    if dataset is None:
        st.info(
            "The data set is no longer in this workspace. Drop a picture of your own.",
            icon=":material/hide_image:",
        )
    _leave_behind(run, dataset, index)
    wanted = asked(PICTURE) or (picks[0].path if picks else None)
    if dataset is not None and index is not None and picks:
        _strip(dataset, index, picks, wanted)
    _another(run, open_at_first=wanted is None)
    if wanted is None:
        return None
    follow(PICTURE, asked(PICTURE))
    return _chosen(run, dataset, index, wanted)


def _leave_behind(run: Run, dataset: Dataset | None, index: DatasetIndex | None) -> None:
    """Where another run has been chosen, take a picture that it has not out of the address."""
    before = st.session_state.get(_LOOKED_INTO, run.id)
    st.session_state[_LOOKED_INTO] = run.id
    path = asked(PICTURE)
    if path is None or before == run.id:
        return
    try:
        _chosen(run, dataset, index, path)
    except CnnlabError:
        choose(PICTURE, None)


def _strip(
    dataset: Dataset, index: DatasetIndex, picks: Sequence[_Pick], wanted: str | None
) -> None:
    """Small pictures, those that were mistaken first."""
    rows = index.frame[index.frame["path"].isin([pick.path for pick in picks])]
    thumbnails = {
        path: thumbnail
        for path, thumbnail in zip(rows["path"], thumbnails_of(dataset.location, rows), strict=True)
        if thumbnail is not None
    }
    with st.container(horizontal=True, gap="medium"):
        for title, right in (("Surest mistakes", False), ("Surely right", True)):
            chosen = [pick for pick in picks if pick.right == right and pick.path in thumbnails]
            if not chosen:
                continue
            with st.container(width="content", gap="xxsmall"):
                st.caption(title)
                with st.container(horizontal=True, gap="small", width="content"):
                    for pick in chosen:
                        _offer(pick, thumbnails[pick.path], shown=pick.path == wanted)


def _offer(pick: _Pick, thumbnail: bytes, *, shown: bool) -> None:
    """A small picture, and the class that it was taken for as a button."""
    said, true = escape_markdown(pick.said), escape_markdown(pick.true)
    with st.container(width=_THUMBNAIL_PX, gap="xxsmall"):
        st.image(thumbnail, width=_THUMBNAIL_PX, alt=f"{pick.true}: {pick.path}")
        st.button(
            escape_markdown(shorten(pick.said, _NAME_CHARACTERS)),
            key=f"look-{pick.path}",
            type="primary" if shown else "secondary",
            width="stretch",
            help=f"{true}, taken for {said} ({percent(pick.confidence)}): "
            f"{escape_markdown(pick.path)}",
            on_click=choose,
            args=(PICTURE, pick.path),
        )


def _another(run: Run, *, open_at_first: bool) -> None:
    """Another picture: by its path, or dropped here."""
    with st.expander(
        "Another picture", icon=":material/add_photo_alternate:", expanded=open_at_first
    ):
        by_path, dropped = st.columns(2)
        with by_path:
            key = f"inside-path-{run.id}"
            st.text_input(
                "Path",
                key=key,
                placeholder="cats/12.jpg, or /home/me/photo.jpg",
                help="In the data set, or a file on the machine that runs cnnlab",
                on_change=lambda: _take_path(key),
            )
        with dropped:
            photo = st.file_uploader(
                "Photo",
                max_upload_size=MAX_PHOTO_MB,
                key=f"inside-photo-{run.id}",
                help="JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF",
            )
        if photo is not None and st.session_state.get("inside-uploaded") != photo.file_id:
            st.session_state["inside-uploaded"] = photo.file_id
            kept = keep_upload(_files(run), photo.getvalue())
            choose(PICTURE, kept.name)
            st.rerun()


def _take_path(key: str) -> None:
    typed = str(st.session_state[key]).strip()
    if typed:
        choose(PICTURE, typed)


def _chosen(run: Run, dataset: Dataset | None, index: DatasetIndex | None, wanted: str) -> Chosen:
    """What the address asks for.

    Raises:
        DatasetError: If there is no such picture.
        PathError: If there cannot be one of such a name.
    """
    if wanted.startswith(UPLOADED):
        uploaded = user_path(_files(run).views_folder / PurePosixPath(wanted).name)
        if uploaded.is_file():
            return Chosen("your picture", uploaded, None, held_out=False, in_dataset=False)
    known = _known(run, wanted)
    if index is not None and dataset is not None:
        rows = index.frame[index.frame["path"] == wanted]
        if len(rows):
            label = known or str(rows["class"].iloc[0])
            return Chosen(wanted, dataset.location / wanted, label, known is not None, True)
    if known is not None and dataset is not None:
        return Chosen(wanted, dataset.location / wanted, known, True, True)
    file = user_path(wanted)
    if file.is_absolute() and file.is_file():
        return Chosen(wanted, file, None, held_out=False, in_dataset=False)
    raise DatasetError(
        "unknown-picture",
        "The picture must be one of the run's data set, or a file on the machine that runs cnnlab. "
        f"Received: {wanted!r}. Choose one above, or check the path's spelling.",
    )


def _known(run: Run, path: str) -> str | None:
    """The class of a picture that the run was judged by."""
    try:
        predictions = predictions_of(run.id)
        row = predictions.paths.index(path)
    except (CnnlabError, ValueError):
        return None
    return predictions.class_names[int(predictions.true[row])]


def _index(dataset: Dataset | None) -> DatasetIndex | None:
    try:
        return None if dataset is None else index_of(dataset)
    except DatasetError:
        return None


def _picks_of(run: Run) -> list[_Pick]:
    try:
        predictions = predictions_of(run.id)
    except CnnlabError:
        return []  # the other views say why
    return _picks(*predictions_state(run.id), predictions)


@st.cache_resource(max_entries=16, show_spinner=False)
def _picks(file: Path, changed_ns: int, _predictions: Predictions) -> list[_Pick]:
    """A few confident mistakes, and as many that were surely right, each of another class."""
    held_out = _predictions.select("test")
    held_out = held_out if len(held_out) else _predictions
    right = np.flatnonzero(held_out.predicted == held_out.true)
    surest = right[np.argsort(-held_out.confidence[right], kind="stable")]
    _, firsts = np.unique(held_out.true[surest], return_index=True)
    one_each = surest[np.sort(firsts)]
    others = surest[~np.isin(surest, one_each)]
    rows = [*confident_mistakes(held_out)[:OF_EACH_KIND]]
    rows += [*one_each, *others][: 2 * OF_EACH_KIND - len(rows)]
    names = held_out.class_names
    return [
        _Pick(
            held_out.paths[row],
            names[int(held_out.true[row])],
            names[int(held_out.predicted[row])],
            float(held_out.confidence[row]),
        )
        for row in rows
    ]


def _files(run: Run) -> RunFiles:
    return RunFiles(context.workspace().run_folder(run.id))
