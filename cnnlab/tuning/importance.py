"""Which fields of a sweep matter: shares of what its results vary by."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.tuning.plan import SweepPlan
from cnnlab.tuning.records import Trial, with_results

FEWEST = 6


def importance(plan: SweepPlan, trials: Sequence[Trial], *, place: int = 0) -> dict[str, float]:
    """Importance of each field for one objective, the most important one first; together 1.

    Functional analysis of variance of a random forest (Hutter, Hoos and Leyton-Brown 2014, "An
    Efficient Approach for Assessing Hyperparameter Importance").

    Args:
        plan: Of the sweep.
        trials: Its trials; those without a result are left out.
        place: Of the objective in the plan.

    Returns:
        Nothing with fewer than six results, or where all are the same.
    """
    done = with_results(trials)
    results = [trial.results[place] for trial in done if trial.results]
    if len(done) < FEWEST or len(set(results)) < 2:
        return {}
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    from cnnlab.tuning.study import distributions_of, encode

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = plan.search_space
    distributions = distributions_of(space)
    study = optuna.create_study()
    for trial, result in zip(done, results, strict=True):
        study.add_trial(
            optuna.create_trial(
                params=encode(space, trial.fields), distributions=distributions, value=result
            )
        )
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: float(share) for name, share in found.items()}


def pareto_front(plan: SweepPlan, trials: Sequence[Trial]) -> list[Trial]:
    """Trials that no other one is better than in one objective and as good in all others."""
    done = with_results(trials)
    signs = [-1.0 if objective.higher_is_better else 1.0 for objective in plan.objectives]
    costs = {
        trial.number: tuple(
            sign * value for sign, value in zip(signs, trial.results or (), strict=True)
        )
        for trial in done
    }

    def beaten(trial: Trial) -> bool:
        mine = costs[trial.number]
        return any(
            other != mine and all(a <= b for a, b in zip(other, mine, strict=True))
            for other in costs.values()
        )

    return sorted(
        (trial for trial in done if not beaten(trial)), key=lambda trial: costs[trial.number]
    )
