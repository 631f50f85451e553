"""The network builder of the Train page: blocks, head, backbone, width and scaling."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import streamlit as st

from cnnlab.config import NetworkConfig
from cnnlab.errors import NetworkError
from cnnlab.figures.text import escape_markdown
from cnnlab.networks import blueprint as blueprints
from cnnlab.networks.blueprint import Blueprint
from cnnlab.networks.layer_text import layers_text, parse_layers
from cnnlab.ui.address import show_in
from cnnlab.ui.backbone_fields import backbone_fields
from cnnlab.ui.block_fields import block_fields, head_fields
from cnnlab.ui.draft import Draft, with_layers
from cnnlab.ui.fields import Fields
from cnnlab.ui.part_fields import PartFields

_GRID_FIELDS = {
    "conv_layers": ("Convolutions", 0, 12),
    "layer_size": ("Filters and units", 1, 4096),
    "dense_layers": ("Dense layers", 0, 12),
}
_ACTION_HELP = {
    "Add a block": "Behind the one that is shown; from the head, as the last one",
    "Duplicate": "Put a copy of this block behind it",
    "Earlier": "Move this block towards the pixels",
    "Later": "Move this block towards the head",
    "Remove": "Take this block out",
}
_TEXT_HELP = (
    "One layer a line, from the pixels on; the softmax over the classes follows by itself. "
    "What is left out has its usual value."
)


def build_network(fields: Fields, draft: Draft, refusal: NetworkError | None) -> None:
    """Everything that changes the network.

    Args:
        fields: Of the recipe; names the widgets.
        draft: The network.
        refusal: Why the layers do not fit together; None where they do.
    """
    prefix = fields.key("network.")
    blueprint = None if draft.network.is_grid else draft.blueprint
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown("**Layers**" if blueprint is None else "**Blocks and head**")
        st.button(
            "Undo",
            icon=":material/undo:",
            key=f"{prefix}undo",
            type="tertiary",
            disabled=not draft.history,
            help="Takes the last edit of the network back",
            on_click=draft.undo,
        )
    if draft.refusal:
        st.error(escape_markdown(draft.refusal), icon=":material/error:")
    if draft.network.is_grid:
        _grid(draft, prefix)
    elif blueprint is not None:
        _blocks(draft, blueprint, prefix, refusal)
    else:
        st.info(
            "These layers are not blocks that begin with a convolution and end with a head, so "
            "they are shown in the table and edited as text below.",
            icon=":material/info:",
        )
    if blueprint is not None:
        with st.container(horizontal=True, gap="small"):
            _block_buttons(draft, blueprint, prefix)
    backbone_fields(draft, prefix)
    with st.expander("Width and scaling", icon=":material/width:", key=f"{prefix}open-width"):
        _width_and_scaling(draft, prefix)
    if not draft.network.is_grid:
        with st.expander(
            "Layers as text",
            icon=":material/code:",
            expanded=blueprint is None,
            key=f"{prefix}open-text",
        ):
            _text(draft, prefix)


def _grid(draft: Draft, prefix: str) -> None:
    """The three numbers of the conv-grid family."""
    st.markdown("A member of the **conv-grid** family: three numbers say it all.")
    part = PartFields(prefix, draft.network, draft.edit)
    with st.container(horizontal=True):
        for name, (label, low, high) in _GRID_FIELDS.items():
            part.number(name, label, low=low, high=high)
    st.button(
        "Open in the builder",
        icon=":material/dashboard_customize:",
        key=f"{prefix}open",
        help="Turns the three numbers into layers that can be changed one by one",
        on_click=draft.edit,
        args=(lambda network: with_layers(network, network.stack),),
    )


def _blocks(draft: Draft, blueprint: Blueprint, prefix: str, refusal: NetworkError | None) -> None:
    """The blocks from left to right, and the one that is shown."""
    last = len(blueprint.blocks)
    draft.part = min(draft.part, last)
    layer = None if refusal is None else refusal.layer
    refused = None if layer is None else blueprints.block_at(blueprint, layer)
    key = f"{prefix}part"
    show_in(key, draft.part)
    st.pills(
        "Part of the network",
        list(range(last + 1)),
        format_func=lambda index: _part_label(blueprint, index, refused),
        key=key,
        required=True,
        wrap=True,
        label_visibility="collapsed",
        on_change=_show_part,
        args=(draft, key),
    )
    if refused is not None:
        name = "the head" if refused == last else f"block {refused + 1}"
        st.caption(f":red[:material/error: The layer that does not fit is in {name}.]")
    if draft.part == last:
        head_fields(draft, blueprint, prefix)
    else:
        block_fields(draft, blueprint, prefix)


def _part_label(blueprint: Blueprint, index: int, refused: int | None) -> str:
    mark = ":material/error: " if index == refused else ""
    if index == len(blueprint.blocks):
        return f"{mark}Head"
    return f"{mark}{index + 1} · {blueprint.blocks[index].convolution.filters}"


def _show_part(draft: Draft, key: str) -> None:
    chosen = st.session_state[key]
    if chosen is not None:
        draft.part = chosen


def _block_buttons(draft: Draft, blueprint: Blueprint, prefix: str) -> None:
    """What can be done with the block that is shown; beside the head, one can only be added."""
    here, last = draft.part, len(blueprint.blocks)
    new = here if here == last else here + 1
    _action(draft, prefix, "Add a block", "add", lambda plan: blueprints.added(plan, new), new)
    if here == last:
        return
    _action(
        draft,
        prefix,
        "Duplicate",
        "content_copy",
        lambda plan: blueprints.duplicated(plan, here),
        here + 1,
    )
    for label, icon, to in (
        ("Earlier", "arrow_back", here - 1),
        ("Later", "arrow_forward", here + 1),
    ):
        _action(
            draft,
            prefix,
            label,
            icon,
            lambda plan, to=to: blueprints.moved(plan, here, to),  # type: ignore[misc]
            to,
            possible=0 <= to < last,
        )
    _action(
        draft,
        prefix,
        "Remove",
        "delete",
        lambda plan: blueprints.removed(plan, here),
        max(0, here - 1),
    )


def _action(
    draft: Draft,
    prefix: str,
    label: str,
    icon: str,
    change: Callable[[Blueprint], Blueprint],
    part: int,
    *,
    possible: bool = True,
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"{prefix}{icon}",
        type="tertiary",
        help=_ACTION_HELP[label],
        disabled=not possible,
        on_click=draft.rebuild,
        args=(change, part),
    )


def _width_and_scaling(draft: Draft, prefix: str) -> None:
    part = PartFields(prefix, draft.network, draft.edit)
    part.number(
        "width",
        "Width",
        low=0.01,
        high=16.0,
        help="Multiplies all filters and units: 0.5 makes a network of half the width and a "
        "quarter of the work",
    )
    names = {
        "none": "none: 0 to 255 as they are",
        "unit": "unit: from 0 to 1",
        "signed": "signed: from -1 to 1",
        "backbone": "backbone: as the backbone was trained",
    }
    words = list(names) if draft.network.backbone is not None else list(names)[:-1]
    part.choice(
        "scaling",
        "Pixel values",
        words,
        names,
        help="What the first layer does to pixel values; it is part of the exported network",
    )


def _text(draft: Draft, prefix: str) -> None:
    """The layers as JSON; what is typed stays until it is used or the layers change."""
    text = layers_text(draft.network.stack)
    key = f"{prefix}text.{zlib.crc32(text.encode())}"
    st.text_area("Layers", value=text, key=key, height=260, help=_TEXT_HELP)

    def take_over(network: NetworkConfig) -> NetworkConfig:
        return with_layers(network, parse_layers(st.session_state[key]))

    st.button("Use these layers", key=f"{prefix}use", on_click=draft.edit, args=(take_over,))
