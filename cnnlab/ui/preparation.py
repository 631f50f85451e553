"""Preparing pictures: the fields that decide it, and what comes out of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnlab.config import Colour, Resize, RunConfig, change_config
from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import CnnlabError
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.recipes import RECIPES
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA
from cnnlab.ui.fields import Fields, draft_config
from cnnlab.ui.preview import preview
from cnnlab.ui.starts import choose_start

_RESIZES = {
    "squash": "squash: both sides scaled, whatever the proportions",
    "crop": "crop: the largest square in the middle",
    "pad": "pad: the whole picture, centred on black",
}


def preparation(dataset: Dataset, index: DatasetIndex) -> None:
    """The fields on the left, what they lead to on the right; Train has the same draft."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        recipe = choose_start(addressed=False)
        fields = Fields(recipe.name, recipe.config, dataset.id)
        picture_fields(fields, index.class_names)
        st.markdown("**Split**")
        split_fields(fields)
        st.markdown("**Augmentation**")
        augmentation_fields(fields)
        if fields.changes:
            st.button(
                "Back to the recipe", icon=":material/undo:", on_click=fields.reset, type="tertiary"
            )
        if st.button("Train like this", type="primary", icon=":material/model_training:"):
            go(frame.TRAIN, **{DATA: dataset.id})
    with right:
        try:
            config = change_config(recipe.config, fields.changes)
        except CnnlabError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        preview(dataset, config)


def drafted(dataset: Dataset) -> RunConfig:
    """The configuration that the user has prepared so far; that of the first recipe at first."""
    return draft_config(next(iter(RECIPES.values())).config, dataset.id)


def picture_fields(fields: Fields, class_names: Sequence[str]) -> None:
    """Which pictures, how large, in which colours."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number("data.size", "Side, px", low=8, high=1024)
        fields.choice("data.colour", "Colour", list(Colour))
    fields.choice("data.resize", "How it becomes a square", list(Resize), names=_RESIZES)
    fields.several("data.classes", "Classes", class_names, help="Take some out to leave them out")
    fields.optional_number(
        "data.limit",
        "Most pictures of a class",
        low=1,
        high=10_000_000,
        help="In each of the train, validation and test folders, where there are such",
    )
    fields.toggle("data.balance", "The same number of every class")


def split_fields(fields: Fields) -> None:
    """What is held back for validation and test."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number("split.validation", "Share for validation", low=0.01, high=0.9, step=0.05)
        fields.number("split.test", "Share for test", low=0.0, high=0.9, step=0.05)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number(
            "split.test_from_validation", "Test out of validation, share", low=0.0, high=0.9
        )
        fields.number("split.seed", "Seed of the split", low=0, high=2**31 - 1)


def augmentation_fields(fields: Fields) -> None:
    """Random changes to training pictures."""
    fields.toggle("augmentation.flip_horizontal", "Flip left and right at random")
    fields.toggle("augmentation.flip_vertical", "Flip upside down at random")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number("augmentation.rotation", "Rotation, ± turns", low=0.0, high=0.5)
        fields.number("augmentation.zoom", "Zoom, ± share", low=0.0, high=0.5)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number("augmentation.shift", "Shift, ± share of the side", low=0.0, high=0.5)
        fields.number("augmentation.erasing", "Chance of erasing a part", low=0.0, high=1.0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fields.number("augmentation.brightness", "Brightness, ± share", low=0.0, high=1.0)
        fields.number("augmentation.contrast", "Contrast, ± share", low=0.0, high=0.99)
