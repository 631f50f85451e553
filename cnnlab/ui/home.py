"""The panels of the Home page."""

from __future__ import annotations

import streamlit as st

from cnnlab.config import change_config
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.recipes import recipe
from cnnlab.runs.datasets import add_dataset, list_datasets
from cnnlab.runs.runs import Run, list_runs, submit_run
from cnnlab.runs.sources import BUILTIN_PREFIX
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA, RUN, bold, remember
from cnnlab.ui.live import state_badge

TOUR = "tour"
SHOWN_RUNS = 8
TRY_RECIPE = "quick"
TRY_CHANGES = {"training.epochs": 6, "data.size": 48}


def try_it_now() -> None:
    """One click: train a small network on drawn scenes and see it classify a picture."""
    with st.container(border=True):
        st.markdown(
            "**Try it now.** Train a small network on drawn scenes, six classes from buildings to "
            "street. In less than a minute it classifies pictures that it has never seen."
        )
        if st.button("Train a first network", type="primary", icon=":material/play_arrow:"):
            store = context.store()
            dataset = add_dataset(store, context.workspace(), f"{BUILTIN_PREFIX}scenes")
            run_id = submit_run(
                store, dataset.id, change_config(recipe(TRY_RECIPE).config, TRY_CHANGES)
            )
            remember(RUN, run_id)
            remember(DATA, dataset.id)
            go(frame.RUN, **{RUN: run_id, TOUR: "1"})


def recent_runs() -> None:
    """The newest runs, each with its state, its accuracy and a link."""
    runs = list_runs(context.store(), limit=SHOWN_RUNS)
    if not runs:
        st.caption("No runs yet. The button above makes the first one.")
    for run in runs:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.page_link(frame.RUN, label=escape_markdown(run.id), query_params={RUN: run.id})
            state_badge(run.state)
            st.caption(f"{escape_markdown(run.dataset_name)} · {_figure(run)}")
    if len(runs) > 1:
        st.page_link(
            frame.LEADERBOARD, label="All runs side by side", icon=":material/leaderboard:"
        )


def dataset_list() -> None:
    """Every data set with its counts and where to go from it."""
    datasets = list_datasets(context.store())
    if not datasets:
        st.caption("No data sets yet. Add a folder of pictures, or take a built-in set.")
    for dataset in datasets:
        with st.container(border=True):
            st.markdown(bold(dataset.name))
            summary = dataset.summary
            if summary is None:
                st.caption("Not looked at yet.")
            else:
                parts = [f"{summary['usable']:,} pictures", f"{len(summary['classes'])} classes"]
                for name, word in (("problems", "set aside"), ("excluded", "excluded")):
                    if summary.get(name):
                        parts.append(f"{summary[name]:,} {word}")
                st.caption(", ".join(parts))
            with st.container(horizontal=True):
                place = {DATA: dataset.id}
                st.page_link(
                    frame.SAMPLES,
                    label="Look",
                    icon=":material/photo_library:",
                    query_params=place,
                )
                st.page_link(
                    frame.TRAIN,
                    label="Train",
                    icon=":material/model_training:",
                    query_params=place,
                )


def nothing_here() -> bool:
    """True in a workspace without data sets."""
    return not list_datasets(context.store())


def _figure(run: Run) -> str:
    accuracy = run.metrics.get("validation_accuracy")
    return "no result yet" if accuracy is None else f"{accuracy:.1%} right on validation"
