"""What is known of a sweep and its trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cnnlab.tuning.plan import Objective, SweepPlan
from cnnlab.tuning.space import RECIPE, Values


class SweepState(StrEnum):
    """Where a sweep stands."""

    RUNNING = "running"
    STOPPED = "stopped"  # by request, or because trial after trial failed; can be resumed
    COMPLETED = "completed"  # can be extended


class TrialState(StrEnum):
    """Where a trial stands."""

    RUNNING = "running"  # its run waits or is being trained
    PAUSED = "paused"  # its sweep was stopped before it ended
    COMPLETED = "completed"
    PRUNED = "pruned"  # ended early, or no network can be made
    STOPPED = "stopped"  # by hand
    FAILED = "failed"

    @property
    def open(self) -> bool:
        """True while its result is still to come."""
        return self in (TrialState.RUNNING, TrialState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One search over a space.

    Attributes:
        wanted: How many trials it is to make.
        message: Why it has stopped, or None.
    """

    id: str
    name: str
    dataset_id: str
    dataset_name: str
    plan: SweepPlan
    state: SweepState
    wanted: int
    created_at: float
    finished_at: float | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training of a sweep.

    Attributes:
        number: From 0.
        run_id: Its run; None where no network can be made.
        fields: The values that make it what it is, by dotted name.
        results: One number for each objective; None without a result.
        message: Why it was pruned or failed, or None.
    """

    number: int
    run_id: str | None
    fields: Values
    state: TrialState
    results: tuple[float, ...] | None
    begun_at: float
    finished_at: float | None
    message: str | None

    @property
    def cut_short(self) -> bool:
        """Whether it ended before its time, so that its result says little."""
        return self.state in (TrialState.PRUNED, TrialState.STOPPED)


def with_results(trials: Sequence[Trial]) -> list[Trial]:
    """Completed trials, which are those that a result belongs to."""
    return [trial for trial in trials if trial.state is TrialState.COMPLETED and trial.results]


def best_trial(trials: Sequence[Trial], objective: Objective) -> Trial | None:
    """The completed trial with the best value of the first objective; the earlier one of equals."""
    return next(iter(best_first(trials, objective)), None)


def best_first(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """The completed trials by the first objective; of equals the earlier one first."""
    sign = -1.0 if objective.higher_is_better else 1.0
    return sorted(
        with_results(trials), key=lambda trial: (sign * (trial.results or (0.0,))[0], trial.number)
    )


def best_of_each_recipe(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """The best completed trial of each recipe, the best first, where the recipe varies."""
    best: dict[Any, Trial] = {}
    for trial in best_first(trials, objective):
        best.setdefault(trial.fields.get(RECIPE), trial)
    return list(best.values())


def sweep_json(sweep: Sweep, trials: Sequence[Trial]) -> dict[str, Any]:
    """A sweep as the command line prints it."""
    best = best_trial(trials, sweep.plan.objective)
    return {
        "sweep": sweep.id,
        "name": sweep.name,
        "state": sweep.state.value,
        "dataset": sweep.dataset_id,
        "objectives": [objective.value for objective in sweep.plan.objectives],
        "sampler": sweep.plan.sampler.value,
        "wanted": sweep.wanted,
        "trials": [trial_json(trial) for trial in trials],
        "best": None if best is None else trial_json(best),
        "message": sweep.message,
    }


def trial_json(trial: Trial) -> dict[str, Any]:
    """A trial as the command line prints it."""
    results = trial.results or ()
    return {
        "number": trial.number,
        "run": trial.run_id,
        "parameters": dict(trial.fields),
        "value": results[0] if results else None,
        "values": list(results),
        "state": trial.state.value,
        "message": trial.message,
    }
