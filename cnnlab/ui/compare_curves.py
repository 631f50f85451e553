"""How some runs have learnt, and what differs in their settings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnlab.config.differences import field_text
from cnnlab.figures.run_curves import RunLine, plot_run_curves
from cnnlab.reports.comparing import differences
from cnnlab.runs.runs import Run, epoch_records
from cnnlab.ui import context
from cnnlab.ui.addressed import choose_one, switch
from cnnlab.ui.charts import show_chart

_METRICS = {"loss": "Loss", "accuracy": "Accuracy"}


def show(runs: Sequence[Run]) -> None:
    """The curves of all runs in one chart, and the settings that are not the same."""
    _curves(runs)
    _settings(runs)


def _curves(runs: Sequence[Run]) -> None:
    lines = [
        RunLine(run.id, epoch_records(context.store(), run.id), _best_epoch(run)) for run in runs
    ]
    if not any(line.epochs for line in lines):
        st.caption("No epoch was finished yet, so there are no curves.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=240):
            metric = choose_one("Figure", "metric", _METRICS)
        with_training = switch("With training pictures", "training", default=False)
    figure = plot_run_curves(lines, metric, with_training=with_training, dark=context.is_dark())
    show_chart(figure, key=f"compare-{metric}")
    missing = [line.name for line in lines if not line.epochs]
    if missing:
        st.caption(f"Without a finished epoch: {', '.join(missing)}.")


def _best_epoch(run: Run) -> int | None:
    best: int | None = run.results.get("best_epoch") if run.state.final else None
    return best


def _settings(runs: Sequence[Run]) -> None:
    st.markdown("**Settings that differ**")
    found = differences(runs)
    if not found:
        st.caption("None: all of these runs have the same configuration.")
        return
    st.dataframe(
        [
            {
                "setting": name,
                **{run.id: field_text(value) for run, value in zip(runs, values, strict=True)},
            }
            for name, values in found.items()
        ],
        hide_index=True,
    )
