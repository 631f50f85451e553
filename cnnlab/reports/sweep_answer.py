"""What a sweep has found out, in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from cnnlab.config.differences import field_text, field_title
from cnnlab.errors import CnnlabError
from cnnlab.reports.comparing import compare_runs
from cnnlab.runs.store import Store
from cnnlab.tuning.fields import titles
from cnnlab.tuning.plan import SamplerName, SweepPlan
from cnnlab.tuning.records import (
    Sweep,
    Trial,
    best_of_each_recipe,
    best_trial,
    with_results,
)
from cnnlab.tuning.space import RECIPE
from cnnlab.workspace import Workspace

SHOWN = 5


def sweep_answer(
    store: Store, workspace: Workspace, sweep: Sweep, trials: Sequence[Trial]
) -> list[str]:
    """Say which trial is best, what it gains over the base, or which recipe is better; plain text.

    Args:
        store, workspace: Where the runs are.
        sweep: The sweep.
        trials: Its trials in the order of their numbers.

    Returns:
        Nothing before there is a result.
    """
    best = best_trial(trials, sweep.plan.objective)
    if best is None:
        return []
    sentences = [_best_sentence(sweep.plan, best, with_results(trials))]
    for first, second in _pairs(sweep.plan, trials, best):
        try:
            comparison = compare_runs(store, workspace, [str(first.run_id), str(second.run_id)])
        except CnnlabError as error:
            sentences.append(error.message)
            continue
        if RECIPE in sweep.plan.space:
            sentences += [verdict.sentence for verdict in comparison.recipes]
        else:
            sentences += [f"{pair.question} {pair.sentence}" for pair in comparison.pairs]
    return sentences


def fields_text(plan: SweepPlan, trial: Trial) -> str:
    """A trial's values in one line."""
    known = titles(plan.base)
    return ", ".join(
        f"{known.get(name) or field_title(name)} {_short(value)}"
        for name, value in trial.fields.items()
    )


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else field_text(value)


def _best_sentence(plan: SweepPlan, best: Trial, done: Sequence[Trial]) -> str:
    word = "highest" if plan.objective.higher_is_better else "lowest"
    value = (best.results or (0.0,))[0]
    name = plan.objective.replace("_", " ")
    equals = [f"{trial.number + 1}" for trial in done if (trial.results or (0.0,))[0] == value]
    which = f"trial {best.number + 1}"
    if len(equals) > 1:
        which = f"trials {', '.join(equals[:-1])} and {equals[-1]}, the first of them"
    fields = fields_text(plan, best)
    return f"The {word} {name} of {len(done)} trials is {value:.4g}: {which} with {fields}."


def _pairs(plan: SweepPlan, trials: Sequence[Trial], best: Trial) -> list[tuple[Trial, Trial]]:
    """Trials to hold against each other: recipes, or the base and the best."""
    if RECIPE in plan.space:
        return list(combinations(best_of_each_recipe(trials, plan.objective), 2))
    base = plan.base_values()
    if plan.sampler is SamplerName.GRID or base is None:
        return []
    first = next((trial for trial in with_results(trials) if trial.fields == base), None)
    return [] if first is None or first.number == best.number else [(first, best)]
