"""Everything that a training needs to go on after an epoch as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnlab.errors import RunError
from cnnlab.workspace import write_atomically

# What the callbacks and the run remember, beside what only they know.
PATIENT_FROM, ENDED, STAGE_BEGAN = "patient_from", "ended", "stage_began"

_FACTS = "facts"
_MODEL, _OPTIMIZER, _EXTRA = "model/", "optimizer/", "extra/"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A training after an epoch.

    Attributes:
        epoch: Epochs that are finished.
        stage: Name of the stage that the epoch belongs to.
        state: What the callbacks and the run remember, JSON.
        arrays: Every variable of model and optimizer.
        extra: Other arrays that were kept with them.
    """

    epoch: int
    stage: str
    state: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    extra: Mapping[str, np.ndarray]


def save_checkpoint(
    path: Path,
    model: keras.Model,
    *,
    epoch: int,
    stage: str,
    state: Mapping[str, Any],
    extra: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write every variable of a compiled model and its optimizer, in place of the last ones.

    The states of its random generators are among the model's variables.

    Raises:
        WorkspaceError: If the disk is full; the earlier checkpoint stays.
    """
    arrays = {name: variable.numpy() for name, variable in _variables(model).items()}
    write_checkpoint(path, Checkpoint(epoch, stage, state, arrays, extra or {}))


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint aside, then in place of the last one.

    Raises:
        WorkspaceError: If the disk is full; the earlier checkpoint stays.
    """
    facts = json.dumps(
        {
            "epoch": checkpoint.epoch,
            "stage": checkpoint.stage,
            "state": dict(checkpoint.state),
        }
    )
    arrays: dict[str, Any] = dict(checkpoint.arrays)
    arrays |= {_EXTRA + name: array for name, array in checkpoint.extra.items()}
    arrays[_FACTS] = np.frombuffer(facts.encode(), dtype=np.uint8)
    write_atomically(path, lambda file: np.savez(file, **arrays))


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what `save_checkpoint` wrote.

    Raises:
        RunError: If there is none, or it cannot be read.
    """
    try:
        with path.open("rb") as file, np.load(file) as stored:
            arrays = {name: stored[name] for name in stored.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
        extra = {
            name.removeprefix(_EXTRA): arrays.pop(name)
            for name in list(arrays)
            if name.startswith(_EXTRA)
        }
        return Checkpoint(facts["epoch"], facts["stage"], facts["state"], arrays, extra)
    except FileNotFoundError as error:
        raise RunError(
            "no-checkpoint",
            "This run has no checkpoint: it ended before its first epoch was finished. Start it "
            "anew.",
        ) from error
    except Exception as error:  # whatever a damaged archive makes of itself
        raise RunError(
            "damaged-checkpoint",
            f"The checkpoint {path.name} cannot be read. Start the run anew.",
        ) from error


def restore_checkpoint(model: keras.Model, checkpoint: Checkpoint) -> None:
    """Set every variable of a compiled model and its optimizer.

    Raises:
        RunError: If the checkpoint's variables are not exactly those of the model.
    """
    model.optimizer.build(model.trainable_variables)
    variables = _variables(model)
    wrong = set(variables) ^ set(checkpoint.arrays) or {
        name
        for name, variable in variables.items()
        if tuple(variable.shape) != checkpoint.arrays[name].shape
    }
    if wrong:
        raise RunError(
            "wrong-checkpoint",
            f"The checkpoint belongs to another network ({len(wrong)} variables differ, such as "
            f"{min(wrong)}). Start the run anew.",
        )
    for name, variable in variables.items():
        variable.assign(checkpoint.arrays[name])


def _variables(model: keras.Model) -> dict[str, Any]:
    """All variables by a name that is the same in every process.

    Keras numbers generators and optimizers by how many there were before, so a variable's place
    in its list stands for its path.
    """
    return {
        f"{prefix}{place:05}/{variable.path.rpartition('/')[2]}": variable
        for prefix, variables in (
            (_MODEL, model.variables),
            (_OPTIMIZER, model.optimizer.variables),
        )
        for place, variable in enumerate(variables)
    }
