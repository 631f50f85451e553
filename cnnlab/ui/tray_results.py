"""What one or two networks answer for the photos of a tray."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import streamlit as st

from cnnlab.figures.text import escape_markdown
from cnnlab.inference.answering import Answering
from cnnlab.reports.answered_photos import AnsweredPhotos, Wanted
from cnnlab.runs.runs import Run
from cnnlab.runs.trays import Tray
from cnnlab.ui import context, frame
from cnnlab.ui.address import choose
from cnnlab.ui.photo_panel import photo_panel
from cnnlab.ui.tray_answers import (
    answer_of,
    answered,
    batch_of,
    corrections,
    follow_batch,
    wait_for_few,
)
from cnnlab.ui.tray_corrections import (
    correct_one,
    correct_ticked,
    corrections_bar,
    was_corrected,
)
from cnnlab.ui.tray_evaluation import (
    accuracy_line,
    compare_networks,
    evaluation_panel,
    is_filed,
)
from cnnlab.ui.tray_table import (
    AS,
    LETTERS,
    PHOTO,
    choose_photos,
    csv_button,
    opened_photo,
    photo_table,
    was_opened,
)
from cnnlab.ui.views import choose_view

POLL_SECONDS = 1.0
_TABLE, _FIGURES = "photos", "figures"
_VIEWS = {_TABLE: "Photos", _FIGURES: "By class"}


def tray_results(runs: Sequence[Run], tray: Tray) -> None:
    """Classify the photos of a tray, and show what is known so far.

    A few photos are drawn in full, many as a table in which each can be opened.

    Args:
        runs: One, or two that are compared.
        tray: The photos.

    Raises:
        RunError: If a run's network is gone.
    """
    batches = [batch_of(run, tray) for run in runs]
    wait_for_few(batches)
    if all(batch.standing.stage.over for batch in batches):
        for run, batch in zip(runs, batches, strict=True):
            follow_batch(run, batch)
        if not batches[0].few:
            frame.fragment(_overview)(runs, batches, tray)
    else:
        frame.fragment(_under_way, every_seconds=POLL_SECONDS)(runs, batches, tray)
    photos = answered(runs, batches, tray)
    if photos is None:
        return
    if batches[0].few:
        _few(runs, batches, tray, photos)
        return
    number = opened_photo(photos)
    if number is not None:
        _opened(runs, batches, tray, photos, number)


def _under_way(runs: Sequence[Run], batches: Sequence[Answering], tray: Tray) -> None:
    """What is known while there is more to come, again and again."""
    context.attend()
    over = all(batch.standing.stage.over for batch in batches)
    shown = st.session_state.get(_shown_key(tray))
    count = min(batch.standing.done for batch in batches)
    if over or (batches[0].few and count != shown):
        st.session_state[_shown_key(tray)] = count
        st.rerun()
    for run, batch in zip(runs, batches, strict=True):
        follow_batch(run, batch)
    if not batches[0].few:
        _overview(runs, batches, tray)


def _overview(runs: Sequence[Run], batches: Sequence[Answering], tray: Tray) -> None:
    """The table of many photos with everything around it."""
    photos = answered(runs, batches, tray)
    if photos is None or not len(photos):
        return
    titles = [run.id for run in runs]
    _summary(photos, titles)
    view = _TABLE
    if is_filed(tray):
        view = choose_view(_VIEWS, key=f"tray-view-{tray.id}", name=AS, label="Show answers")
    if view == _FIGURES:
        _figures(photos, titles, tray)
    else:
        _table(photos, titles, tray)
    if was_opened() or was_corrected():
        st.rerun()


def _summary(photos: AnsweredPhotos, titles: Sequence[str]) -> None:
    """How many photos there are, and what stands out among them."""
    refused, parts = int(photos.refused.sum()), [f"**{len(photos):,} photos**"]
    if refused:
        parts.append(f":red[:material/broken_image: {refused:,} cannot be read]")
    for place, title in enumerate(titles):
        unknown = int(photos.unknown[place].sum())
        if unknown:
            of = f" (by {escape_markdown(title)})" if len(titles) > 1 else ""
            parts.append(f":orange[{unknown:,} show none of these classes{of}]")
    if photos.corrected:
        parts.append(f"{len(photos.corrected):,} corrected by you")
    st.markdown(" · ".join(parts))
    if any(photo.label is not None for photo in photos.photos):
        accuracy_line(photos, titles)
    if len(titles) > 1:
        compare_networks(photos, titles)


def _figures(photos: AnsweredPhotos, titles: Sequence[str], tray: Tray) -> None:
    places = st.tabs(list(titles)) if len(titles) > 1 else [st.container()]
    for place, (panel, title) in enumerate(zip(places, titles, strict=True)):
        with panel:
            evaluation_panel(photos, place, key=f"{tray.id}-{title}")


def _table(photos: AnsweredPhotos, titles: Sequence[str], tray: Tray) -> None:
    wanted = choose_photos(photos)
    rows = photos.rows(wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(rows) != len(photos):
            st.markdown(f"{len(rows):,} of {len(photos):,} photos", width="content")
        csv_button(photos, rows, tray, titles)
        corrections_bar(tray, corrections(tray))
    if not len(rows):
        st.info("No photo is like that. Choose others above.", icon=":material/search_off:")
        return
    correct_ticked(photos, tray, photo_table(photos, wanted))
    if len(titles) > 1:
        legend = (f"{letter}: {title}" for letter, title in zip(LETTERS, titles, strict=True))
        st.caption(escape_markdown(" · ".join(legend)))


def _opened(
    runs: Sequence[Run],
    batches: Sequence[Answering],
    tray: Tray,
    photos: AnsweredPhotos,
    number: int,
) -> None:
    """One photo of many, in full."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escape_markdown(photos.photos[number].name), anchor=False)
        st.button(
            "Close",
            icon=":material/close:",
            type="tertiary",
            key="close-photo",
            on_click=choose,
            args=(PHOTO, None),
        )
    _panels(runs, batches, tray, number, opened=True)
    if not photos.refused[number]:
        correct_one(photos, tray, number)


