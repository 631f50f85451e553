"""The gallery: pictures by class, split and finding; choose some, correct them, see one in full."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cnnlab.datasets.findings import Finding, Kind
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.splits import Split
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import frame
from cnnlab.ui.address import asked, choose, show_in
from cnnlab.ui.cards import picture_grid
from cnnlab.ui.correcting import correction_bar
from cnnlab.ui.data import findings_of, measures_of, sides_of
from cnnlab.ui.preparation import drafted

PAGE_SIZE = 24
ALL = "all"
FINDING = "finding"

_SHOWN = ("used", "excluded", "relabelled")
_FILE_SORTS: dict[str, tuple[str, bool]] = {  # column, ascending
    "name": ("path", True),
    "largest first": ("pixels", False),
    "smallest first": ("pixels", True),
    "most bytes": ("bytes", False),
    "newest": ("modified_ns", False),
}
_LOOK_SORTS: dict[str, tuple[str, bool]] = {
    "darkest": ("brightness", True),
    "brightest": ("brightness", False),
    "least sharp": ("sharpness", True),
    "least contrast": ("contrast", True),
}
MIXED = "classes in turn"


def gallery(dataset: Dataset, index: DatasetIndex) -> None:
    """Pictures with filters, a page at a time, and what can be done with them."""
    frame.fragment(_gallery)(dataset, index)


def _gallery(dataset: Dataset, index: DatasetIndex) -> None:
    finding = _chosen_finding(dataset)
    chosen = _filtered(dataset, index, finding)
    pages = max(1, math.ceil(len(chosen) / PAGE_SIZE))
    bar, grid, foot = st.container(), st.container(), st.container(horizontal=True)
    page = 1
    with foot:
        if pages > 1:
            page = st.pagination(pages, key=f"page-{dataset.id}")
    rows = chosen.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    with grid:
        if chosen.empty:
            st.info("No picture is left by these choices.")
        chosen_paths = picture_grid(dataset, index, rows, key="gallery")
    with bar:
        correction_bar(dataset, index, chosen_paths, key="gallery")
    with foot:
        first = (page - 1) * PAGE_SIZE + 1 if len(chosen) else 0
        st.caption(f"Pictures {first:,} to {first + len(rows) - 1:,} of {len(chosen):,}")


def _chosen_finding(dataset: Dataset) -> Finding | None:
    """The finding that the address asks to show, and what to do about it."""
    wanted = asked(FINDING)
    if wanted is None:
        return None
    found = next((each for each in findings_of(dataset) if each.kind == wanted), None)
    with st.container(horizontal=True, vertical_alignment="center"):
        if found is None:
            st.info("Nothing is left of this finding.", icon=":material/check_circle:")
        else:
            st.info(f"**{found.title}.** {escape_markdown(found.advice)}")
        if st.button("Show everything", icon=":material/close:"):
            choose(FINDING, None)
            st.rerun()
    return found


def _finding_choice(dataset: Dataset) -> None:
    """Let the user see the pictures of one finding; it lives in the address."""
    kinds = {each.kind.value: each.title for each in findings_of(dataset) if each.kind in SHOWABLE}
    if not kinds:
        return
    key = f"gallery-finding-{dataset.id}"
    wanted = asked(FINDING)
    show_in(key, wanted if wanted in kinds else None)
    st.selectbox(
        "Finding",
        [None, *kinds],
        format_func=lambda kind: "Any or none" if kind is None else kinds.get(kind, kind),
        key=key,
        on_change=lambda: choose(FINDING, st.session_state[key]),
        width=200,
    )


def _filtered(dataset: Dataset, index: DatasetIndex, finding: Finding | None) -> pd.DataFrame:
    """What the gallery's choices leave of the pictures, in the order that was asked for."""
    rows = index.usable
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Class",
            [None, *index.class_names],
            format_func=lambda name: "All classes" if name is None else str(name),
            key="gallery-class",
            persist_state="session",
            width=220,
        )
        measures = measures_of(dataset)
        sorts = {**_FILE_SORTS, **(_LOOK_SORTS if measures is not None else {})}
        order = st.selectbox("Order", [MIXED, *sorts], key="gallery-order", width=180)
        _finding_choice(dataset)
        shown = "used"
        if index.excluded or index.relabelled:
            shown = st.segmented_control(
                "Show", _SHOWN, default="used", required=True, key="gallery-shown"
            )
        split = st.segmented_control(
            "Split",
            [ALL, *Split],
            default=ALL,
            required=True,
            key="gallery-split",
            help="As the folders say, and as Preparation divides what they leave open",
        )
    if shown == "excluded":
        rows = index.readable[index.readable["path"].isin(index.excluded)]
    elif shown == "relabelled":
        rows = rows[rows["path"].isin(index.relabelled)]
    if name is not None:
        rows = rows[rows["class"] == name]
    if split != ALL:
        sides = sides_of(dataset, drafted(dataset))
        rows = rows[rows["path"].map(sides).fillna(rows["split"]) == split]
    if finding is not None:
        return _in_order_of(rows, finding.paths)
    if order in sorts:
        column, ascending = sorts[order]
        rows = rows.assign(pixels=rows["width"] * rows["height"])
        if measures is not None and column not in rows:
            known = measures.frame[["content_hash", column]]
            rows = rows.merge(known, on="content_hash", how="left")
        return rows.sort_values(column, ascending=ascending, kind="stable")
    if name is None:  # a mixed page tells more than the first class alone
        rows = rows.assign(turn=rows.groupby("class").cumcount())
        return rows.sort_values(["turn", "class"], kind="stable")
    return rows


def _in_order_of(rows: pd.DataFrame, paths: Sequence[str]) -> pd.DataFrame:
    place = {path: number for number, path in enumerate(paths)}
    rows = rows[rows["path"].isin(place)]
    return rows.assign(place=rows["path"].map(place)).sort_values("place")


SHOWABLE = frozenset(Kind) - {Kind.UNREADABLE, Kind.IMBALANCE, Kind.SHORTCUT}
"""Findings whose pictures the gallery can show."""
