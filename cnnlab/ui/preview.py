"""What a configuration makes of the pictures: counts, the first batch, examples, augmentation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from cnnlab.config import RunConfig
from cnnlab.datasets.augmentation import active, draws, single
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
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.data import split_of
from cnnlab.ui.views import choose_view

BATCH_PICTURES = 64
SHEET_COLUMNS = 8
EXAMPLES = 10
ROW_PICTURES = 3
DRAWS = 8
_MOST_ROWS = 12
_VIEWS = {
    "split": "Split",
    "batch": "First batch",
    "classes": "Each class",
    "examples": "Examples",
    "augmentation": "Augmentation",
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


def preview(dataset: Dataset, config: RunConfig) -> None:
    """What a configuration makes of the pictures, in several views."""
    try:
        assignment = split_of(dataset, config)
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    for warning in assignment.warnings:
        st.warning(escape_markdown(warning), icon=":material/warning:")
    match choose_view(_VIEWS, key="preview-view", name="preview", label="Preview"):
        case "split":
            split_chart(assignment)
        case "batch":
            _first_batch(dataset, assignment, config)
        case "classes":
            _by_class(dataset, assignment, config)
        case "examples":
            _examples(dataset, assignment, config)
        case "augmentation":
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
    scaled = scaled_range(low, high, config.network.scaling)
    after = "as its backbone" if scaled is None else f"{scaled[0]:.2g} to {scaled[1]:.2g}"
    with st.container(horizontal=True):
        st.metric("Pixel values", f"{low} to {high}", border=True)
        st.metric("After scaling", after, border=True)
        shape = " × ".join(map(str, batch.pixels.shape[1:]))
        st.metric("Shape of a picture", shape, border=True)
    figure = plot_sheet(
        batch.pixels,
        (),
        columns=SHEET_COLUMNS,
        title=f"The first {len(batch.paths)} training pictures",
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
        title="Three pictures of each class"
        if len(names) == len(assignment.class_names)
        else f"Three pictures of each of the first {len(names)} classes",
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
        title="Draws, as training makes them",
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
