"""The fields of a backbone: a trained network in front of the layers."""

from __future__ import annotations

import streamlit as st

from cnnlab.config import (
    Backbone,
    BackboneName,
    Features,
    GlobalPooling,
    NetworkConfig,
    Scaling,
)
from cnnlab.networks.backbones import BACKBONES
from cnnlab.networks.blueprint import Blueprint, Head, to_layers
from cnnlab.networks.recipes import RECIPES
from cnnlab.ui.address import show_in
from cnnlab.ui.draft import Draft, with_layers
from cnnlab.ui.part_fields import PartFields

_FEATURES = {
    "cached": "cached: it looks at each picture once",
    "live": "live: in every epoch anew, behind the augmentation",
}


def backbone_fields(draft: Draft, prefix: str) -> None:
    """Whether there is a backbone, which one, and how it is used."""
    backbone = draft.network.backbone
    title = "none" if backbone is None else BACKBONES[backbone.name].title
    with st.expander(
        f"Backbone: {title}", icon=":material/foundation:", key=f"{prefix}open-backbone"
    ):
        key = f"{prefix}with-backbone"
        show_in(key, backbone is not None)
        st.toggle(
            "Start with a network that was trained on ImageNet",
            key=key,
            help="It stays as it is, and only the layers behind it are trained: the best figures "
            "from few pictures. Switching it on leaves a small head; switching it off puts plain "
            "blocks there.",
            on_change=_switch,
            args=(draft, key),
        )
        if backbone is not None:
            _details(draft, backbone, prefix)


def _details(draft: Draft, backbone: Backbone, prefix: str) -> None:
    part = PartFields(prefix, draft.network, draft.edit)
    part.choice(
        "backbone.name",
        "Which one",
        list(BackboneName),
        {
            name.value: f"{facts.title} · {facts.cost.parameters / 1e6:.1f} M parameters"
            for name, facts in BACKBONES.items()
        },
    )
    part.choice(
        "backbone.features",
        "Its features",
        list(Features),
        _FEATURES,
        help="Cached is many times faster. Live sees other random changes in every epoch.",
    )
    if backbone.features is Features.CACHED or backbone.views:
        part.number(
            "backbone.views",
            "Augmented views of each picture",
            low=0,
            high=64,
            help="Cached beside the unchanged picture; 0 leaves augmentation without effect",
        )
    part.toggle(
        "backbone.pretrained",
        "Weights from ImageNet",
        help="They are downloaded once. Without them its weights are random, to compare with.",
    )
    st.caption("Fine-tuning, which trains its last layers too, is under Training.")


def _switch(draft: Draft, key: str) -> None:
    if st.session_state[key]:
        draft.edit(_with_backbone)
    else:
        draft.edit(_without_backbone)
    draft.part = 0


def _with_backbone(network: NetworkConfig) -> NetworkConfig:
    head = Head(join=GlobalPooling(), dropout=0.2)
    layers = to_layers(Blueprint(head=head))
    return with_layers(network, layers).model_copy(
        update={"backbone": Backbone(), "scaling": Scaling.BACKBONE}
    )


def _without_backbone(network: NetworkConfig) -> NetworkConfig:
    """Plain pixels need blocks: those of the recipe for small pictures."""
    plain = next(iter(RECIPES.values())).config.network
    return plain.model_copy(update={"width": network.width})
