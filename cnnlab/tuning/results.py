"""What a trial came to: one number for each objective of its sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cnnlab.errors import CnnlabError
from cnnlab.networks.description import describe
from cnnlab.runs.runs import EpochRecord, Run
from cnnlab.tuning.plan import Objective
from cnnlab.tuning.records import Trial
from cnnlab.workspace import RunFiles, Workspace


def results_of(
    objectives: Sequence[Objective],
    run: Run,
    records: Sequence[EpochRecord],
    workspace: Workspace,
) -> tuple[float, ...] | None:
    """The results of a finished run.

    Args:
        objectives: Of the sweep.
        run: With a finished network.
        records: Its epochs.
        workspace: Where its files are.

    Returns:
        One finite number for each objective, or None where one of them is unknown.
    """
    values = [_result(objective, run, records, workspace) for objective in objectives]
    if any(value is None or not math.isfinite(value) for value in values):
        return None
    return tuple(float(value) for value in values if value is not None)


def best_so_far(
    objective: Objective, records: Sequence[Mapping[str, float]]
) -> list[tuple[int, float]]:
    """The best value up to each epoch, as (epoch, value); epochs without a number are left out."""
    if objective.monitor is None:
        return []
    best: list[tuple[int, float]] = []
    for record in records:
        value = record.get(objective.monitor.value)
        if value is None or not math.isfinite(value):
            continue
        if best:
            better = max if objective.higher_is_better else min
            value = better(value, best[-1][1])
        best.append((int(record["epoch"]), float(value)))
    return best


def value_so_far(
    objective: Objective, trial: Trial, records: Sequence[EpochRecord]
) -> float | None:
    """The result of a trial, or what one that is open or was ended early has reached.

    Args:
        objective: The first one of the sweep.
        trial: Any.
        records: Its run's epochs.
    """
    if trial.results:
        return trial.results[0]
    reached = best_so_far(objective, records)
    return reached[-1][1] if reached else None


def _result(
    objective: Objective, run: Run, records: Sequence[EpochRecord], workspace: Workspace
) -> float | None:
    if objective.monitor is not None:
        best = best_so_far(objective, records)
        return best[-1][1] if best else None
    match objective:
        case Objective.PARAMETERS:
            parameters: Mapping[str, float] = run.results.get("parameters", {})
            return parameters.get("total")
        case Objective.MODEL_BYTES:
            try:
                return float(RunFiles(workspace.run_folder(run.id)).lite_model.stat().st_size)
            except OSError:
                return None
        case Objective.MULTIPLY_ADDS:
            return _multiply_adds(run)
    value: float | None = run.results.get(objective.value)
    return value


def _multiply_adds(run: Run) -> float | None:
    try:
        network = describe(
            run.config.network, run.config.data.picture_shape, len(run.results["class_names"])
        )
    except (CnnlabError, LookupError):
        return None
    return float(network.multiply_adds)