def _few(
    runs: Sequence[Run], batches: Sequence[Answering], tray: Tray, photos: AnsweredPhotos
) -> None:
    """Every photo in full, one below the other."""
    titles = [run.id for run in runs]
    if len(photos) > 1:
        _summary(photos, titles)
    elif len(runs) > 1:
        compare_networks(photos, titles)
    with st.container(horizontal=True, vertical_alignment="center"):
        csv_button(photos, photos.rows(Wanted()), tray, titles)
        corrections_bar(tray, corrections(tray))
    for number in range(len(photos)):
        with st.container(border=True):
            _panels(runs, batches, tray, number, opened=len(photos) == 1)
            if not photos.refused[number]:
                correct_one(photos, tray, number)


def _panels(
    runs: Sequence[Run], batches: Sequence[Answering], tray: Tray, number: int, *, opened: bool
) -> None:
    """What each network says about one photo; two of them side by side, or stacked on a phone."""
    photo = tray.photos[number]
    places = st.columns(len(runs), gap="large") if len(runs) > 1 else [st.container()]
    for place, run, batch in zip(places, runs, batches, strict=True):
        with place, frame.shown_errors():
            if len(runs) > 1:
                st.markdown(f"**{escape_markdown(run.id)}**")
            model = context.model_of(run.id)
            answer = answer_of(run, batch, tray, number)
            name = crc32(photo.name.encode("utf-8", "surrogatepass"))
            key = f"{tray.id}-{run.id}-{name:x}"
            photo_panel(run, model, photo, answer, key=key, opened=opened)


def _shown_key(tray: Tray) -> str:
    return f"tray-shown-{tray.id}"
