"""Going on with a training: from its own checkpoint, or from that of another run."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cnnlab.errors import RunError
from cnnlab.runs import runs
from cnnlab.runs.runs import Run
from cnnlab.runs.store import Store
from cnnlab.training.checkpoints import (
    ENDED,
    PATIENT_FROM,
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from cnnlab.training.export import load_trained, save_weights
from cnnlab.training.preparing import PreparedData
from cnnlab.workspace import RunFiles, Workspace, write_atomically


class Continuation:
    """Where a run begins, if it is not at the beginning."""

    def __init__(self, store: Store, workspace: Workspace, run: Run) -> None:
        self._store = store
        self._workspace = workspace
        self._run = run
        self._files = RunFiles(workspace.run_folder(run.id))

    def checkpoint(self) -> Checkpoint | None:
        """Where to go on: this run's own checkpoint, or that of the run that it continues."""
        if self._files.checkpoint.exists():
            return read_checkpoint(self._files.checkpoint)
        return None if self._run.continues is None else self._adopt(self._run.continues)

    def _adopt(self, parent_id: str) -> Checkpoint:
        """Begin with what another run has left; its own checkpoint is written last."""
        parent = RunFiles(self._workspace.run_folder(parent_id))
        if not parent.folder.exists():
            raise RunError(
                "unknown-run",
                f"The run {parent_id!r}, from which this one goes on, is deleted. Start anew.",
            )
        checkpoint = read_checkpoint(parent.checkpoint)
        state = {**checkpoint.state, PATIENT_FROM: checkpoint.epoch, ENDED: False}
        if parent.best_weights.exists():  # its best epoch stays the one to beat
            content = parent.best_weights.read_bytes()
            write_atomically(self._files.best_weights, lambda file: file.write(content))
        elif parent.keras_model.exists():
            save_weights(load_trained(parent), self._files.best_weights)
        else:
            state["best_epoch"] = None
        runs.forget_epochs(self._store, self._run.id, after=0)
        runs.copy_epochs(self._store, parent_id, self._run.id)
        checkpoint = replace(checkpoint, state=state)
        write_checkpoint(self._files.checkpoint, checkpoint)
        return checkpoint

    def require_same_data(self, data: PreparedData) -> None:
        """What goes on from a checkpoint needs the same classes; moved pictures are told.

        Raises:
            RunError: If the classes are others.
        """
        folders = [self._files.folder]
        if self._run.continues is not None:
            folders.append(self._workspace.run_folder(self._run.continues))
        before = [RunFiles(folder) for folder in folders if RunFiles(folder).checkpoint.exists()]
        if not before or not before[0].split.exists():
            return
        then, now = pd.read_parquet(before[0].split), data.assignment.frame
        if sorted(then["class"].unique()) != sorted(now["class"].unique()):
            raise RunError(
                "data-changed",
                "The classes of the data set are others than in the first part of this training: "
                f"{', '.join(sorted(now['class'].unique()))}. Start the run anew.",
            )
        sides = then.set_index("path")["split"]
        moved = int((now["path"].map(sides).fillna(now["split"]) != now["split"]).sum())
        if moved:
            sentence = (
                f"{moved:,} pictures were used differently in the first part of this training "
            )
            sentence += "(the data have changed since): figures may be too good."
            runs.record_event(self._store, self._run.id, sentence, level="warning")
