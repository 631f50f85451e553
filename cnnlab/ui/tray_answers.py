"""The answers for a tray of photos: made in the background, followed on the page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from cnnlab.datasets.photos import Photo
from cnnlab.figures.text import duration, escape_markdown
from cnnlab.inference.answering import LARGE_THUMBNAIL_PX, Answering, Answerings, Stage, Standing
from cnnlab.inference.answers import Answers
from cnnlab.inference.classify import Classification, classify
from cnnlab.reports.answered_photos import AnsweredPhotos
from cnnlab.runs.runs import Run
from cnnlab.runs.tray_corrections import FILE_NAME, TrayCorrections, corrections_of
from cnnlab.runs.trays import Tray
from cnnlab.ui import context
from cnnlab.ui.results import file_state
from cnnlab.workspace import RunFiles

AT_ONCE_SECONDS = 0.5  # so long a page waits for a few photos

_Known = tuple[str, str, int]  # of a network: its run, its state, how many photos it has answered


def batch_of(run: Run, tray: Tray) -> Answering:
    """The photos of a tray on their way through a run's network; begun if they are not.

    Raises:
        RunError: If the run has no network any more.
    """
    return _answerings().get(_files(run), tray.photos, tray.folder)


def wait_for_few(batches: Sequence[Answering]) -> None:
    """Give a few photos the time that they need, so that the page shows them at once."""
    ends_at = time.monotonic() + AT_ONCE_SECONDS
    for batch in batches:
        if batch.few:
            batch.wait(max(0.0, ends_at - time.monotonic()))


def follow_batch(run: Run, batch: Answering) -> None:
    """How far a batch is, with a way to stop it or to go on; nothing where it is done."""
    standing, name = batch.standing, escape_markdown(run.id)
    if standing.error is not None:
        show = st.warning if standing.stage is Stage.DONE else st.error
        show(f"{name}: {escape_markdown(standing.error.message)}", icon=":material/error:")
    if standing.stage is Stage.DONE:
        return
    bar, action = st.columns([6, 1], vertical_alignment="center")
    with bar:
        share = standing.done / standing.total
        st.progress(share, f"{name}: {progress_text(standing)}")
    with action:
        if not standing.stage.over:
            st.button(
                "Stop",
                key=f"stop-answers-{run.id}",
                type="tertiary",
                icon=":material/stop_circle:",
                on_click=batch.stop,
            )
        elif st.button(
            "Go on" if standing.stage is Stage.STOPPED else "Try again",
            key=f"start-answers-{run.id}",
            icon=":material/play_arrow:",
        ):
            batch.start()
            st.rerun()


def progress_text(standing: Standing) -> str:
    """How far a batch is, in a few words."""
    text = f"{standing.done:,} of {standing.total:,}"
    if standing.seconds_left is not None:
        return f"{text} · {duration(standing.seconds_left)} left"
    if standing.stage is Stage.WAITING:
        return f"{text} · waiting for other photos"
    return f"{text} · {standing.stage.value}" if standing.stage.over else text


def corrections(tray: Tray) -> TrayCorrections:
    """What was said about the photos of a tray, read again when it changes.

    Raises:
        WorkspaceError: If the file is damaged.
    """
    return _corrections(tray.folder, file_state(tray.folder / FILE_NAME), len(tray.photos), tray)


def answered(
    runs: Sequence[Run], batches: Sequence[Answering], tray: Tray
) -> AnsweredPhotos | None:
    """The photos that every network has answered by now; None before the first one.

    Raises:
        WorkspaceError: If what was said about them cannot be read.
    """
    found = [batch.answers() for batch in batches]
    answers = [each for each in found if each is not None]
    if len(answers) < len(found):
        return None
    known = tuple(
        (run.id, batch.state, len(each))
        for run, batch, each in zip(runs, batches, answers, strict=True)
    )
    said = file_state(tray.folder / FILE_NAME)
    return _joined(tray.folder, len(tray.photos), known, said, tray, answers)


def answer_of(run: Run, batch: Answering, tray: Tray, number: int) -> Classification:
    """One photo's answer with what the network saw, asked for again where that was not kept.

    Raises:
        RunError: If the run has no network any more.
    """
    seen, photo = batch.seen(number), tray.photos[number]
    if seen is not None:
        return seen
    return _asked_again(tray.folder, photo.name, batch.state, run.id, run, photo)


@st.cache_resource(show_spinner=False)
def _answerings() -> Answerings:
    return Answerings(context.shelf())


@st.cache_resource(max_entries=16, show_spinner=False)
def _corrections(folder: Path, state: int, count: int, _tray: Tray) -> TrayCorrections:
    return corrections_of(_tray)


@st.cache_resource(max_entries=8, show_spinner=False)
def _joined(
    folder: Path,
    count: int,
    known: tuple[_Known, ...],
    said: int,
    _tray: Tray,
    _answers: Sequence[Answers],
) -> AnsweredPhotos:
    return AnsweredPhotos(_tray.photos, _answers, corrections(_tray).classes)


@st.cache_resource(max_entries=16, show_spinner=False)
def _asked_again(
    folder: Path, name: str, state: str, run_id: str, _run: Run, _photo: Photo
) -> Classification:
    model = context.model_of(_run.id)
    return next(classify(model, [_photo], thumbnail_px=LARGE_THUMBNAIL_PX))


def _files(run: Run) -> RunFiles:
    return RunFiles(context.workspace().run_folder(run.id))
