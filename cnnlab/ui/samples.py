"""The panels of the Samples page."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.splits import Split
from cnnlab.errors import DatasetError
from cnnlab.evaluation.metrics import is_uneven
from cnnlab.figures.samples import plot_class_counts
from cnnlab.figures.text import escape_markdown, shorten
from cnnlab.runs import jobs
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import context, frame
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import DATA
from cnnlab.ui.data import index_of, thumbnail_of

PAGE_SIZE = 24
ALL = "all"


def index_or_say(dataset: Dataset, *, scanning: bool) -> DatasetIndex | None:
    """The data set's index, or None after saying why there is none yet."""
    try:
        index = index_of(dataset)
        sentence = "This data set has not been looked at yet."
    except DatasetError as error:
        index, sentence = None, str(error)
    if index is None and not scanning:
        st.error(escape_markdown(sentence), icon=":material/error:")
        if st.button("Look at the pictures now", icon=":material/refresh:"):
            jobs.submit_scan(context.store(), dataset.id)
            st.rerun()
    return index


def facts(dataset: Dataset, index: DatasetIndex) -> None:
    """Found, used, set aside; and where the pictures lie."""
    found, usable = len(index.frame), len(index.usable)
    copies = sum(len(group) - 1 for group in index.duplicates())
    with st.container(horizontal=True):
        st.metric("Files found", f"{found:,}", border=True)
        st.metric("Usable pictures", f"{usable:,}", border=True)
        st.metric("Set aside", f"{found - usable:,}", border=True)
        st.metric("Exact copies", f"{copies:,}", border=True)
        st.metric("Classes", f"{len(index.class_names):,}", border=True)
    seen = ""
    if dataset.scanned_at is not None:
        seen = f" · looked at {datetime.fromtimestamp(dataset.scanned_at, UTC):%Y-%m-%d %H:%M} UTC"
    st.caption(f"{escape_markdown(str(dataset.location))}{seen}")
    for note in index.notes:
        st.caption(escape_markdown(note))
    for name in index.empty_classes:
        st.warning(
            f"{escape_markdown(name)}: no usable picture, this class is left out.",
            icon=":material/warning:",
        )


def class_counts(index: DatasetIndex) -> None:
    """Pictures by class as a chart, and what guessing the largest class reaches."""
    counts = index.class_counts
    by_split = None
    if index.has_given_split:
        pairs = Counter(zip(index.usable["split"], index.usable["class"], strict=True))
        by_split = {
            split.value: {name: pairs[split.value, name] for name in counts}
            for split in Split
            if (index.usable["split"] == split.value).any()
        }
    show_chart(plot_class_counts(counts, by_split, dark=context.is_dark()), key="class-counts")
    if is_uneven(counts):
        st.caption(
            "The classes are uneven: a network that favours the large ones looks better than it "
            "is. Read balanced accuracy and macro F1 before accuracy."
        )


def actions(dataset: Dataset) -> None:
    """Scan again, or go on to training."""
    with st.container(horizontal=True):
        if st.button("Look again", icon=":material/refresh:", help="Only changed files are read"):
            jobs.submit_scan(context.store(), dataset.id)
            st.rerun()
        if st.button("Train on these", type="primary", icon=":material/model_training:"):
            st.switch_page(frame.TRAIN, query_params={DATA: dataset.id})


def gallery(dataset: Dataset, index: DatasetIndex) -> None:
    """Pictures by class and split, a page at a time."""
    frame.fragment(_gallery)(dataset, index)


def _gallery(dataset: Dataset, index: DatasetIndex) -> None:
    chosen = _filtered(index)
    pages = max(1, math.ceil(len(chosen) / PAGE_SIZE))
    place = st.container()
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"page-{dataset.id}")
    rows = chosen.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    pictures, captions, lost = [], [], []
    for path, class_name in zip(rows["path"], rows["class"], strict=True):
        picture = thumbnail_of(dataset.location / path)
        if picture is None:
            lost.append(path)
        else:
            pictures.append(picture)
            captions.append(escape_markdown(shorten(class_name, 18)))
    with place:
        if pictures:
            st.image(pictures, caption=captions, width=112, alt=captions)
        if lost:
            st.warning(
                f"{len(lost)} pictures of this page cannot be read any more, such as "
                f"{escape_markdown(lost[0])}. Look again to update the counts.",
                icon=":material/warning:",
            )
        first = (page - 1) * PAGE_SIZE + 1 if len(chosen) else 0
        st.caption(f"Pictures {first:,} to {first + len(rows) - 1:,} of {len(chosen):,}")


def problems(index: DatasetIndex) -> None:
    """Files that were set aside, with their reason; they are never deleted."""
    table = index.problems
    if table.empty:
        return
    st.subheader(f"{len(table):,} files set aside")
    st.caption("They are left out of training and stay where they are.")
    st.dataframe(
        pd.DataFrame(
            {"file": table["path"], "reason": table["problem"], "detail": table["detail"]}
        ),
        hide_index=True,
    )


def _filtered(index: DatasetIndex) -> pd.DataFrame:
    """What the gallery's choices leave of the usable pictures."""
    rows = index.usable
    name = st.selectbox(
        "Class",
        [None, *index.class_names],
        format_func=lambda name: "All classes" if name is None else str(name),
        key="gallery-class",
        persist_state="session",
    )
    if name is not None:
        rows = rows[rows["class"] == name]
    if index.has_given_split:
        splits = [
            split for split in ("train", "validation", "test") if (rows["split"] == split).any()
        ]
        split = st.segmented_control("Split", [ALL, *splits], default=ALL, key="gallery-split")
        if split not in (ALL, None):
            rows = rows[rows["split"] == split]
    if name is None:  # a mixed page tells more than the first class alone
        rows = rows.assign(turn=rows.groupby("class").cumcount()).sort_values(
            ["turn", "class"], kind="stable"
        )
    return rows
