"""Writing a corrected data set into a new folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnlab.config import SplitConfig
from cnnlab.datasets.export import Exported, ExportLayout, export_data
from cnnlab.progress import PhaseProgress, in_phase
from cnnlab.runs.audits import find_near_copies
from cnnlab.runs.corrections import load_index
from cnnlab.runs.datasets import Dataset
from cnnlab.runs.store import Store
from cnnlab.workspace import Workspace

COPYING = "copying the pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Where to, and in which arrangement.

    Attributes:
        target: A folder that does not exist yet, or is empty.
        split: How to divide the pictures; used by the layout TREE only.
    """

    target: Path
    layout: ExportLayout
    split: SplitConfig

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "target": str(self.target),
            "layout": self.layout.value,
            "split": self.split.model_dump(mode="json"),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ExportRequest:
        """Read what `to_json` wrote."""
        return cls(
            target=Path(document["target"]),
            layout=ExportLayout(document["layout"]),
            split=SplitConfig.model_validate(document["split"]),
        )


def export_dataset(
    store: Store,
    workspace: Workspace,
    dataset: Dataset,
    request: ExportRequest,
    progress: PhaseProgress | None = None,
) -> Exported:
    """Copy the usable pictures, corrections applied; copies of each other go to the same side.

    Raises:
        DatasetError: If the target cannot be used, or a picture has changed since the scan.
        WorkspaceError: If the disk is full.
    """
    index = load_index(store, workspace, dataset)
    pairs = None
    if request.layout is ExportLayout.TREE:
        pairs = find_near_copies(workspace, dataset, index, progress)
    return export_data(
        dataset.location,
        index,
        request.target,
        layout=request.layout,
        split=request.split,
        pairs=pairs,
        progress=in_phase(progress, COPYING),
    )
