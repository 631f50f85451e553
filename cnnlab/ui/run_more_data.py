"""Would more pictures help? Trainings on parts of the pictures, and their curve."""

from __future__ import annotations

import streamlit as st

from cnnlab.evaluation.more_data import gain_sentence
from cnnlab.figures.learning_curve import plot_learning_curve
from cnnlab.figures.text import duration, escape_markdown
from cnnlab.reports.learning_curve import SharesReport, shares_report
from cnnlab.runs.provenance import why_not_repeatable
from cnnlab.runs.runs import Run, get_run
from cnnlab.runs.shares import WHOLE, missing_shares, train_shares
from cnnlab.ui import context, frame
from cnnlab.ui.address import link_here
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import RUN
from cnnlab.ui.live import progress_of, state_badge

_POLL_SECONDS = 1.0


def show(run: Run) -> None:
    """The question, the trainings that answer it, and the answer."""
    st.subheader("Would more pictures help?")
    if run.config.split.train_share != WHOLE:
        st.info(
            f"This run is itself a part of such a curve: it was trained on "
            f"{run.config.split.train_share:.0%} of the training pictures. Open the run on all "
            "of them to see the curve.",
            icon=":material/info:",
        )
        return
    report = shares_report(context.store(), context.workspace(), run)
    open_runs = [each for each in report.runs.values() if not each.state.final]
    if len(report.curve.points) > 1:
        st.markdown(f"**{escape_markdown(gain_sentence(report.curve))}**")
    _offer(run, report)
    if open_runs:
        frame.fragment(_follow, every_seconds=_POLL_SECONDS)([each.id for each in open_runs])
    _problems(report)
    chart, table = st.columns([3, 2], gap="large")
    with chart:
        show_chart(
            plot_learning_curve(report.curve, dark=context.is_dark()), key=f"learning-{run.id}"
        )
    with table:
        _table(report)


def _offer(run: Run, report: SharesReport) -> None:
    """The button that puts the missing trainings into the queue."""
    missing = missing_shares(report.runs)
    if not missing:
        return
    parts = " and ".join(f"{share:.0%}" for share in missing)
    seconds = run.results.get("training_seconds")
    time = f" They take about {duration(seconds * len(missing))}." if seconds else ""
    st.markdown(
        f"The same network is trained on {parts} of the training pictures, for as many steps as "
        "this run, and judged by the same pictures. Where the curve still rises, more pictures "
        f"will help; where it is flat, they will not.{time}"
    )
    refusal = why_not_repeatable(context.store(), run)
    if refusal is not None:
        st.caption(escape_markdown(refusal))
    if st.button(
        f"Train on {parts}",
        type="primary",
        icon=":material/model_training:",
        disabled=refusal is not None,
        key=f"shares-{run.id}",
    ):
        train_shares(context.store(), run, missing)
        st.rerun()


def _follow(run_ids: list[str]) -> None:
    """The trainings that wait or run; the page renews itself when one has ended."""
    context.attend()
    runs = [get_run(context.store(), run_id) for run_id in run_ids]
    if any(run.state.final for run in runs):
        st.rerun()
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(run.state)
            label = f"{run.config.split.train_share:.0%} of the pictures"
            link_here(label, frame.RUN, key=f"open-{run.id}", **{RUN: run.id})
        st.progress(*progress_of(run))


def _problems(report: SharesReport) -> None:
    for share, run in report.runs.items():
        if run.state.final and not run.has_model:
            said = run.job.message or f"It {run.state}."
            st.warning(
                f"The training on {share:.0%} of the pictures came to nothing: "
                f"{escape_markdown(said)}",
                icon=":material/warning:",
            )
    for run_id, sentence in report.left_out.items():
        st.warning(
            f"{escape_markdown(run_id)} is not on the curve. {escape_markdown(sentence)}",
            icon=":material/warning:",
        )


def _table(report: SharesReport) -> None:
    rows = [
        {
            "share": f"{point.share:.0%}",
            "pictures": f"{point.pictures:,}",
            "accuracy": f"{point.accuracy:.1%}",
            "95 % interval": f"{point.interval.low:.1%} to {point.interval.high:.1%}",
            "run": point.run_id,
        }
        for point in report.curve.points
    ]
    st.dataframe(rows, hide_index=True)
