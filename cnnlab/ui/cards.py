"""Pictures as cards: a small picture that can be ticked and opened."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnlab.datasets.index import DatasetIndex
from cnnlab.figures.text import escape_markdown, shorten
from cnnlab.runs.datasets import Dataset
from cnnlab.ui.correcting import tick, ticked
from cnnlab.ui.data import thumbnails_of
from cnnlab.ui.picture import show_picture

CARD_PX = 132
_LABEL_CHARACTERS = 16
_NAME_CHARACTERS = 20


def picture_grid(
    dataset: Dataset, index: DatasetIndex, rows: pd.DataFrame, *, key: str, named: bool = False
) -> list[str]:
    """Some pictures side by side.

    Args:
        dataset: Where they lie.
        index: With the user's corrections.
        rows: Of the index, the pictures to show.
        key: Tells grids on one page apart; grids with the same key share their ticks.
        named: Show the name of each file, and the split that its folder gives.

    Returns:
        Paths of the ticked ones among all that were ever shown in this grid.
    """
    lost: list[str] = []
    with st.container(horizontal=True, gap="small"):
        pictures = thumbnails_of(dataset.location, rows)
        columns = (rows[name] for name in ("path", "class", "split"))
        for picture, path, class_name, split in zip(pictures, *columns, strict=True):
            if picture is None:
                lost.append(path)
                continue
            with st.container(width=CARD_PX, gap="xxsmall"):
                st.image(picture, width=CARD_PX, alt=f"{class_name}: {path}")
                with actions_row():
                    picture_actions(dataset, index, path, class_name, key=key)
                if named:
                    about = [split] if split else []
                    about.append(shorten(path.rsplit("/", 1)[-1], _NAME_CHARACTERS))
                    st.caption(escape_markdown(" · ".join(about)))
    if lost:
        st.warning(
            f"{len(lost)} of these pictures cannot be read any more, such as "
            f"{escape_markdown(lost[0])}. Look again to update the counts.",
            icon=":material/warning:",
        )
    return ticked(dataset, index, key)


def actions_row() -> DeltaGenerator:
    """Where what can be done with a picture stands, below it."""
    return st.container(horizontal=True, wrap=False, gap="xxsmall", vertical_alignment="center")


def picture_actions(
    dataset: Dataset,
    index: DatasetIndex,
    path: str,
    label: str,
    *,
    key: str,
    said: str = "",
    more: Callable[[], None] | None = None,
) -> None:
    """A tick, marked if the picture was corrected, and a button that opens the picture.

    Args:
        dataset: Where the picture lies.
        index: With the user's corrections; the picture is in it.
        path: Of the picture.
        label: Of the tick, plain text; a long one is shortened.
        key: Of the grid.
        said: What a network said about the picture, Markdown.
        more: Draws what else there is to see below the opened picture.
    """
    mark = ""
    if path in index.excluded:
        mark = " :material/block:"
    elif path in index.relabelled:
        mark = " :material/label:"
    shown = f"{escape_markdown(shorten(label, _LABEL_CHARACTERS))}{mark}"
    tick(dataset, path, shown, key)
    if st.button(
        "",
        icon=":material/zoom_in:",
        type="tertiary",
        key=f"open-{key}-{dataset.id}-{path}",
        help="See it in full",
    ):
        show_picture(dataset, index, path, said, more)
