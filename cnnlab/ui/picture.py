"""One picture in full, with everything that is known about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from cnnlab.datasets.edits import Edit
from cnnlab.datasets.exif import exif_facts
from cnnlab.datasets.images import load, thumbnail
from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import ImageError
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import frame
from cnnlab.ui.correcting import correct
from cnnlab.ui.data import findings_of, measures_of, sides_of
from cnnlab.ui.preparation import drafted

SHOWN_PX = 1024
_ENLARGED_PX = 480  # longer side of a small picture on the page
_MOST_ENLARGED = 8.0
_TURNED = {3: "by 180°", 6: "by 90° clockwise", 8: "by 90° anticlockwise"}


@st.dialog("Picture", width="large", icon=":material/image:")
def show_picture(
    dataset: Dataset,
    index: DatasetIndex,
    path: str,
    said: str = "",
    more: Callable[[], None] | None = None,
) -> None:
    """The whole picture, its facts, its copies, and what can be done with it.

    Args:
        dataset: Where the picture lies.
        index: With the user's corrections; the picture is in it.
        path: Of the picture.
        said: What a network said about it, Markdown.
        more: Draws what else there is to see, below the picture.
    """
    with frame.shown_errors():
        _show(dataset, index, path, said)
    if more is not None:
        with frame.shown_errors():
            more()


def _show(dataset: Dataset, index: DatasetIndex, path: str, said: str) -> None:
    row = index.frame[index.frame["path"] == path].iloc[0]
    st.markdown(f"**{escape_markdown(path)}**")
    if said:
        st.markdown(said)
    file = dataset.location / path
    picture, about = st.columns([3, 2], gap="medium")
    with picture:
        _picture(file, path)
    with about:
        facts = _facts(dataset, index, row, file)
        st.dataframe(
            pd.DataFrame({"fact": list(facts), "value": list(facts.values())}),
            hide_index=True,
            height="content",
        )
        for finding in findings_of(dataset):
            for group in finding.groups:
                if path in group:
                    others = ", ".join(escape_markdown(other) for other in group if other != path)
                    st.markdown(f"{finding.title}: {others}")
    with picture:  # last, so that a refusal leaves the facts on the page
        _actions(dataset, index, path)


def _picture(file: Path, path: str) -> None:
    """The picture, enlarged if it is small."""
    try:
        pixels = load(file, name=path)
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/broken_image:")
        return
    height, width = pixels.shape[:2]
    enlarged = max(1.0, min(_ENLARGED_PX / max(height, width), _MOST_ENLARGED))
    st.image(thumbnail(pixels, SHOWN_PX), alt=path, width=round(min(width, SHOWN_PX) * enlarged))


def _actions(dataset: Dataset, index: DatasetIndex, path: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        corrected = path in index.excluded or path in index.relabelled
        if corrected and st.button(
            "Restore", icon=":material/settings_backup_restore:", key="one-restore"
        ):
            correct(dataset, [path], Edit.RESTORE)
        if path not in index.excluded and st.button(
            "Exclude", icon=":material/block:", key="one-exclude"
        ):
            correct(dataset, [path], Edit.EXCLUDE)
        name = st.selectbox(
            "Another class",
            index.class_names,
            index=None,
            accept_new_options=True,
            placeholder="Another class",
            label_visibility="collapsed",
            key="one-class",
            width=220,
        )
        if st.button("Relabel", icon=":material/label:", disabled=not name, key="one-relabel"):
            correct(dataset, [path], Edit.RELABEL, name)


def _facts(dataset: Dataset, index: DatasetIndex, row: pd.Series, file: Path) -> dict[str, str]:
    path = row["path"]
    class_name = row["class"]
    if path in index.relabelled:
        class_name += f" (its folder says {index.relabelled[path]})"
    changed = datetime.fromtimestamp(row["modified_ns"] / 1e9, UTC)
    facts = {
        "class": class_name,
        "used": "no, excluded" if path in index.excluded else "yes",
        "split": sides_of(dataset, drafted(dataset)).get(path, row["split"] or "none"),
        "size": f"{row['width']:,} × {row['height']:,} px",
        "mode": row["mode"],
        "format": row["format"],
        "bytes": f"{row['bytes']:,}",
        "changed": f"{changed:%Y-%m-%d %H:%M} UTC",
        "content hash": row["content_hash"],
    }
    if row["orientation"] > 1:
        facts["turned by EXIF"] = _TURNED.get(row["orientation"], "mirrored")
    measures = measures_of(dataset)
    if measures is not None:
        measured = measures.frame[measures.frame["content_hash"] == row["content_hash"]]
        if len(measured):
            look = measured.iloc[0]
            facts["brightness"] = f"{look['brightness']:.0f} of 255"
            facts["contrast"] = f"{look['contrast']:.0f}"
            facts["sharpness"] = f"{look['sharpness']:.0f}"
    return facts | exif_facts(file)
