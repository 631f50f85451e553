"""Preparing pictures: the fields that decide it, and what comes out of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from cnnlab.config import Colour, Resize, RunConfig, change_config
from cnnlab.datasets.augmentation import active, draws, single
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.preview import (
    PreparedPictures,
    choose_by_class,
    choose_examples,
    first_pictures,
    prepare_rows,
    scaled_range,
)
from cnnlab.datasets.splits import Split, SplitAssignment, counts
from cnnlab.errors import CnnlabError
from cnnlab.figures.samples import plot_class_counts
from cnnlab.figures.sheets import plot_sheet
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.recipes import RECIPES
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import DATA
from cnnlab.ui.data import split_of
from cnnlab.ui.fields import Fields, draft_config

BATCH_PICTURES = 64
SHEET_COLUMNS = 8
EXAMPLES = 10
ROW_PICTURES = 3
DRAWS = 8
_MOST_ROWS = 12
_VIEWS = ("Split", "First batch", "Each class", "Examples", "Augmentation")
_RESIZES = {
    "squash": "squash: both sides scaled, whatever the proportions",
    "crop": "crop: the largest square in the middle",
    "pad": "pad: the whole picture, centred on black",
}
_OPERATIONS = {
    "flip_horizontal": "flip left and right",
    "flip_vertical": "flip upside down",
    "rotation": "rotation",
    "zoom": "zoom",
    "shift": "shift",
    "brightness": "brightness",
    "contrast": "contrast",
    "erasing": "erasing",
}


def preparation(dataset: Dataset, index: DatasetIndex) -> None:
    """The fields on the left, what they lead to on the right; Train has the same draft."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        recipe = st.selectbox(
            "Recipe", list(RECIPES), key="recipe", persist_state="session", help="A named start"
        )
        fields = Fields(recipe, RECIPES[recipe].config)
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
            config = change_config(RECIPES[recipe].config, fields.changes)
        except CnnlabError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        preview(dataset, config)


def drafted() -> RunConfig:
    """The configuration that the user has prepared so far; that of the first recipe at first."""
    return draft_config(next(iter(RECIPES.values())).config)


def picture_fields(fields: Fields, class_names: Sequence[str]) -> None:
    """Which pictures, how large, in which colours."""
    with st.container(horizontal=True):
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
    with st.container(horizontal=True):
        fields.number("split.validation", "Share for validation", low=0.01, high=0.9, step=0.05)
        fields.number("split.test", "Share for test", low=0.0, high=0.9, step=0.05)
    with st.container(horizontal=True):
        fields.number(
            "split.test_from_validation", "Test out of validation, share", low=0.0, high=0.9
        )
        fields.number("split.seed", "Seed of the split", low=0, high=2**31 - 1)


def augmentation_fields(fields: Fields) -> None:
    """Random changes to training pictures."""
    fields.toggle("augmentation.flip_horizontal", "Flip left and right at random")
    fields.toggle("augmentation.flip_vertical", "Flip upside down at random")
    with st.container(horizontal=True):
        fields.number("augmentation.rotation", "Rotation, ± turns", low=0.0, high=0.5)
        fields.number("augmentation.zoom", "Zoom, ± share", low=0.0, high=0.5)
    with st.container(horizontal=True):
        fields.number("augmentation.shift", "Shift, ± share of the side", low=0.0, high=0.5)
        fields.number("augmentation.erasing", "Chance of erasing a part", low=0.0, high=1.0)
    with st.container(horizontal=True):
        fields.number("augmentation.brightness", "Brightness, ± share", low=0.0, high=1.0)
        fields.number("augmentation.contrast", "Contrast, ± share", low=0.0, high=0.99)


def preview(dataset: Dataset, config: RunConfig) -> None:
    """What a configuration makes of the pictures, in several views."""
    try:
        assignment = split_of(dataset, config)
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    for warning in assignment.warnings:
        st.warning(escape_markdown(warning), icon=":material/warning:")
    view = st.segmented_control(
        "Preview",
        _VIEWS,
        default=_VIEWS[0],
        required=True,
        key="preview-view",
        label_visibility="collapsed",
        persist_state="session",
    )
    match view:
        case "Split":
            split_chart(assignment)
        case "First batch":
            _first_batch(dataset, assignment, config)
        case "Each class":
            _by_class(dataset, assignment, config)
        case "Examples":
            _examples(dataset, assignment, config)
        case "Augmentation":
            _augmentation(dataset, assignment, config)


def split_chart(assignment: SplitAssignment) -> None:
    """Counts by split and class."""
    numbers = counts(assignment)
    with st.container(horizontal=True):
        for split in Split:
            st.metric(split.value.capitalize(), f"{sum(numbers[split].values()):,}", border=True)
        st.metric("Classes", len(assignment.class_names), border=True)
    totals = {
        name: sum(numbers[split][name] for split in numbers) for name in assignment.class_names
    }
    show_chart(plot_class_counts(totals, numbers, dark=context.is_dark()), key="split-counts")


