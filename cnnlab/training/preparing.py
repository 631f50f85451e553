"""From a data set and a configuration to the pictures of each split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab.config import RunConfig
from cnnlab.datasets.pixels import open_pixels
from cnnlab.datasets.selection import select
from cnnlab.datasets.splits import Split, SplitAssignment, assign_splits
from cnnlab.inference.weights import ensure_weights
from cnnlab.networks.description import NetworkDescription, describe
from cnnlab.progress import PhaseProgress, in_phase
from cnnlab.runs.audits import find_near_copies
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.provenance import data_record
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.settings import pixel_budget_bytes
from cnnlab.runs.store import Store
from cnnlab.training.batches import LabelledPixels
from cnnlab.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedData:
    """What a training works on.

    Attributes:
        images: The prepared pictures of each split.
        assignment: Which picture is in which split.
        contents: Content hash of each picture by its path.
        record: What a run remembers of its data.
    """

    images: Mapping[Split, LabelledPixels]
    assignment: SplitAssignment
    contents: Mapping[str, str]
    record: Mapping[str, Any]

    @property
    def class_count(self) -> int:
        """Number of classes."""
        return len(self.assignment.class_names)

    def describe(self, config: RunConfig) -> NetworkDescription:
        """The configured network for these classes."""
        return describe(config.network, config.data.picture_shape, self.class_count)

    def content_hashes(self, split: Split) -> list[str]:
        """Content hash of each picture of a split, in its order."""
        frame = self.assignment.frame
        return [self.contents[path] for path in frame["path"][frame["split"] == split.value]]


def bring_weights(config: RunConfig, report: PhaseProgress) -> Path | None:
    """The file of the backbone's trained weights, downloaded where it is missing; None without.

    Raises:
        RunError: If they are not here and cannot be had ("missing-weights").
    """
    backbone = config.network.backbone
    if backbone is None or not backbone.pretrained:
        return None
    return ensure_weights(
        backbone.name, config.data.size, in_phase(report, "downloading the weights")
    )


def prepare_data(
    store: Store,
    workspace: Workspace,
    dataset: Dataset,
    config: RunConfig,
    report: PhaseProgress,
    should_stop: Callable[[], bool],
) -> PreparedData:
    """Bring a data set's index up to date, choose, split and prepare its pictures.

    Args:
        store, workspace: Where the data set is.
        dataset: Whose pictures.
        config: Which of them, how prepared, how split.
        report: Told the phase and how far it is; it may raise to end the work.
        should_stop: Asked while pictures are prepared.

    Raises:
        CnnlabError: If the data cannot be trained on; the reason has a name.
    """
    index, _ = scan_dataset(store, workspace, dataset, report)
    pairs = find_near_copies(workspace, dataset, index, report)
    chosen = select(index, config.data, config.split.seed)
    assignment = assign_splits(chosen, config.split, pairs)
    is_part = config.data.classes is not None or config.data.limit is not None
    pixels = open_pixels(
        workspace,
        dataset.location,
        chosen.usable if is_part else index.readable,  # corrections then need no new file
        config.data,
        budget_bytes=pixel_budget_bytes(store),
        progress=lambda done, total: report("preparing the pictures", done, total),
        should_stop=should_stop,
    )
    images = {}
    for split in Split:
        part = assignment.frame[assignment.frame["split"] == split.value]
        images[split] = LabelledPixels(
            pixels.pixels, pixels.rows(part["path"]), part["label"].to_numpy(np.int64)
        )
    usable = chosen.usable
    return PreparedData(
        images=images,
        assignment=assignment,
        contents=dict(zip(usable["path"], usable["content_hash"], strict=True)),
        record={**data_record(index), "pictures": len(assignment.frame)},
    )
