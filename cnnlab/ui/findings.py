"""What the audit found, each with its pictures and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cnnlab.datasets.edits import Edit
from cnnlab.datasets.findings import Finding, Kind, Severity
from cnnlab.datasets.index import DatasetIndex
from cnnlab.figures.shortcuts import plot_shortcuts
from cnnlab.figures.text import escape_markdown
from cnnlab.runs import audits, jobs
from cnnlab.runs.audits import AuditFiles
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.states import JobKind, RunState
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.cards import picture_grid
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import DATA
from cnnlab.ui.correcting import correct, correction_bar, ticked, undo_button
from cnnlab.ui.data import audit_is_current, findings_of
from cnnlab.ui.gallery import FINDING, SHOWABLE
from cnnlab.ui.jobs import follow_job

SHOWN_GROUPS = 6
SHOWN_COPIES = 4  # of each group
SHOWN_PICTURES = 12
_ICONS = {
    Severity.PROBLEM: ":red[:material/error:]",
    Severity.WARNING: ":orange[:material/warning:]",
    Severity.NOTE: ":blue[:material/info:]",
}


def findings(dataset: Dataset, index: DatasetIndex) -> None:
    """Every finding; the audit is started where it is missing or out of date."""
    with st.container():  # so that what follows keeps its place on the page
        _keep_up(dataset)
    found = findings_of(dataset)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_verdict(found))
        undo_button(dataset, key="findings")
    for finding in found:
        frame.fragment(_finding)(dataset, index, finding)


def _verdict(found: list[Finding]) -> str:
    if not found:
        return ":green[:material/check_circle:] Nothing to complain about."
    parts = []
    for severity in Severity:
        count = sum(finding.severity is severity for finding in found)
        if count:
            word = severity.value if count == 1 else f"{severity.value}s"
            parts.append(f"{_ICONS[severity]} {count} {word}")
    return " · ".join(parts)


def _keep_up(dataset: Dataset) -> None:
    """Show the audit that runs; start one where pictures are new."""
    job = jobs.latest_job(context.store(), JobKind.AUDIT, dataset.id)
    if follow_job(job, "Checking the pictures"):
        return
    if audit_is_current(dataset):
        return
    ended_early = job is not None and job.state is not RunState.COMPLETED
    if ended_early:
        st.info("The pictures were not checked to the end, so there may be more to find.")
    if not ended_early or st.button("Check the pictures", icon=":material/refresh:"):
        jobs.submit_job(context.store(), JobKind.AUDIT, dataset.id)
        st.rerun()


def _finding(dataset: Dataset, index: DatasetIndex, finding: Finding) -> None:
    with st.container(border=True):
        st.markdown(
            f"{_ICONS[finding.severity]} **{finding.title}** · {escape_markdown(finding.sentence)}"
        )
        st.caption(escape_markdown(finding.advice))
        if finding.kind is Kind.UNREADABLE:
            problem_table(index)
        elif finding.kind is Kind.SHORTCUT:
            _shortcut_chart(dataset)
        elif finding.paths:
            _pictures(dataset, index, finding)
        _answers(dataset, finding)


def problem_table(index: DatasetIndex) -> None:
    """Files that were set aside, with their reason."""
    table = index.problems
    st.dataframe(
        pd.DataFrame(
            {"file": table["path"], "reason": table["problem"], "detail": table["detail"]}
        ),
        hide_index=True,
    )


def _pictures(dataset: Dataset, index: DatasetIndex, finding: Finding) -> None:
    """Some of a finding's pictures, those of a group together, and what can be done with them."""
    key = f"finding-{finding.kind}"
    bar = st.container()
    if finding.groups:
        with st.container(horizontal=True, gap="medium"):
            for group in finding.groups[:SHOWN_GROUPS]:
                with st.container(width="content", border=True):
                    rows = _rows(index, group[:SHOWN_COPIES])
                    picture_grid(dataset, index, rows, key=key, named=True)
    else:
        rows = _rows(index, finding.paths[:SHOWN_PICTURES])
        picture_grid(dataset, index, rows, key=key, named=True)
    chosen = ticked(dataset, index, key)
    if chosen:
        with bar:
            correction_bar(dataset, index, chosen, key=key)


def _rows(index: DatasetIndex, paths: Sequence[str]) -> pd.DataFrame:
    """Rows of pictures, in the order asked for."""
    rows = index.frame[index.frame["path"].isin(paths)]
    return rows.set_index("path").loc[list(paths)].reset_index()


def _answers(dataset: Dataset, finding: Finding) -> None:
    with st.container(horizontal=True):
        if finding.kind in SHOWABLE and st.button(
            f"See all {finding.count:,} in the gallery",
            icon=":material/grid_view:",
            key=f"see-{finding.kind}",
        ):
            go(frame.SAMPLES, **{DATA: dataset.id, FINDING: finding.kind})
        if finding.proposal:
            count = len(finding.proposal)
            if finding.kind is Kind.LEAK:
                label = f"Exclude {count:,}, keep what is held back"
            else:
                label = f"Exclude {count:,}, keep one of each"
            if st.button(label, icon=":material/block:", key=f"settle-{finding.kind}"):
                correct(dataset, finding.proposal, Edit.EXCLUDE)


def _shortcut_chart(dataset: Dataset) -> None:
    files = AuditFiles(context.workspace().audit_folder(dataset.id))
    shortcuts = audits.read_shortcuts(files)
    if shortcuts is not None:
        show_chart(
            plot_shortcuts(
                shortcuts.scores, shortcuts.baseline, shortcuts.count, dark=context.is_dark()
            ),
            key="shortcuts",
        )
