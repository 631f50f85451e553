"""One file for people who were not there, and the model card."""

from __future__ import annotations

import streamlit as st

from cnnlab.reports.html_report import render
from cnnlab.reports.model_card import FILE_NAME, card_markdown
from cnnlab.reports.report_data import report_of
from cnnlab.runs.runs import Run
from cnnlab.ui import context


def show(run: Run) -> None:
    """What the report is, and the buttons that make it when they are clicked."""
    st.subheader("Report")
    st.markdown(
        "For people who were not there: how good the network is and how sure that is, examples, "
        "mistakes, limits, curves, data, configuration, and the digests of its files. It is one "
        "file that any browser opens, also offline; the model card is part of it."
    )
    pictures = st.toggle(
        "With pictures of the data set",
        value=True,
        key=f"report-pictures-{run.id}",
        help="Twenty small ones at most. Leave them out for readers who must not see them.",
    )
    store, place = context.store(), context.workspace()
    with st.container(horizontal=True):
        st.download_button(
            "Report as one HTML file",
            lambda: render(report_of(store, place, run.id, pictures=pictures)).encode(),
            file_name=f"{run.id}-report.html",
            mime="text/html",
            icon=":material/description:",
            type="primary",
            on_click="ignore",
            key=f"report-{run.id}",
        )
        st.download_button(
            "Model card",
            lambda: card_markdown(report_of(store, place, run.id, pictures=False)).encode(),
            file_name=f"{run.id}-{FILE_NAME}",
            mime="text/markdown",
            icon=":material/id_card:",
            help="The same facts as Markdown, to lie beside the network as README.md",
            on_click="ignore",
            key=f"card-{run.id}",
        )
