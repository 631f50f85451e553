"""Saying what photos really show, and making a labelled set of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.figures.text import escape_markdown, shorten
from cnnlab.reports.answered_photos import AnsweredPhotos
from cnnlab.runs import jobs
from cnnlab.runs.datasets import Dataset, get_dataset, list_datasets
from cnnlab.runs.made_sets import takes_pictures
from cnnlab.runs.states import JobKind
from cnnlab.runs.tray_corrections import (
    TrayCorrections,
    add_to_set,
    correct_photos,
    make_labelled_set,
    undo_correction,
)
from cnnlab.runs.trays import Tray
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA, remember

_FIELD_PX = 240
_CLASS_CHARACTERS = 24
_CHANGED = "tray-corrected"
_NEW = ""


def correct_one(photos: AnsweredPhotos, tray: Tray, number: int) -> None:
    """Let the user say what one photo shows."""
    name = photos.photos[number].name
    key, current = f"correct-{tray.id}-{crc32(_bytes(name)):x}", photos.corrected.get(name)
    if st.session_state.get(key) != current:
        st.session_state[key] = current
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=_FIELD_PX):
            st.selectbox(
                "What it really shows",
                _classes(photos),
                index=None,
                key=key,
                placeholder="the right class, or a new one",
                accept_new_options=True,
                on_change=lambda: _say(tray, {name: st.session_state[key] or None}),
            )
        answers = dict.fromkeys(said[number] for said in photos.said if said[number] is not None)
        for answer in answers:
            if answer != current:
                st.button(
                    f"It is {escape_markdown(shorten(answer, _CLASS_CHARACTERS))}",
                    key=f"confirm-{key}-{answer}",
                    icon=":material/check:",
                    type="tertiary",
                    on_click=_say,
                    args=(tray, {name: answer}),
                )
        if current is not None:
            of = escape_markdown(shorten(current, _CLASS_CHARACTERS))
            st.markdown(f":green[:material/label: you said {of}]", width="content")


def correct_ticked(photos: AnsweredPhotos, tray: Tray, ticked: Sequence[int]) -> None:
    """Let the user say what the ticked photos show."""
    numbers = [number for number in ticked if not photos.refused[number]]
    if not numbers:
        return
    names, key = [photos.photos[number].name for number in numbers], f"correct-ticked-{tray.id}"
    count = f"{len(names):,} ticked photo{'' if len(names) == 1 else 's'}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=_FIELD_PX):
            chosen = st.selectbox(
                f"The {count} show{'s' if len(names) == 1 else ''}",
                _classes(photos),
                index=None,
                key=key,
                placeholder="a class, or a new one",
                accept_new_options=True,
            )
        st.button(
            "Say so",
            key=f"{key}-say",
            icon=":material/label:",
            disabled=not chosen,
            on_click=_say,
            args=(tray, dict.fromkeys(names, chosen)),
        )
        answers = {photos.photos[number].name: photos.said[0][number] for number in numbers}
        st.button(
            "The answers are right",
            key=f"{key}-confirm",
            icon=":material/check:",
            on_click=_say,
            args=(tray, answers),
        )


def corrections_bar(tray: Tray, said: TrayCorrections) -> None:
    """What was said so far: undo it step by step, or make a labelled set of it."""
    if said.steps:
        st.button(
            "Undo",
            key=f"undo-{tray.id}",
            icon=":material/undo:",
            type="tertiary",
            help="Take back what was said last about these photos",
            on_click=_guarded,
            args=(lambda: undo_correction(context.workspace(), tray),),
        )
    if said.classes:
        count = len(said.classes)
        with st.popover(
            f"Make a labelled set from {count:,} corrected photo{'' if count == 1 else 's'}",
            icon=":material/create_new_folder:",
        ):
            _set_form(tray, said.classes)


def was_corrected() -> bool:
    """Whether something was said about photos since this was last asked."""
    return bool(st.session_state.pop(_CHANGED, False))


def _set_form(tray: Tray, classes: Mapping[str, str]) -> None:
    counts = Counter(classes.values())
    listed = ", ".join(f"{escape_markdown(name)} {n:,}" for name, n in sorted(counts.items()))
    st.markdown(f"{listed}. The files are copied as they are.")
    known = {each.id: each for each in list_datasets(context.store()) if takes_pictures(each)}
    options = [*([_NEW] if len(counts) > 1 else []), *known]
    if len(counts) < 2:
        st.caption(
            "A new set needs two classes. Say what photos of another class show, or confirm "
            "answers that are right"
            + ("; or add these to a set that was made here." if known else ".")
        )
    if not options:
        return
    target = st.selectbox(
        "Where to",
        options,
        format_func=lambda each: f"Add to {known[each].name} ({each})" if each else "A new set",
        key=f"set-target-{tray.id}",
    )
    name = ""
    if target == _NEW:
        name = st.text_input("Name of the set", value=tray.name, key=f"set-name-{tray.id}")
    if st.button("Make it" if target == _NEW else "Add them", type="primary", key="set-make"):
        try:
            dataset = _made(tray, target, name)
        except CnnlabError as error:
            st.error(escape_markdown(error.message), icon=":material/error:")
            return
        jobs.submit_job(context.store(), JobKind.SCAN, dataset.id)
        remember(DATA, dataset.id)
        go(frame.SAMPLES, **{DATA: dataset.id})


def _made(tray: Tray, target: str, name: str) -> Dataset:
    store, workspace = context.store(), context.workspace()
    if target == _NEW:
        return make_labelled_set(store, workspace, tray, name)
    dataset = get_dataset(store, target)
    add_to_set(workspace, tray, dataset)
    return dataset


def _classes(photos: AnsweredPhotos) -> list[str]:
    """Classes to choose from: those of the networks, then what else was said."""
    names = [name for each in photos.answers for name in each.class_names]
    others = {name for name in photos.truth if name is not None}
    return list(dict.fromkeys([*names, *sorted(others)]))


def _say(tray: Tray, said: Mapping[str, str | None]) -> None:
    _guarded(lambda: correct_photos(context.workspace(), tray, said))


def _guarded(action: Callable[[], None]) -> None:
    """Change what was said before the page is drawn anew; a refusal is said beside it."""
    try:
        action()
    except CnnlabError as error:
        st.toast(escape_markdown(error.message), icon=":material/error:")
    st.session_state[_CHANGED] = True


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")
