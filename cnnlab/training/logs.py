"""What a run writes for other programs: a table of its epochs, and logs for TensorBoard."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras

from cnnlab.config import Convolution, Dense, RunConfig
from cnnlab.runs.runs import EpochRecord, Run
from cnnlab.workspace import Workspace, write_atomically

_UNSAFE = re.compile(r"[^\w.\-+= ]+")


class EpochTable:
    """The figures of every epoch as a CSV file, written anew after each."""

    def __init__(self, path: Path, records: Sequence[EpochRecord]) -> None:
        self._path = path
        self._records: list[Mapping[str, float]] = list(records)

    def add(self, record: Mapping[str, float]) -> None:
        """Add an epoch and write the file."""
        self._records.append(record)
        names = list(dict.fromkeys(name for row in self._records for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._records)
        write_atomically(self._path, lambda file: file.write(text.getvalue().encode()))


def tensorboard_callback(workspace: Workspace, run: Run) -> keras.callbacks.TensorBoard:
    """Writes loss and metrics of each epoch below the workspace's TensorBoard folder."""
    folder = workspace.tensorboard_folder / log_name(run.config, run.id, run.created_at)
    return keras.callbacks.TensorBoard(str(folder), write_graph=False, update_freq="epoch")


def log_name(config: RunConfig, run_id: str, created_at: float) -> str:
    """Name of a run's log: the configured one, else "3-conv-64-nodes-0-dense-1700000000".

    Networks other than plain stacks of one size are named by their recipe. A name that would be
    the same for another run gets the run's id behind it.

    Args:
        config: May hold a name with {time}, {run}, {recipe}, {conv}, {nodes} and {dense}.
        run_id: For {run}.
        created_at: For {time}, in seconds since 1970.
    """
    stack = config.network.stack
    filters = [layer.filters for layer in stack if isinstance(layer, Convolution)]
    units = [layer.units for layer in stack if isinstance(layer, Dense)]
    facts = {
        "time": str(int(created_at)),
        "run": run_id,
        "recipe": config.recipe,
        "conv": str(len(filters)),
        "nodes": str(filters[0] if filters else units[0] if units else 0),
        "dense": str(len(units)),
    }
    plain = "{conv}-conv-{nodes}-nodes-{dense}-dense-{time}"
    pattern = config.training.log_name or (plain if config.network.is_grid else "{recipe}-{time}")
    unique = "{time}" in pattern or "{run}" in pattern
    for name, value in facts.items():
        pattern = pattern.replace("{" + name + "}", value)
    name = _UNSAFE.sub("-", pattern).strip(". ")
    return name if name and unique else f"{name}-{run_id}".lstrip("-")
