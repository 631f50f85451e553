"""Adding data sets, and following their scans."""

from __future__ import annotations

import streamlit as st

from cnnlab.datasets.builtin import BUILTIN
from cnnlab.errors import CnnlabError
from cnnlab.runs import jobs
from cnnlab.runs.datasets import BUILTIN_PREFIX, Dataset, add_dataset, find_dataset
from cnnlab.runs.jobs import Job
from cnnlab.runs.states import RunState
from cnnlab.ui import context, frame
from cnnlab.ui.choices import DATA, remember
from cnnlab.ui.frame import plain

POLL_SECONDS = 0.5


def add_dataset_form() -> None:
    """A field for a folder, and a button for each built-in set."""
    with st.form("add-dataset", border=False):
        folder = st.text_input(
            "A folder with one sub-folder per class, or with train, validation and test folders",
            placeholder="/home/me/pictures",
            help="A folder on the computer that this dashboard runs on. It is read in place and "
            "never changed.",
        )
        if st.form_submit_button("Add folder", icon=":material/create_new_folder:"):
            _add(folder.strip() or " ")
    st.caption("No pictures at hand? These need no download:")
    with st.container(horizontal=True):
        for name, builtin in BUILTIN.items():
            if st.button(name, key=f"builtin-{name}", help=builtin.summary):
                _add(BUILTIN_PREFIX + name)


def scan_progress(dataset: Dataset) -> bool:
    """Show a scan that is under way; True while there is one."""
    job = jobs.latest_scan(context.store(), dataset.id)
    if job is None or job.state.final:
        if job is not None and job.state is not RunState.COMPLETED:
            st.error(plain(job.message or "The scan did not finish."), icon=":material/error:")
        return False
    frame.fragment(_follow_scan, every_seconds=POLL_SECONDS)(job.id)
    return True


def ensure_scanned(dataset: Dataset) -> None:
    """Ask for a scan of a data set that never had one."""
    if dataset.scanned_at is None and jobs.latest_scan(context.store(), dataset.id) is None:
        jobs.submit_scan(context.store(), dataset.id)


def _follow_scan(job_id: int) -> None:
    job = jobs.get_job(context.store(), job_id)
    if job.state.final:
        st.rerun()
    st.progress(*_progress_of(job))


def _progress_of(job: Job) -> tuple[float, str]:
    done, total = job.progress.get("done", 0), job.progress.get("total", 0)
    if not total:
        return 0.0, "Waiting for a process to look at the pictures"
    return done / total, f"Looking at the pictures: {done:,} of {total:,}"


def _add(path: str) -> None:
    store = context.store()
    try:
        known = find_dataset(store, path.removeprefix(BUILTIN_PREFIX))
        dataset = known or add_dataset(store, context.workspace(), path)
    except CnnlabError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    jobs.submit_scan(store, dataset.id)
    remember(DATA, dataset.id)
    st.switch_page(frame.SAMPLES, query_params={DATA: dataset.id})
