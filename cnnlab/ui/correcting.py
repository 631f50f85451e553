"""Correcting pictures: ticks, the bar of what can be done with them, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cnnlab.datasets.edits import Edit
from cnnlab.datasets.index import DatasetIndex
from cnnlab.figures.text import escape_markdown
from cnnlab.runs import corrections
from cnnlab.runs.corrections import Step
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import context


def tick(dataset: Dataset, path: str, label: str, key: str) -> None:
    """A checkbox that remembers a picture, also when another page of the grid is shown.

    Args:
        label: Markdown.
        key: Of the grid.
    """
    picked = _picked(dataset, key)
    name = f"tick-{_round(dataset, key)}-{key}-{dataset.id}-{path}"
    st.checkbox(
        label,
        value=path in picked,
        key=name,
        on_change=_note_tick,
        args=(picked, path, name),
        width="stretch",
    )


def ticked(dataset: Dataset, index: DatasetIndex, key: str) -> list[str]:
    """Every picture that is ticked in a grid and still there, sorted."""
    picked = _picked(dataset, key)
    return sorted(picked & set(index.frame["path"])) if picked else []


def _picked(dataset: Dataset, key: str) -> set[str]:
    picked: set[str] = st.session_state.setdefault(f"picked-{key}-{dataset.id}", set())
    return picked


def _round(dataset: Dataset, key: str) -> int:
    """Counts up when every tick is taken away, since a widget keeps what it was told."""
    number: int = st.session_state.setdefault(f"round-{key}-{dataset.id}", 0)
    return number


def _forget_picked(dataset: Dataset, key: str) -> None:
    _picked(dataset, key).clear()
    st.session_state[f"round-{key}-{dataset.id}"] = _round(dataset, key) + 1


def _note_tick(picked: set[str], path: str, name: str) -> None:
    if st.session_state[name]:
        picked.add(path)
    else:
        picked.discard(path)


def correction_bar(
    dataset: Dataset,
    index: DatasetIndex,
    chosen: Sequence[str],
    *,
    key: str,
    suggested: Mapping[str, str] | None = None,
) -> None:
    """Exclude, relabel or restore the chosen pictures, and undo the last step.

    Args:
        dataset: Where the pictures lie.
        index: With the user's corrections.
        chosen: Their paths.
        key: Of the grid.
        suggested: A class for each of them that can be taken over with one click; None where
            there are no such suggestions.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        none = not chosen
        if st.button(
            f"Exclude {len(chosen):,}" if chosen else "Exclude",
            icon=":material/block:",
            disabled=none,
            key=f"exclude-{key}",
            help="Tick pictures first. They stay where they are, but are used for nothing.",
        ):
            correct(dataset, chosen, Edit.EXCLUDE, key=key)
        with st.popover("Relabel", icon=":material/label:", disabled=none, key=f"relabel-{key}"):
            name = st.selectbox(
                "Class from now on",
                index.class_names,
                index=None,
                accept_new_options=True,
                placeholder="Choose a class, or type a new one",
                key=f"class-{key}",
            )
            if st.button("Relabel them", type="primary", disabled=not name, key=f"apply-{key}"):
                correct(dataset, chosen, Edit.RELABEL, name, key=key)
        if suggested is not None and st.button(
            "Relabel as the network says",
            icon=":material/new_label:",
            disabled=not suggested,
            key=f"suggested-{key}",
            help="Each of the ticked pictures gets the class that the network takes it for",
        ):
            relabel_each(dataset, suggested, key=key)
        if st.button(
            "Restore",
            icon=":material/settings_backup_restore:",
            disabled=not set(chosen) & {*index.excluded, *index.relabelled},
            key=f"restore-{key}",
            help="Back to what the folder says",
        ):
            correct(dataset, chosen, Edit.RESTORE, key=key)
        if st.button("Tick none", disabled=none, key=f"none-{key}", type="tertiary"):
            _forget_picked(dataset, key)
            st.rerun(scope="fragment")
        undo_button(dataset, key=key)


def undo_button(dataset: Dataset, *, key: str) -> None:
    """Take back the last step, whatever it was."""
    steps = corrections.steps(context.store(), dataset.id)
    if not steps:
        return
    if st.button(
        f"Undo: {say_step(steps[-1])}",
        icon=":material/undo:",
        key=f"undo-{key}",
    ):
        corrections.undo(context.store(), context.workspace(), dataset, steps[-1].number)
        st.rerun()


def say_step(step: Step) -> str:
    """A step in a few words, as Markdown."""
    count = len(step.paths)
    what = "1 picture" if count == 1 else f"{count:,} pictures"
    match step.edit:
        case Edit.EXCLUDE:
            return f"excluded {what}"
        case Edit.RELABEL:
            return f"{what} to “{escape_markdown(step.class_name or '')}”"
        case Edit.RESTORE:
            return f"restored {what}"


def correct(
    dataset: Dataset,
    paths: Sequence[str],
    edit: Edit,
    class_name: str | None = None,
    *,
    key: str = "",
) -> None:
    """Carry out a correction and draw the whole page anew, since every count may change."""
    step = corrections.correct(
        context.store(), context.workspace(), dataset, paths, edit, class_name
    )
    _forget_picked(dataset, key)
    st.toast(f"Done: {say_step(step)}. Undo takes it back.", icon=":material/done:")
    st.rerun()


def relabel_each(dataset: Dataset, class_names: Mapping[str, str], *, key: str) -> None:
    """Give each picture a class of its own, in a step for each class, and draw the page anew.

    Args:
        dataset: The data set.
        class_names: New class by path.
        key: Of the grid whose ticks are done with.
    """
    paths: dict[str, list[str]] = {}
    for path, class_name in class_names.items():
        paths.setdefault(class_name, []).append(path)
    done = [
        corrections.correct(
            context.store(), context.workspace(), dataset, chosen, Edit.RELABEL, class_name
        )
        for class_name, chosen in sorted(paths.items())
    ]
    _forget_picked(dataset, key)
    said = ", ".join(say_step(step) for step in done)
    st.toast(f"Done: {said}. Undo takes it back.", icon=":material/done:")
    st.rerun()
