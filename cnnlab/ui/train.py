"""The panels of the Train page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnlab.config import RunConfig, change_config
from cnnlab.config.differences import field_titles
from cnnlab.datasets.splits import Split, SplitAssignment, counts
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.recipe import Recipe
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.runs import submit_run
from cnnlab.ui import context, frame, training_fields, trials
from cnnlab.ui.address import go
from cnnlab.ui.builder import build_network
from cnnlab.ui.choices import DATA, RUN, remember
from cnnlab.ui.data import index_of, split_of
from cnnlab.ui.draft import Draft
from cnnlab.ui.fields import Fields
from cnnlab.ui.network_view import described, show_layers, show_network
from cnnlab.ui.preparation import augmentation_fields, picture_fields, split_fields
from cnnlab.ui.starts import own_recipe_buttons


def class_names_of(dataset: Dataset) -> list[str]:
    """The data set's classes; none where it cannot be read, which `describe_data` explains."""
    try:
        index = index_of(dataset)
    except CnnlabError:
        return []
    return [] if index is None else index.class_names


def pictures_panel(fields: Fields, class_names: Sequence[str]) -> None:
    """Which pictures, how they are split, and how they are changed at random."""
    pictures, split, augmentation = st.columns(3, gap="large")
    with pictures:
        st.markdown("**Pictures**")
        picture_fields(fields, class_names)
    with split:
        st.markdown("**Split**")
        split_fields(fields)
    with augmentation:
        st.markdown("**Augmentation**")
        augmentation_fields(fields)


def training_panel(fields: Fields, *, with_backbone: bool) -> None:
    """Everything about how the weights are found, apart from the epochs."""
    training_fields.learning_fields(fields)
    training_fields.fine_tuning_fields(fields, with_backbone=with_backbone)
    with st.expander("Best epoch and early stopping", icon=":material/flag:"):
        training_fields.stopping_fields(fields)
    with st.expander("Against learning by heart", icon=":material/blur_on:"):
        training_fields.regularising_fields(fields)
    with st.expander("Precision, seed and logs", icon=":material/memory:"):
        training_fields.machine_fields(fields)


def trials_panel(dataset: Dataset, config: RunConfig, fields: Fields) -> None:
    """What can be tried before the start."""
    with st.expander("How long will it take?", icon=":material/timer:"):
        trials.try_steps(dataset, config)
    with st.expander("Which learning rate?", icon=":material/search_insights:"):
        rate_key = fields.key("training.learning_rate")
        trials.find_rate(dataset, config, rate_key=rate_key)


def changed_config(recipe: Recipe, fields: Fields) -> RunConfig | None:
    """The recipe's configuration with the user's changes.

    None where the changes break a rule together, which is then said.
    """
    if fields.changes:
        st.caption(f"Changed: {field_titles(sorted(fields.changes))}")
    try:
        return change_config(recipe.config, fields.changes)
    except ConfigError as error:
        st.error(escape_markdown(error.message), icon=":material/error:")
        return None


def recipe_buttons(
    recipe: Recipe, fields: Fields, config: RunConfig | None, class_count: int
) -> None:
    """The way back to the recipe, and own recipes."""
    with st.container(horizontal=True):
        if fields.changes:
            st.button(
                "Back to the recipe", icon=":material/undo:", on_click=fields.reset, type="tertiary"
            )
        own_recipe_buttons(recipe, config, class_count)


def describe_data(dataset: Dataset, config: RunConfig) -> SplitAssignment | None:
    """Pictures by split; None if the data set cannot be trained on."""
    try:
        assignment = split_of(dataset, config)
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    numbers = counts(assignment)
    with st.container(horizontal=True, vertical_alignment="center"):
        for split in Split:
            st.metric(split.value.capitalize(), f"{sum(numbers[split].values()):,}", border=True)
        st.metric("Classes", len(assignment.class_names), border=True)
    for warning in assignment.warnings:
        st.warning(escape_markdown(warning), icon=":material/warning:")
    training_fields.warn_of_batch(config.training, training_pictures(assignment))
    st.page_link(
        frame.SAMPLES,
        label="Preview the pictures",
        icon=":material/crop:",
        query_params={DATA: dataset.id, "view": "preparation"},
    )
    return assignment


def training_pictures(assignment: SplitAssignment) -> int:
    """Pictures of all classes in the training split."""
    return sum(counts(assignment)[Split.TRAIN].values())


def network_panel(fields: Fields, draft: Draft, config: RunConfig | None, class_count: int) -> bool:
    """The builder, and what it makes; False if the layers do not fit together.

    Args:
        fields: Of the recipe.
        draft: The network as it is edited.
        config: The configuration as it is on the page; None where it breaks a rule.
        class_count: Classes of the data.
    """
    network, refusal = (None, None) if config is None else described(config, class_count)
    if network is not None and config is not None:
        show_network(network, refusal, config.training.batch_size)
    left, right = st.columns([2, 3], gap="large")
    with left:
        build_network(fields, draft, refusal)
    with right:
        if network is not None:
            show_layers(network)
    return network is not None and refusal is None


def start(dataset: Dataset, config: RunConfig | None, *, ready: bool) -> None:
    """The Start button; it leads to the run's page."""
    if (
        st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not ready or config is None,
            width="stretch",
        )
        and config is not None
    ):
        run_id = submit_run(context.store(), dataset.id, config)
        remember(RUN, run_id)
        go(frame.RUN, **{RUN: run_id})