def _first_batch(dataset: Dataset, assignment: SplitAssignment, config: RunConfig) -> None:
    """The first 64 pictures as the network gets them, and their values."""
    batch = first_pictures(dataset.location, assignment, config, BATCH_PICTURES)
    low, high = batch.value_range
    first, last = scaled_range(low, high, config.network.scaling)
    with st.container(horizontal=True):
        st.metric("Pixel values", f"{low} to {high}", border=True)
        st.metric("After scaling", f"{first:.2g} to {last:.2g}", border=True)
        shape = " × ".join(map(str, batch.pixels.shape[1:]))
        st.metric("Shape of a picture", shape, border=True)
    figure = plot_sheet(
        batch.pixels,
        (),
        columns=SHEET_COLUMNS,
        title=f"The first {len(batch.paths)} training pictures of the first epoch",
        dark=context.is_dark(),
    )
    show_chart(figure, key="first-batch")


def _by_class(dataset: Dataset, assignment: SplitAssignment, config: RunConfig) -> None:
    """A row a class, three pictures each."""
    rows = choose_by_class(assignment, per_class=ROW_PICTURES, seed=_seed())
    names = list(assignment.class_names)[:_MOST_ROWS]
    rows = rows[rows["class"].isin(names)]
    pictures = prepare_rows(dataset.location, rows, config.data)
    blank = np.full(pictures.pixels.shape[1:], 127, dtype=np.uint8)
    sheet = []
    for name in names:
        own = [
            pixels
            for pixels, of in zip(pictures.pixels, pictures.classes, strict=True)
            if of == name
        ]
        sheet += [*own, *[blank] * (ROW_PICTURES - len(own))]
    figure = plot_sheet(
        sheet,
        (),
        columns=ROW_PICTURES,
        row_labels=names,
        title="Three pictures of each class",
        dark=context.is_dark(),
    )
    show_chart(figure, key="by-class")
    _others_button()


def _examples(dataset: Dataset, assignment: SplitAssignment, config: RunConfig) -> None:
    """Ten pictures with their true names, of training and of test."""
    for split in (Split.TRAIN, Split.TEST):
        rows = choose_examples(assignment, split, count=EXAMPLES, seed=_seed())
        if rows.empty:
            continue
        pictures = prepare_rows(dataset.location, rows, config.data)
        figure = plot_sheet(
            pictures.pixels,
            pictures.classes,
            columns=EXAMPLES // 2,
            title=f"{len(pictures.paths)} {split.value} pictures",
            dark=context.is_dark(),
        )
        show_chart(figure, key=f"examples-{split}")
    _others_button()


def _augmentation(dataset: Dataset, assignment: SplitAssignment, config: RunConfig) -> None:
    """One picture beside eight draws, of all operations together or of one alone."""
    operations = active(config.augmentation)
    if not operations:
        st.info("No augmentation is on. Switch one on to see what it does to a picture.")
        return
    alone = st.selectbox(
        "Operations",
        [None, *operations],
        format_func=lambda name: "all together" if name is None else f"{_OPERATIONS[name]} alone",
    )
    picture = _chosen_picture(dataset, assignment, config)
    if picture is None:
        return
    chosen = config.augmentation if alone is None else single(config.augmentation, alone)
    drawn = draws(picture.pixels[0], chosen, DRAWS, _seed())
    figure = plot_sheet(
        [picture.pixels[0], *drawn],
        ["original", *[f"draw {number + 1}" for number in range(DRAWS)]],
        columns=3,
        title="As the network may see it while training",
        dark=context.is_dark(),
    )
    show_chart(figure, key="augmentation-draws")
    _others_button("Draw again")


def _chosen_picture(
    dataset: Dataset, assignment: SplitAssignment, config: RunConfig
) -> PreparedPictures | None:
    train = assignment.frame[assignment.frame["split"] == Split.TRAIN.value]
    path = st.selectbox("Picture", train["path"].tolist(), key=f"augmented-{dataset.id}")
    rows: pd.DataFrame = train[train["path"] == path]
    prepared = prepare_rows(dataset.location, rows, config.data)
    if not prepared.paths:
        st.error("This picture cannot be read any more. Look again on Samples.")
        return None
    return prepared


def _seed() -> int:
    seed: int = st.session_state.get("preview-seed", 0)
    return seed


def _others_button(label: str = "Other pictures") -> None:
    if st.button(label, icon=":material/shuffle:"):
        st.session_state["preview-seed"] = _seed() + 1
        st.rerun()
