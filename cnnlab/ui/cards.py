"""Pictures as cards: a small picture that can be ticked and opened."""

from __future__ import annotations

import pandas as pd
import streamlit as st

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
                _actions(dataset, index, path, class_name, key)
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


def _actions(dataset: Dataset, index: DatasetIndex, path: str, class_name: str, key: str) -> None:
    """The class, to tick; and a button that opens the picture."""
    mark = ""
    if path in index.excluded:
        mark = " :material/block:"
    elif path in index.relabelled:
        mark = " :material/label:"
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center"):
        label = f"{escape_markdown(shorten(class_name, _LABEL_CHARACTERS))}{mark}"
        tick(dataset, path, label, key)
        if st.button(
            "",
            icon=":material/zoom_in:",
            type="tertiary",
            key=f"open-{key}-{dataset.id}-{path}",
            help="See it in full",
        ):
            show_picture(dataset, index, path)
