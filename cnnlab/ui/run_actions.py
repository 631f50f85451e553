"""What can be done with a run that has ended: go on with it, take it along, delete it."""

from __future__ import annotations

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.figures.text import escape_markdown
from cnnlab.reports.of_run import reproduction_of
from cnnlab.reports.reproduce import zip_reproduction
from cnnlab.runs.datasets import find_dataset
from cnnlab.runs.runs import RESUMABLE, Run, request_delete, resume_run, train_longer
from cnnlab.runs.tensorboard import ensure_tensorboard, running_tensorboard
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA, RUN, RUNS, remember
from cnnlab.ui.starts import FROM
from cnnlab.workspace import RunFiles

_MORE_EPOCHS = 10


def go_on(run: Run) -> None:
    """Classify, change and train again, resume, train longer, compare: in one row."""
    gone = find_dataset(context.store(), run.dataset_id) is None
    has_checkpoint = RunFiles(context.workspace().run_folder(run.id)).checkpoint.exists()
    with st.container(horizontal=True):
        if run.has_model and st.button(
            "Classify photos", type="primary", icon=":material/image_search:"
        ):
            go(frame.CLASSIFY, **{RUN: run.id})
        if run.state in RESUMABLE and st.button(
            "Resume", icon=":material/resume:", disabled=gone, help=_resume_help(has_checkpoint)
        ):
            resume_run(context.store(), run.id)
            st.rerun()
        if st.button("Change and train again", icon=":material/model_training:", disabled=gone):
            go(frame.TRAIN, **{DATA: run.dataset_id, FROM: run.id})
        if has_checkpoint:
            with st.popover("Train longer", icon=":material/more_time:", disabled=gone):
                _longer(run)
        if run.has_model and st.button("Compare", icon=":material/compare_arrows:"):
            go(frame.COMPARE, **{RUNS: run.id})
        if st.button("Leaderboard", icon=":material/leaderboard:", disabled=gone):
            go(frame.LEADERBOARD, **{DATA: run.dataset_id})


def take_along(run: Run) -> None:
    """Files for other programs: a script that does it again, TensorBoard."""
    files = RunFiles(context.workspace().run_folder(run.id))
    with st.container(horizontal=True):
        if run.has_model and files.split.exists():
            st.download_button(
                "Keras script",
                lambda: zip_reproduction(
                    reproduction_of(context.store(), context.workspace(), run.id)
                ),
                file_name=f"{run.id}-reproduce.zip",
                mime="application/zip",
                icon=":material/code:",
                help="Trains the same network on the same pictures without cnnlab",
                on_click="ignore",
            )
        if run.config.training.tensorboard:
            tensorboard_link()


def delete(run: Run) -> None:
    """The way to delete a run, which asks first."""
    with st.popover("Delete this run", icon=":material/delete:", type="tertiary"):
        st.markdown("Its network, figures and log will be gone for good.")
        if st.button("Delete it", type="primary", key=f"delete-{run.id}"):
            request_delete(context.store(), run.id)
            go(frame.HOME)


def _resume_help(has_checkpoint: bool) -> str:
    if has_checkpoint:
        return "Goes on after the last finished epoch, as if nothing had happened"
    return "No epoch was finished, so it begins anew"


def _longer(run: Run) -> None:
    st.markdown("A new run goes on from the last epoch; this one stays as it is.")
    epochs = st.number_input("More epochs", min_value=1, max_value=10_000, value=_MORE_EPOCHS)
    if st.button("Train longer", type="primary", key=f"longer-{run.id}"):
        try:
            longer = train_longer(context.store(), run.id, int(epochs))
        except CnnlabError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        remember(RUN, longer)
        go(frame.RUN, **{RUN: longer})


def tensorboard_link() -> None:
    """A button that starts TensorBoard, then a link to it; both work on the server's machine."""
    url = running_tensorboard(context.workspace())
    if url is None:
        if not st.button("Start TensorBoard", icon=":material/monitoring:"):
            return
        try:
            with st.spinner("TensorBoard starts"):
                ensure_tensorboard(context.workspace())
        except CnnlabError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        st.rerun()
    st.link_button("TensorBoard", url, icon=":material/open_in_new:")
