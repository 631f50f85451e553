"""The features that a frozen backbone sees in a run's pictures, out of the workspace's cache."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnlab.config import Features, RunConfig
from cnnlab.datasets.augmentation import augment
from cnnlab.datasets.pixels import PREPARATION
from cnnlab.datasets.splits import Split
from cnnlab.errors import RunError
from cnnlab.inference.feature_cache import FeatureCache, PixelSource
from cnnlab.progress import PhaseProgress, in_phase
from cnnlab.runs.settings import pixel_budget_bytes
from cnnlab.runs.store import Store
from cnnlab.training.backbones import export_backbone, leading_pooling
from cnnlab.training.batches import LabelledFeatures, LabelledPixels
from cnnlab.training.preparing import PreparedData
from cnnlab.workspace import Workspace

COMPUTING = "computing the features"
CHANGES = 1  # raised when the augmentation changes a result; older views are not used


def uses_cached_features(config: RunConfig) -> bool:
    """True if the backbone looks at each picture once, before the training."""
    backbone = config.network.backbone
    return backbone is not None and backbone.features is Features.CACHED


def cached_features(
    store: Store,
    workspace: Workspace,
    config: RunConfig,
    data: PreparedData,
    weights: Path | None,
    report: PhaseProgress,
) -> dict[Split, LabelledFeatures]:
    """Features of the training and validation pictures.

    Args:
        store, workspace: Where the cache and its budget are.
        config: Its network has a backbone with cached features.
        data: The prepared pictures.
        weights: File of the backbone's trained weights, or None.
        report: Told the pictures done; it may raise to end the work.

    Raises:
        RunError: If the network has no backbone.
        WorkspaceError: If the disk is full or may not be written to.
    """
    backbone = config.network.backbone
    if backbone is None:
        raise RunError("no-backbone", "The network has no backbone, so there are no features.")
    cache = FeatureCache(workspace, cache_name(config, weights))
    found = {}
    for split in (Split.TRAIN, Split.VALIDATION):
        views = 1 + backbone.views if split is Split.TRAIN else 1
        hashes, images = data.content_hashes(split), data.images[split]
        rows = cache.rows(
            _keys(hashes, views, config),
            _views(images, hashes, views, config),
            make_model=lambda file: export_backbone(
                file,
                config.network,
                config.data.picture_shape,
                pooling=leading_pooling(config.network),
                seed=config.training.seed,
                weights=weights,
            ),
            budget_bytes=pixel_budget_bytes(store),
            progress=in_phase(report, COMPUTING),
        )
        found[split] = LabelledFeatures(rows, images.labels, views)
    return found


def cache_name(config: RunConfig, weights: Path | None) -> str:
    """What the features depend on besides the pictures, as the name of a folder."""
    backbone = config.network.backbone
    name = "none" if backbone is None else backbone.name.value
    pooling = leading_pooling(config.network)
    facts = [
        config.data.resize.value,
        config.network.scaling.value,
        None if pooling is None else pooling.value,
        f"seed {config.training.seed}" if weights is None else _digest(weights),
        PREPARATION,
    ]
    digest = blake2b(json.dumps(facts).encode(), digest_size=6).hexdigest()
    return f"{name}-{config.data.size}-{digest}"


def _digest(weights: Path) -> str:
    with weights.open("rb") as file:
        digest = blake2b(digest_size=16)
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _keys(hashes: Sequence[str], views: int, config: RunConfig) -> list[str]:
    """A key for each view of each picture: the first is the unchanged picture."""
    document = [config.augmentation.model_dump(mode="json"), config.training.seed, CHANGES]
    changed = blake2b(json.dumps(document).encode(), digest_size=6).hexdigest()
    return [
        content if view == 0 else f"{content}/{changed}/{view}"
        for content in hashes
        for view in range(views)
    ]


def _views(
    images: LabelledPixels, hashes: Sequence[str], views: int, config: RunConfig
) -> PixelSource:
    """A function from numbers of views to their pixels."""

    def pixels(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        pictures: NDArray[np.uint8] = np.array(images[numbers // views])
        for place, number in enumerate(numbers):
            picture, view = divmod(int(number), views)
            if view:
                pictures[place] = _changed(pictures[place], hashes[picture], view, config)
        return pictures

    return pixels


def _changed(
    picture: NDArray[np.uint8], content: str, view: int, config: RunConfig
) -> NDArray[np.uint8]:
    rng = np.random.default_rng([config.training.seed, zlib.crc32(content.encode()), view])
    changed: NDArray[np.uint8] = augment(picture[None], config.augmentation, rng)[0]
    return changed
