"""What is needed of a run to carry it out again elsewhere."""

from __future__ import annotations

import pandas as pd

from cnnlab.errors import RunError
from cnnlab.reports.reproduce import Reproduction
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.runs import get_run
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
    if not run.has_model:
        raise RunError(
            "no-model",
            f"The run {run_id!r} has no finished network. Wait until it has ended, or choose a "
            "completed run.",
        )
    try:
        split = pd.read_parquet(files.split)
    except (OSError, ValueError) as error:
        raise RunError(
            "damaged-run",
            f"The file {files.split.name} of run {run_id!r} cannot be read. Train it again.",
        ) from error
    return Reproduction(
        config=run.config,
        class_names=tuple(run.results["class_names"]),
        split=split,
        data_folder=get_dataset(store, run.dataset_id).location,
        results=run.results,
        continued=run.continues is not None,
    )
