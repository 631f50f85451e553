"""Laying out a data set's pictures in a plane, similar ones side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.config import BackboneName
from cnnlab.datasets.embedding import ImageMap, embed, histogram_features, write_map
from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import DatasetError
from cnnlab.inference.features import BACKBONE_SIDE_PX, picture_features
from cnnlab.inference.weights import find_weights
from cnnlab.progress import PhaseProgress, in_phase
from cnnlab.runs.audits import AuditFiles, ensure_measures
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.scans import SCANNING
from cnnlab.workspace import Workspace

BACKBONE = BackboneName.MOBILENET_V2
HISTOGRAMS = "histograms"


def map_dataset(
    workspace: Workspace,
    dataset: Dataset,
    index: DatasetIndex,
    progress: PhaseProgress | None = None,
) -> ImageMap:
    """Compute and keep the map of every readable picture, one point for each content.

    Features come from a network trained on ImageNet where its weights are on this machine, else
    from colours and gradients.

    Raises:
        DatasetError: If there is no picture to lay out.
    """
    pictures = index.readable.drop_duplicates("content_hash")
    if pictures.empty:
        raise DatasetError(
            "no-images", f"A map needs pictures. Received: none in {dataset.name!r}."
        )
    weights = find_weights(BACKBONE, BACKBONE_SIDE_PX)
    if weights is not None:
        image_map = _by_backbone(workspace, dataset, pictures, weights, progress)
    else:
        image_map = _by_histograms(workspace, dataset, index, progress)
    files = AuditFiles(workspace.audit_folder(dataset.id))
    write_map(image_map, files.map)
    return image_map


def _by_backbone(
    workspace: Workspace,
    dataset: Dataset,
    pictures: pd.DataFrame,
    weights: Path,
    progress: PhaseProgress | None,
) -> ImageMap:
    model_file = workspace.backbone_file(BACKBONE)
    if not model_file.exists():
        if progress is not None:
            progress("loading the network", 0, 0)
        from cnnlab.training.backbones import export_map_backbone

        export_map_backbone(model_file, weights)
    paths = pictures["path"].tolist()
    features, read = picture_features(
        model_file,
        dataset.location,
        paths,
        in_phase(progress, SCANNING),
    )
    return _lay_out(pictures["content_hash"].to_numpy()[read], features, BACKBONE, progress)


def _by_histograms(
    workspace: Workspace,
    dataset: Dataset,
    index: DatasetIndex,
    progress: PhaseProgress | None,
) -> ImageMap:
    measures = ensure_measures(workspace, dataset, index, progress)
    if measures is None:
        raise DatasetError(
            "no-measures",
            f"The measures of {dataset.name!r} could not be read back. Check the disk and try "
            "again.",
        )
    features = histogram_features(measures.miniatures)
    return _lay_out(measures.frame["content_hash"].to_numpy(), features, HISTOGRAMS, progress)


def _lay_out(
    contents: np.ndarray, features: np.ndarray, name: str, progress: PhaseProgress | None
) -> ImageMap:
    if progress is not None:
        progress("laying out the map", 0, 0)
    points = embed(features)
    frame = pd.DataFrame({"content_hash": contents, "x": points[:, 0], "y": points[:, 1]})
    return ImageMap(frame=frame.astype({"content_hash": "str"}), features=name)
