"""The finished network for other programs."""

from __future__ import annotations

import streamlit as st

from cnnlab.figures.text import escape_markdown
from cnnlab.runs.datasets import find_dataset
from cnnlab.runs.model_exports import (
    ModelExport,
    find_model_export,
    latest_model_export,
    submit_model_export,
)
from cnnlab.runs.model_formats import ModelFormat, missing_packages
from cnnlab.runs.runs import Run
from cnnlab.runs.scheduler import ensure_scheduler
from cnnlab.runs.states import RunState
from cnnlab.ui import context
from cnnlab.ui.jobs import follow_job
from cnnlab.ui.network_view import human_bytes

LARGEST_DOWNLOAD_BYTES = 300_000_000  # a download is held in memory


def show(run: Run) -> None:
    """Every format: what it is for, whether it was made and checked, and how to get it."""
    st.subheader("Network for other programs")
    st.markdown(
        "Each comes with a short program that uses it without cnnlab. That program is run in a "
        "process of its own, on up to 200 pictures that the network was not trained on. Only a "
        "network that answers as the run's own does is offered."
    )
    gone = find_dataset(context.store(), run.dataset_id) is None
    if gone:
        st.caption("The data set was removed, so that nothing new can be checked any more.")
    for model_format in ModelFormat:
        with st.container(border=True):
            _format(run, model_format, can_be_made=run.state.final and not gone)


def _format(run: Run, model_format: ModelFormat, *, can_be_made: bool) -> None:
    job = latest_model_export(context.store(), run.id, model_format)
    at_work = job is not None and not job.state.final
    found = None if at_work else find_model_export(context.workspace(), run.id, model_format)
    about, action = st.columns([3, 2], vertical_alignment="center")
    about.markdown(f"**{model_format.label}**  \n:gray[:small[{model_format.purpose}]]")
    doing = action.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center"
    )
    with doing:
        if found is not None:
            size = human_bytes(found.certificate.model_bytes)
            st.badge(f"Checked, {size}", color="green", icon=":material/verified:")
        elif job is not None and job.state is RunState.FAILED:
            st.badge("Not to be had", color="red", icon=":material/block:")
        else:
            st.badge("Being made" if at_work else "Not made yet", color="gray")
    missing = missing_packages(model_format)
    with doing:
        label = "Make and check" if found is None else "Make again"
        if st.button(
            label,
            key=f"export-{model_format.value}-{run.id}",
            icon=":material/inventory_2:",
            disabled=at_work or bool(missing) or not can_be_made,
            type="tertiary" if found is not None else "secondary",
        ):
            submit_model_export(context.store(), run, model_format)
            ensure_scheduler(context.workspace())
            st.rerun()
    if missing:
        st.caption("It needs packages that are not installed where cnnlab runs:")
        st.code(f"python -m pip install {' '.join(missing)}", language="bash")
    if found is None:
        follow_job(job, f"Writing {model_format.label}")
    else:
        _offer(run, found)


def _offer(run: Run, found: ModelExport) -> None:
    """The certificate in words, the files, and the program that uses them."""
    certificate = found.certificate
    st.markdown(f":material/verified: {escape_markdown(certificate.sentence)}")
    size = found.folder_bytes
    with st.container(horizontal=True, vertical_alignment="center"):
        if size <= LARGEST_DOWNLOAD_BYTES:
            st.download_button(
                f"Download ({human_bytes(size)})",
                found.zipped,
                file_name=f"{run.id}-{certificate.format.value}.zip",
                mime="application/zip",
                icon=":material/download:",
                on_click="ignore",
                key=f"download-{certificate.format.value}-{run.id}",
            )
        else:
            st.markdown(f"{human_bytes(size)} are too much for a download. Copy the folder:")
    with st.expander("The program, and where everything lies", icon=":material/code:"):
        st.code(
            f"pip install {' '.join(certificate.format.packages)}\npython predict.py PICTURE",
            language="bash",
        )
        st.code(found.snippet(), language="python", height=400)
        st.caption("On the machine where cnnlab runs, the folder is:")
        st.code(str(found.folder), language=None)
