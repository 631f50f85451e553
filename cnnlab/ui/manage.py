"""Managing a data set: corrections, name, place, export, prepared pictures, removal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from cnnlab.config import SplitConfig
from cnnlab.datasets.export import ExportLayout
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.pixel_cache import GIGABYTE, PixelCache
from cnnlab.errors import CnnlabError, DatasetError
from cnnlab.figures.text import escape_markdown, shorten
from cnnlab.paths import user_path
from cnnlab.runs import corrections, jobs
from cnnlab.runs.datasets import Dataset, move_dataset, remove_dataset, rename_dataset
from cnnlab.runs.exports import ExportRequest
from cnnlab.runs.settings import pixel_budget_bytes, set_pixel_budget
from cnnlab.runs.states import JobKind, RunState
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.correcting import say_step
from cnnlab.ui.jobs import follow_job

_SHOWN_PATHS = 3


def manage(dataset: Dataset, index: DatasetIndex | None) -> None:
    """Everything about a data set as a whole."""
    left, right = st.columns(2, gap="large")
    with left:
        if index is not None:
            _corrections(dataset)
            _export(dataset, index)
    with right:
        _names(dataset)
        _pixels()
        removal(dataset)


def removal(dataset: Dataset) -> None:
    """Take the data set out of the workspace, after asking."""
    with st.popover("Remove this data set", icon=":material/delete:", type="tertiary"):
        st.markdown(
            "Its pictures in the workspace, its index and its corrections will be gone. Runs stay."
            if dataset.source.owned
            else f"Its index and its corrections will be gone. The folder "
            f"{escape_markdown(str(dataset.location))} stays as it is, and so do its runs."
        )
        if st.button("Remove it", type="primary", key=f"remove-{dataset.id}"):
            try:
                remove_dataset(context.store(), dataset.id)
            except CnnlabError as error:
                st.error(escape_markdown(str(error)), icon=":material/error:")
            else:
                go(frame.HOME)


def _corrections(dataset: Dataset) -> None:
    st.subheader("Corrections")
    steps = corrections.steps(context.store(), dataset.id)
    if not steps:
        st.caption("None: everything is as the folders say. Correct pictures in the gallery.")
    for step in reversed(steps):
        with st.container(horizontal=True, vertical_alignment="center"):
            names = ", ".join(
                escape_markdown(shorten(path, 32)) for path in step.paths[:_SHOWN_PATHS]
            )
            more = len(step.paths) - _SHOWN_PATHS
            st.markdown(
                f"{datetime.fromtimestamp(step.at, UTC):%Y-%m-%d %H:%M} · {say_step(step)}  \n"
                f":small[{names}{f' and {more:,} more' if more > 0 else ''}]"
            )
            if st.button("Undo", icon=":material/undo:", key=f"undo-step-{step.number}"):
                corrections.undo(context.store(), context.workspace(), dataset, step.number)
                st.rerun()


def _export(dataset: Dataset, index: DatasetIndex) -> None:
    st.subheader("Export")
    job = jobs.latest_job(context.store(), JobKind.EXPORT, dataset.id)
    if follow_job(job, "Copying the pictures"):
        return
    if job is not None and job.state is RunState.COMPLETED:
        st.success(escape_markdown(job.message or "Exported."), icon=":material/check_circle:")
    st.caption(f"Copies the {len(index.usable):,} pictures in use, corrected, into a new folder.")
    target = st.text_input("New folder on this server", placeholder="/home/me/pictures-corrected")
    layout = st.segmented_control(
        "Arrangement",
        list(ExportLayout),
        default=ExportLayout.FLAT,
        required=True,
        format_func={
            ExportLayout.FLAT: "class folders",
            ExportLayout.TREE: "train, validation, test",
        }.__getitem__,
    )
    split = SplitConfig()
    if layout is ExportLayout.TREE:
        if index.has_given_split:
            st.caption("The folders give a split already; it is kept.")
        with st.container(horizontal=True):
            validation = st.number_input("Share for validation", 0.01, 0.9, 0.15, 0.05)
            test = st.number_input("Share for test", 0.0, 0.9, 0.15, 0.05)
            seed = st.number_input("Seed", 0, 2**31 - 1, 0)
        if validation + test >= 1:
            st.error("The two shares must stay below 1 together.")
            return
        split = SplitConfig(validation=validation, test=test, seed=int(seed))
    if st.button("Export", icon=":material/drive_file_move:", disabled=not target.strip()):

        def export() -> None:
            place = user_path(target.strip())
            if not place.is_absolute():
                raise DatasetError(
                    "bad-target",
                    f"The new folder must be written in full. Received: {target.strip()!r}. "
                    f"Write, for example, {user_path('~') / target.strip()}.",
                )
            request = ExportRequest(target=place, layout=ExportLayout(layout), split=split)
            jobs.submit_job(context.store(), JobKind.EXPORT, dataset.id, request.to_json())

        _try(export)


def _names(dataset: Dataset) -> None:
    st.subheader("Name and place")
    with st.form("rename", border=False):
        name = st.text_input("Name", value=dataset.name)
        if st.form_submit_button("Rename"):
            _try(lambda: rename_dataset(context.store(), dataset.id, name))
    if dataset.source.owned:
        st.caption(f"Lies in the workspace: {escape_markdown(str(dataset.location))}")
        return
    with st.form("move", border=False):
        folder = st.text_input(
            "Folder", value=str(dataset.location), help="If you have moved it, say where it is now."
        )
        if st.form_submit_button("Use this folder"):

            def move() -> None:
                move_dataset(context.store(), dataset.id, folder)
                jobs.submit_job(context.store(), JobKind.SCAN, dataset.id)

            _try(move)


def _pixels() -> None:
    st.subheader("Prepared pictures")
    store = context.store()
    cache = PixelCache(context.workspace())
    size, budget = cache.size_bytes(), pixel_budget_bytes(store)
    share = min(1.0, size / budget) if budget else 0.0
    st.progress(share, f"{size / GIGABYTE:,.2f} of {budget / GIGABYTE:,.1f} GB, shared by all runs")
    st.caption(
        "Runs prepare each picture once and share the result. What was not used for longest goes "
        "first; a data set larger than the budget is read from its files instead, which is slower."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        gigabytes = st.number_input(
            "Budget, GB", min_value=0.0, value=budget / GIGABYTE, step=1.0, format="%g", width=160
        )
        if st.button("Keep this budget", disabled=gigabytes == budget / GIGABYTE):
            set_pixel_budget(store, gigabytes)
            cache.make_room(0, pixel_budget_bytes(store))
            st.rerun()
        if st.button("Delete all", icon=":material/delete_sweep:", disabled=size == 0):
            freed = cache.clear()
            st.toast(f"{freed / 1e6:,.0f} MB freed.", icon=":material/done:")
            st.rerun()


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
    else:
        st.rerun()
