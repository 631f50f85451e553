"""Networks trained on ImageNet, exported for LiteRT."""

from __future__ import annotations

from pathlib import Path

from cnnlab.config import Backbone, BackboneName, GlobalPooling, NetworkConfig, PoolMode, Scaling
from cnnlab.inference.features import BACKBONE_SIDE_PX
from cnnlab.inference.signatures import FEATURES
from cnnlab.networks.builder import build_features
from cnnlab.training.lite import convert_to_lite
from cnnlab.workspace import write_atomically


def export_backbone(
    file: Path,
    network: NetworkConfig,
    input_shape: tuple[int, int, int],
    *,
    pooling: PoolMode | None,
    seed: int = 0,
    weights: Path | None = None,
) -> None:
    """Write a network's scaling and backbone as one file from pixels of 0-255 to features.

    Args:
        file: Where to.
        network: A network with a backbone; its layers are left out.
        input_shape: (height, width, 3) of the pictures.
        pooling: What is kept of each channel's map; None keeps the whole map.
        seed: Decides random weights.
        weights: File of trained ones.

    Raises:
        WorkspaceError: If the disk is full or the file cannot be written.
    """
    model = build_features(network, input_shape, seed, pooling=pooling, weights=weights)
    model = type(model)(model.inputs, {FEATURES: model.outputs[0]})
    lite = convert_to_lite(model)
    write_atomically(file, lambda out: out.write(lite))


def export_map_backbone(file: Path, weights: Path) -> None:
    """Write the backbone that lays out a data set's map: MobileNetV2, averaged.

    Raises:
        WorkspaceError: If the disk is full or the file cannot be written.
    """
    network = NetworkConfig(
        scaling=Scaling.BACKBONE, backbone=Backbone(name=BackboneName.MOBILENET_V2)
    )
    shape = (BACKBONE_SIDE_PX, BACKBONE_SIDE_PX, 3)
    export_backbone(file, network, shape, pooling=PoolMode.AVERAGE, weights=weights)


def leading_pooling(network: NetworkConfig) -> PoolMode | None:
    """How the network pools the backbone's map before anything else; None if it does not.

    Pooled features take a fraction of the room, and pooling them again changes nothing.
    """
    first = network.stack[0] if network.stack else None
    return first.mode if isinstance(first, GlobalPooling) else None
