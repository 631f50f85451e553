"""The fields of one block, and of the head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnnlab.config import (
    ActivationName,
    BatchNormalization,
    Flatten,
    GlobalPooling,
    Padding,
    Pooling,
    PoolMode,
)
from cnnlab.networks.blueprint import Block, Blueprint, Head, HiddenLayer, changed, replaced
from cnnlab.ui.draft import Draft
from cnnlab.ui.part_fields import PartFields

_PADDING_HELP = "same: windows may reach over the border; valid: they may not, the map gets smaller"
_POOLINGS = {"none": "none", "max": "maximum", "average": "average"}
_JOINS = {
    "flatten": "flatten: every value of the map",
    "average": "global pooling: the mean of each channel",
    "max": "global pooling: the maximum of each channel",
}
_DROPOUT_HELP = "Share of values that are set to zero while training; 0 leaves it out"


def block_fields(draft: Draft, blueprint: Blueprint, prefix: str) -> None:
    """The block that is shown, in the order of computation."""
    index = draft.part
    block = blueprint.blocks[index]

    def edit(apply: Callable[[Any], Any]) -> None:
        draft.rebuild(lambda plan: replaced(plan, index, apply(plan.blocks[index])))

    part = PartFields(f"{prefix}block.", block, edit)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part.number(
            "convolution.filters", "Filters", low=1, high=4096, help="Channels that come out"
        )
        part.number("convolution.kernel", "Kernel, px", low=1, high=31, help="Side of the window")
        part.number("convolution.stride", "Stride", low=1, high=31, help="2 halves the map's sides")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part.choice("convolution.padding", "Padding", list(Padding), help=_PADDING_HELP)
        part.choice("convolution.activation", "Activation", list(ActivationName))
    _pooling(part, block)
    part.toggle(
        "normalisation",
        "Batch normalisation",
        on=block.normalisation is not None,
        convert=lambda _, on: BatchNormalization() if on else None,
        help="Keeps values in one range; training gets faster and steadier",
    )
    if block.normalisation is not None:
        part.number(
            "normalisation.momentum",
            "Momentum of its running statistics",
            low=0.0,
            high=0.999,
            step=0.01,
            help="0.9 suits runs of a few hundred steps, 0.99 long ones",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part.number(
            "residual",
            "Convolutions in a residual",
            low=0,
            high=12,
            help="So many convolutions of the same width follow, and their result is added to "
            "their input; 0 leaves them out",
        )
        part.number("dropout", "Dropout", low=0.0, high=0.99, none_at=0.0, help=_DROPOUT_HELP)
    _order(part, block)


def _pooling(part: PartFields, block: Block) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part.choice(
            "pooling",
            "Pooling",
            list(_POOLINGS),
            _POOLINGS,
            value="none" if block.pooling is None else block.pooling.mode.value,
            convert=_pooling_of,
            help="Makes the map smaller: one value for each window",
        )
        if block.pooling is not None:
            part.number("pooling.size", "Its window, px", low=2, high=31)
            part.choice("pooling.padding", "Its padding", list(Padding), help=_PADDING_HELP)


def _pooling_of(block: Block, word: str) -> Pooling | None:
    if word == "none":
        return None
    return (block.pooling or Pooling()).model_copy(update={"mode": PoolMode(word)})


def _order(part: PartFields, block: Block) -> None:
    """Details that decide in which order the block computes."""
    with st.expander("Order and bias", icon=":material/swap_vert:"):
        part.toggle(
            "activate_last",
            "Activation behind the normalisation",
            help="Else it belongs to the convolution itself",
        )
        if block.pooling is not None and (block.normalisation is not None or block.activate_last):
            part.toggle(
                "pool_first",
                "Pooling in front of the normalisation",
                help="Leaves fewer values to normalise, which is faster",
            )
        part.toggle(
            "convolution.bias",
            "Bias",
            help="Not needed where a batch normalisation follows",
        )


def head_fields(draft: Draft, blueprint: Blueprint, prefix: str) -> None:
    """From the last map to the softmax."""
    head = blueprint.head

    def edit(apply: Callable[[Any], Any]) -> None:
        draft.rebuild(lambda plan: changed(plan, "head", apply(plan.head)))

    part = PartFields(f"{prefix}head.", head, edit)
    flat = isinstance(head.join, Flatten)
    part.choice(
        "join",
        "From the map to a vector",
        list(_JOINS),
        _JOINS,
        value=head.join.mode.value if isinstance(head.join, GlobalPooling) else "flatten",
        convert=lambda _, word: (
            Flatten() if word == "flatten" else GlobalPooling(mode=PoolMode(word))
        ),
        help="Flatten keeps where something is, and needs many parameters behind it; global "
        "pooling needs few, and takes pictures of any size",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = "flatten" if flat else "pooling"
        for field, label in (
            ("dropout_on_map", f"Dropout in front of the {name}"),
            ("dropout", f"Dropout behind the {name}"),
        ):
            part.number(field, label, low=0.0, high=0.99, none_at=0.0, help=_DROPOUT_HELP)
    for index, hidden in enumerate(head.dense):
        _hidden_layer(edit, hidden, index, prefix)
    units = head.dense[-1].units if head.dense else 64
    st.button(
        "Add a dense layer",
        icon=":material/add:",
        key=f"{prefix}add-dense",
        on_click=edit,
        args=(lambda head: _with_dense(head, (*head.dense, HiddenLayer(units=units))),),
    )


def _hidden_layer(
    edit: Callable[[Callable[[Any], Any]], None], hidden: HiddenLayer, index: int, prefix: str
) -> None:
    """One dense layer, and the way to take it out."""

    def edit_one(apply: Callable[[Any], Any]) -> None:
        def in_head(head: Head) -> Head:
            dense = head.dense
            return _with_dense(head, (*dense[:index], apply(dense[index]), *dense[index + 1 :]))

        edit(in_head)

    part = PartFields(f"{prefix}dense.{index}.", hidden, edit_one)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(f"Dense layer {index + 1}")
        st.button(
            "Remove",
            icon=":material/delete:",
            key=f"{prefix}remove-dense.{index}",
            type="tertiary",
            on_click=edit,
            args=(lambda head: _with_dense(head, (*head.dense[:index], *head.dense[index + 1 :])),),
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part.number("units", "Units", low=1, high=65536)
        part.choice("activation", "Activation", list(ActivationName))
        part.number("dropout", "Dropout", low=0.0, high=0.99, none_at=0.0, help=_DROPOUT_HELP)


def _with_dense(head: Head, dense: tuple[HiddenLayer, ...]) -> Head:
    return head.model_copy(update={"dense": dense})
