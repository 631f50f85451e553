"""The panels of the Train page."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cnnlab.config import Monitor, Optimizer, RunConfig, Schedule, change_config
from cnnlab.datasets.splits import Split, counts
from cnnlab.errors import CnnlabError
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.description import describe
from cnnlab.networks.recipe import Recipe
from cnnlab.networks.recipes import RECIPES
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.runs import submit_run
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA, RUN, remember
from cnnlab.ui.data import index_of, split_of
from cnnlab.ui.fields import Fields
from cnnlab.ui.preparation import augmentation_fields, picture_fields, split_fields

_TABLE_ROW_PX = 35
_TABLE_MAX_PX = 640


def choose_recipe() -> Recipe:
    """Let the user choose where to start from."""
    name = st.selectbox(
        "Recipe", list(RECIPES), key="recipe", persist_state="session", help="A named start"
    )
    chosen = RECIPES[name]
    st.caption(escape_markdown(chosen.summary))
    return chosen


def edit_config(recipe: Recipe, dataset: Dataset, class_names: Sequence[str]) -> RunConfig:
    """The recipe's configuration with the user's changes, which survive a change of page.

    Args:
        recipe: Where to start from.
        dataset: What to train on.
        class_names: The data set's classes.

    Raises:
        ConfigError: If the changes break a rule together, such as fractions above 1.
    """
    fields = Fields(recipe.name, recipe.config, dataset.id)
    training = recipe.config.training
    fields.number("training.epochs", "Epochs", low=1, high=10_000)
    fields.number("training.batch_size", "Batch size", low=1, high=4096)
    fields.number(
        "training.learning_rate", "Learning rate", low=1e-7, high=10.0, step=1e-4, form="%g"
    )
    _early_stopping(fields, training.early_stopping is not None)
    with st.expander("Pictures", icon=":material/crop:"):
        picture_fields(fields, class_names)
    with st.expander("Split", icon=":material/call_split:"):
        split_fields(fields)
    with st.expander("Augmentation", icon=":material/auto_fix_high:"):
        augmentation_fields(fields)
    with st.expander("Network and optimiser", icon=":material/tune:"):
        fields.number("network.width", "Width: multiplies filters and units", low=0.01, high=16.0)
        fields.choice("training.optimizer", "Optimiser", list(Optimizer))
        fields.choice("training.schedule", "Learning rate over time", list(Schedule))
        fields.number("training.weight_decay", "Weight decay", low=0.0, high=0.99, step=1e-4)
        fields.number("training.label_smoothing", "Label smoothing", low=0.0, high=0.9)
        fields.choice("training.monitor", "Best epoch by", list(Monitor))
        fields.number("training.seed", "Seed of the training", low=0, high=2**31 - 1)
    if fields.changes:
        st.button(
            "Back to the recipe", icon=":material/undo:", on_click=fields.reset, type="tertiary"
        )
    return change_config(recipe.config, fields.changes)


def class_names_of(dataset: Dataset) -> list[str]:
    """The data set's classes; none where it cannot be read, which `describe_data` explains."""
    try:
        index = index_of(dataset)
    except CnnlabError:
        return []
    return [] if index is None else index.class_names


def describe_data(dataset: Dataset, config: RunConfig) -> bool:
    """Pictures by split; False if the data set cannot be trained on."""
    try:
        assignment = split_of(dataset, config)
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return False
    for warning in assignment.warnings:
        st.warning(escape_markdown(warning), icon=":material/warning:")
    numbers = counts(assignment)
    with st.container(horizontal=True):
        for split in Split:
            st.metric(split.value.capitalize(), f"{sum(numbers[split].values()):,}", border=True)
        st.metric("Classes", len(assignment.class_names), border=True)
        st.page_link(
            frame.SAMPLES,
            label="Preview the pictures",
            icon=":material/crop:",
            query_params={DATA: dataset.id, "view": "preparation"},
        )
    return True


def describe_network(dataset: Dataset, config: RunConfig) -> bool:
    """Layer by layer: output shapes and parameters; False if the layers do not fit."""
    class_count = _class_count(dataset, config)
    size = config.data.size
    try:
        network = describe(config.network, (size, size, config.data.colour.channels), class_count)
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return False
    with st.container(horizontal=True):
        st.metric("Parameters", f"{network.total_parameters:,}", border=True)
        st.metric("Trainable", f"{network.trainable_parameters:,}", border=True)
        st.metric("Million multiply-adds", f"{network.multiply_adds / 1e6:,.1f}", border=True)
    table = pd.DataFrame(
        [
            {
                "layer": row.number,
                "what": row.summary,
                "output": " × ".join(map(str, row.output_shape)),
                "parameters": row.parameters,
            }
            for row in network.rows
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        height=min(_TABLE_MAX_PX, _TABLE_ROW_PX * (len(table) + 1) + 3),
        column_config={"parameters": st.column_config.NumberColumn(format="localized")},
    )
    return True


def start(dataset: Dataset, config: RunConfig, *, ready: bool) -> None:
    """The Start button; it leads to the run's page."""
    if st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not ready,
        width="stretch",
    ):
        run_id = submit_run(context.store(), dataset.id, config)
        remember(RUN, run_id)
        go(frame.RUN, **{RUN: run_id})


def _early_stopping(fields: Fields, on: bool) -> None:
    if fields.toggle("training.early_stopping", "Stop early when it no longer gets better", on=on):
        patience, start_epoch = st.columns(2)
        with patience:
            fields.number("training.early_stopping.patience", "Patience, epochs", low=1, high=1000)
        with start_epoch:
            fields.number(
                "training.early_stopping.start_epoch", "Counting from epoch", low=1, high=1000
            )


def _class_count(dataset: Dataset, config: RunConfig) -> int:
    try:
        return len(split_of(dataset, config).class_names)
    except CnnlabError:
        return 2
