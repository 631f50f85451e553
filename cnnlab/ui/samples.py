"""The Samples page: its views, and what is common to them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import streamlit as st

from cnnlab.datasets.balance import is_uneven
from cnnlab.datasets.findings import Severity
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.splits import Split
from cnnlab.errors import DatasetError
from cnnlab.figures.samples import plot_class_counts
from cnnlab.figures.text import escape_markdown
from cnnlab.runs import jobs
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.made_sets import has_pictures, takes_pictures
from cnnlab.runs.sources import Source
from cnnlab.runs.states import JobKind
from cnnlab.ui import (
    context,
    findings,
    frame,
    gallery,
    image_map,
    manage,
    preparation,
    sources,
    views,
)
from cnnlab.ui.address import go, link_here
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import DATA
from cnnlab.ui.data import findings_of, index_of
from cnnlab.ui.jobs import follow_job
from cnnlab.ui.views import VIEW

_VIEWS = {
    "pictures": ":material/grid_view: Pictures",
    "findings": ":material/fact_check: Findings",
    "preparation": ":material/crop: Preparation",
    "map": ":material/scatter_plot: Map",
    "manage": ":material/settings: Manage",
    "add": ":material/add: Add data",
}


def choose_view() -> str:
    """Which view of the data set; it lives in the address."""
    return views.choose_view(_VIEWS, key="samples-view")


def show(dataset: Dataset, view: str) -> None:
    """One view of a data set, or what stands in its way."""
    if view == "add":
        sources.add_dataset_form()
        return
    sources.ensure_scanned(dataset)
    with st.container():  # so that what follows keeps its place on the page
        scanning = sources.scan_progress(dataset)
    index = _index_or_say(dataset, scanning=scanning, removable=view != "manage")
    if view == "manage":
        manage.manage(dataset, index)
        return
    if index is None:
        return
    _facts(dataset, index)
    match view:
        case "pictures":
            _pictures(dataset, index)
        case "findings":
            findings.findings(dataset, index)
        case "preparation":
            preparation.preparation(dataset, index)
        case "map":
            image_map.image_map(dataset, index)


def _index_or_say(dataset: Dataset, *, scanning: bool, removable: bool) -> DatasetIndex | None:
    """The data set's index, or None after saying why there is none yet.

    Args:
        dataset: Whose index.
        scanning: A scan is under way, so that there is nothing to say.
        removable: Offer to remove the data set.
    """
    try:
        index = index_of(dataset)
        sentence = "This data set has not been looked at yet."
    except DatasetError as error:
        index, sentence = None, str(error)
    if index is None and not scanning:
        if dataset.source is Source.UPLOAD and not has_pictures(dataset):
            st.info("There are no pictures in this set yet. Add some to each class.")
            sources.add_pictures_form(dataset)
            return None
        st.error(escape_markdown(sentence), icon=":material/error:")
        with st.container(horizontal=True):
            if st.button("Look at the pictures now", icon=":material/refresh:"):
                _look_again(dataset)
            if removable:
                manage.removal(dataset)
    return index


def _facts(dataset: Dataset, index: DatasetIndex) -> None:
    """Found, used, set aside; and where the pictures lie."""
    found, used = len(index.frame), len(index.usable)
    copies = sum(len(group) - 1 for group in index.duplicates())
    with st.container(horizontal=True):
        st.metric("Files found", f"{found:,}", border=True)
        st.metric("Pictures used", f"{used:,}", border=True)
        st.metric("Set aside", f"{len(index.problems):,}", border=True)
        if index.excluded:
            st.metric("Excluded", f"{len(index.readable) - used:,}", border=True)
        if index.relabelled:
            st.metric("Relabelled", f"{len(index.relabelled):,}", border=True)
        st.metric("Exact copies", f"{copies:,}", border=True)
        st.metric("Classes", f"{len(index.class_names):,}", border=True)
    seen = ""
    if dataset.scanned_at is not None:
        seen = f" · looked at {datetime.fromtimestamp(dataset.scanned_at, UTC):%Y-%m-%d %H:%M} UTC"
    built_in = dataset.source is Source.BUILTIN
    place = "built into cnnlab" if built_in else escape_markdown(str(dataset.location))
    st.caption(f"{place}{seen}")
    for note in index.notes:
        st.caption(escape_markdown(note))
    for name in index.empty_classes:
        st.warning(
            f"{escape_markdown(name)}: no usable picture, this class is left out.",
            icon=":material/warning:",
        )


def _pictures(dataset: Dataset, index: DatasetIndex) -> None:
    counts, pictures = st.columns([2, 3], gap="large")
    with counts:
        _class_counts(index)
        _actions(dataset)
        _headlines(dataset)
        image_map.mean_images(dataset, index)
    with pictures:
        if takes_pictures(dataset):
            waiting = bool(index.empty_classes)  # a class that is still to be filled
            with st.expander("Add pictures", waiting, icon=":material/add_a_photo:"):
                sources.add_pictures_form(dataset)
        gallery.gallery(dataset, index)


def _class_counts(index: DatasetIndex) -> None:
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


def _actions(dataset: Dataset) -> None:
    """Scan again, or go on to training."""
    with st.container(horizontal=True):
        if st.button("Look again", icon=":material/refresh:", help="Only changed files are read"):
            _look_again(dataset)
        if st.button("Train on these", type="primary", icon=":material/model_training:"):
            go(frame.TRAIN, **{DATA: dataset.id})


def _headlines(dataset: Dataset) -> None:
    """What matters most of the findings, and the way to all of them."""
    with st.container():
        follow_job(
            jobs.latest_job(context.store(), JobKind.AUDIT, dataset.id), "Checking the pictures"
        )
    found = findings_of(dataset)
    for finding in found:
        if finding.severity is Severity.PROBLEM:
            st.markdown(
                f":red[:material/error:] **{finding.title}** · {escape_markdown(finding.sentence)}"
            )
    if found:
        link_here(
            "See the finding" if len(found) == 1 else f"See all {len(found)} findings",
            frame.SAMPLES,
            key="see-findings",
            icon=":material/fact_check:",
            **{DATA: dataset.id, VIEW: "findings"},
        )


def _look_again(dataset: Dataset) -> None:
    jobs.submit_job(context.store(), JobKind.SCAN, dataset.id)
    st.rerun()
