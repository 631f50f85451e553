"""What is needed of a run to carry it out again elsewhere."""

from __future__ import annotations

from cnnlab.reports.reproduce import Reproduction
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.run_files import read_split
from cnnlab.runs.runs import get_run, require_model
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, Workspace


def reproduction_of(store: Store, workspace: Workspace, run_id: str) -> Reproduction:
    """Gather a run's configuration, split and figures.

    Raises:
        RunError: If there is no such run, or it has no finished network.
        DatasetError: If its data set is gone.
    """
    run = get_run(store, run_id)
    files = RunFiles(workspace.run_folder(run.id))
    require_model(run)
    split = read_split(files)
    return Reproduction(
        config=run.config,
        class_names=tuple(run.results["class_names"]),
        split=split,
        data_folder=get_dataset(store, run.dataset_id).location,
        results=run.results,
        continued=run.continues is not None,
    )
