"""All pictures of a data set as points in a plane; a lasso leads to the pictures."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnnlab.datasets.embedding import ImageMap
from cnnlab.datasets.index import DatasetIndex
from cnnlab.figures.image_map import plot_image_map
from cnnlab.figures.sheets import plot_mean_images
from cnnlab.runs import jobs
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.states import JobKind
from cnnlab.ui import context
from cnnlab.ui.cards import picture_grid
from cnnlab.ui.charts import show_chart, show_selectable
from cnnlab.ui.correcting import correction_bar
from cnnlab.ui.data import map_of, means_of
from cnnlab.ui.gallery import PAGE_SIZE
from cnnlab.ui.jobs import follow_job

_FEATURES = {
    "mobilenet_v2": "by what a network trained on ImageNet sees in them",
    "histograms": "by their colours and edges",
}


def image_map(dataset: Dataset, index: DatasetIndex) -> None:
    """The map, or the way to have it computed; chosen points as a gallery below."""
    job = jobs.latest_job(context.store(), JobKind.MAP, dataset.id)
    if follow_job(job, "Computing the map"):
        return
    known = map_of(dataset)
    missing = known is None or not set(index.usable["content_hash"]) <= set(
        known.frame["content_hash"]
    )
    if known is None:
        st.info(
            "Similar pictures lie close to each other on the map, so that what is labelled "
            "wrongly, or lies apart from the rest, stands out."
        )
    if missing and st.button(
        "Compute the map" if known is None else "Compute it again: pictures are new",
        type="primary" if known is None else "secondary",
        icon=":material/scatter_plot:",
    ):
        jobs.submit_job(context.store(), JobKind.MAP, dataset.id)
        st.rerun()
    if known is not None:
        _chart(dataset, index, known)


def _chart(dataset: Dataset, index: DatasetIndex, known: ImageMap) -> None:
    rows = index.usable.merge(known.frame, on="content_hash", how="inner")
    figure = plot_image_map(
        rows[["x", "y"]].to_numpy(),
        rows["class"].tolist(),
        rows["path"].tolist(),
        index.class_names,
        dark=context.is_dark(),
    )
    st.caption(
        f"{len(rows):,} pictures, laid out {_FEATURES.get(known.features, known.features)}. "
        "Draw around some points to see their pictures."
    )
    event = show_selectable(figure, key=f"map-{dataset.id}")
    paths = selected_paths(event)
    if paths:
        chosen = rows[rows["path"].isin(paths)]
        st.subheader(f"{len(chosen):,} pictures inside the line")
        bar = st.container()
        shown = chosen.head(PAGE_SIZE * 2)
        ticked = picture_grid(dataset, index, shown, key="map")
        if len(shown) < len(chosen):
            st.caption(
                f"The first {len(shown):,} are shown. Draw a smaller line to see the others."
            )
        with bar:
            correction_bar(dataset, index, ticked, key="map")


def selected_paths(event: Any) -> set[str]:
    """Paths of the points that a lasso or a box has caught."""
    points = event.selection.points if event else []
    found = set()
    for point in points:
        data = point.get("customdata")
        path = data[0] if isinstance(data, list | tuple) and data else data
        if isinstance(path, str):
            found.add(path)
    return found


def mean_images(dataset: Dataset, index: DatasetIndex) -> None:
    """The mean of each class's pictures."""
    means = means_of(dataset)
    if means:
        counts = {name: index.class_counts[name] for name in means}
        show_chart(plot_mean_images(means, counts, dark=context.is_dark()), key="mean-images")
