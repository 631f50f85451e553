"""Filters of a network's first layer, and what its layers make of a picture."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnlab.figures.sheets import draw_sheet, sheet_info
from cnnlab.networks.layer_rows import BACKBONE_NAME
from cnnlab.runs.inspections import (
    FILTERS,
    MOST_SHOWN,
    Inspection,
    InspectionRequest,
    LayerName,
    latest_inspection,
    layer_names,
    read_inspection,
    request_filters,
    request_maps,
    split_name,
    submit_inspection,
)
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.addressed import choose_one
from cnnlab.ui.charts import show_chart
from cnnlab.ui.inside_pictures import Chosen
from cnnlab.ui.jobs import follow_job
from cnnlab.workspace import RunFiles

LAYER = "layer"  # in the address

_COLUMNS, _PHONE_COLUMNS = 8, 4
_ROW_PX = 132


def layers_panel(run: Run, chosen: Chosen | None, class_count: int) -> None:
    """Draw the panel: a layer, or the filters, and what a worker has found there.

    Raises:
        CnnlabError: If what a worker has left, or the picture, cannot be read.
    """
    files = RunFiles(context.workspace().run_folder(run.id))
    st.markdown("#### Layer by layer")
    layers = layer_names(run.config, class_count, files)
    layer = _choose_layer(layers, with_picture=chosen is not None)
    if layer == FILTERS:
        request = request_filters(files)
        st.caption("What the first convolution looks for: its weights as small pictures.")
    elif chosen is not None:
        request = request_maps(files, layer, chosen.file)
        text = (
            "What this layer makes of the picture above: one small picture for each of its "
            "channels, bright where the values are high."
        )
        if layer == BACKBONE_NAME and not any(split_name(each.name)[1] for each in layers):
            text += " The backbone's own layers can be chosen once it has been looked at."
        st.caption(text)
    else:
        return
    _show_or_ask(run, files, request)


def _choose_layer(layers: Sequence[LayerName], *, with_picture: bool) -> str:
    texts = {FILTERS: "Filters of the first layer"}
    if with_picture:
        texts |= {layer.name: f"{layer.summary} · {_shape(layer.shape)}" for layer in layers}
    return choose_one("Layer", LAYER, texts, hide_label=True)


def _show_or_ask(run: Run, files: RunFiles, request: InspectionRequest) -> None:
    """What is there already; else a button that has a worker look, and how far it is."""
    found = read_inspection(files, request)
    if found is not None:
        _draw(run, request, found)
        return
    if not files.keras_model.exists():
        st.info("This run has no model.keras to look into.", icon=":material/info:")
        return
    job = latest_inspection(context.store(), run, request)
    if follow_job(job, "looking inside"):
        return
    label = "Show the filters" if request.layer == FILTERS else "Show the maps"
    if st.button(label, icon=":material/visibility:", key=f"inspect-{request.key}"):
        submit_inspection(context.store(), run, request)
        context.attend()
        st.rerun()
    st.caption("A worker loads the network for it; that takes some seconds.")


def _draw(run: Run, request: InspectionRequest, found: Inspection) -> None:
    pictures, filters = found.pictures, request.layer == FILTERS
    vector = not filters and len(found.shape) == 1
    most = _PHONE_COLUMNS if context.on_phone() else _COLUMNS
    columns = 1 if vector else min(most, len(pictures))
    info = sheet_info(
        pictures,
        [""] if vector else [f"{channel + 1}" for channel in found.channels],
        columns=columns,
        notes=[f"{low:.2g} to {high:.2g}" for low, high in zip(found.low, found.high, strict=True)],
    )
    figure = draw_sheet(
        info,
        title=_title(found, filters=filters),
        subtitle=_subtitle(found, filters=filters, vector=vector),
        dark=context.is_dark(),
        row_px=2 * _ROW_PX if vector else _ROW_PX,
    )
    show_chart(figure, key=f"inspection-{run.id}-{request.key}")


def _title(found: Inspection, *, filters: bool) -> str:
    if filters:
        return f"Filters of {found.layer}"
    return f"{found.layer}: {_shape(found.shape)}"


def _subtitle(found: Inspection, *, filters: bool, vector: bool) -> str:
    if vector:
        return f"{found.shape[0]:,} values, row by row, from black to white"
    count = found.shape[-1]
    what = "filters" if filters else "channels"
    first = f"the {MOST_SHOWN} strongest of {count:,} {what}" if count > MOST_SHOWN else (
        f"all {count:,} {what}, the strongest first"
    )  # fmt: skip
    return f"{first}; each from black to white for itself, its values below"


def _shape(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]:,} values"
    height, width, channels = shape
    return f"{width} × {height}, {channels:,} channels"
