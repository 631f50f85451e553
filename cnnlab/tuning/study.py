"""A sweep's study: Optuna's ask and tell, kept as a journal in the sweep's folder.

Only the scheduler opens it, and there is one scheduler: what a killed one left is cleared away.
A trial's number decides its random numbers, so what is asked does not depend on how often the
scheduler was started anew.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from cnnlab.tuning.plan import PrunerName, SamplerName, SweepPlan
from cnnlab.tuning.records import Trial as SweepTrial
from cnnlab.tuning.space import Choice, Range, SearchSpace, Values

log = logging.getLogger(__name__)

HALVING_FACTOR, HALVING_FEWEST_EPOCHS = 3, 3
MEDIAN_STARTUP_TRIALS = 4
MEDIAN_WARMUP_EPOCHS = 2
TPE_STARTUP_TRIALS = 5
_TRIES = 20  # of a sampler to find values that no trial had before; then chance does
_RANDOM_TRIES = 2_000
_SEED_STEP = 7919


class SweepStudy:
    """What was asked and told in a sweep, and what to try next."""

    def __init__(self, plan: SweepPlan, journal: Path) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._plan = plan
        self._space = plan.search_space
        epochs = plan.base.training.epochs
        self._last_cut = halving_epochs(epochs)[-1] if plan.pruner is PrunerName.HALVING else epochs
        self._distributions = distributions_of(self._space)
        storage = JournalStorage(_open_journal(journal))
        self._study = optuna.create_study(
            storage=storage,
            study_name="sweep",
            load_if_exists=True,
            directions=[
                "maximize" if objective.higher_is_better else "minimize"
                for objective in plan.objectives
            ],
            sampler=_sampler(plan, self._space),
            pruner=make_pruner(plan.pruner, plan.base.training.epochs),
        )

    def ask(self) -> tuple[int, Values]:
        """The number and the values of the next trial."""
        trial = self._study.ask()
        return trial.number, self._suggest(trial)

    def unanswered(self) -> dict[int, Values]:
        """Trials that were asked for and have not been told, by number."""
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return {
            trial.number: self._suggest(Trial(self._study, trial._trial_id)) for trial in running
        }

    def report(self, number: int, values: Sequence[tuple[int, float]]) -> int | None:
        """Tell the value of a trial after each of its epochs, before how it ended.

        Args:
            number: Of the trial.
            values: (epoch, value) in ascending order; those that were told before are passed over.

        Returns:
            The epoch after which the trial should end, or should have ended; or None.
        """
        if self._plan.pruner is PrunerName.NONE:
            return None
        trial = Trial(self._study, self._id_of(number))
        told = set(self._frozen(number).intermediate_values)
        end_after = None
        for epoch, value in values:
            if epoch in told:
                continue
            trial.report(value, epoch)
            if epoch > self._last_cut:
                continue
            if trial.should_prune() and end_after is None:  # asked each time: pruners keep notes
                end_after = epoch
        return end_after

    def tell(self, number: int, values: Sequence[float] | None, *, pruned: bool = False) -> None:
        """Tell how a trial ended; telling it twice changes nothing.

        Args:
            number: Of the trial.
            values: One for each objective; None if it failed, or was pruned.
            pruned: Whether it was ended early or is impossible.
        """
        if self._frozen(number).state.is_finished():
            return
        if pruned:
            self._study.tell(number, state=TrialState.PRUNED)
        elif values is None or not all(map(math.isfinite, values)):
            self._study.tell(number, state=TrialState.FAIL)
        else:
            self._study.tell(number, list(values))

    def restore(self, trials: Sequence[SweepTrial]) -> None:
        """Put trials into a study that has lost them, each under its number.

        A number that the store does not know either becomes a failed trial.
        """
        by_number = {trial.number: trial for trial in trials}
        known = len(self._study.get_trials(deepcopy=False))
        for number in range(known, max(by_number, default=-1) + 1):
            trial = by_number.get(number)
            if trial is None:
                self._study.add_trial(create_trial(state=TrialState.FAIL))
                continue
            state = TrialState.RUNNING
            if not trial.state.open:
                state = TrialState.FAIL if trial.results is None else TrialState.COMPLETE
                if trial.cut_short:
                    state = TrialState.PRUNED
            self._study.add_trial(
                create_trial(
                    state=state,
                    values=trial.results if state is TrialState.COMPLETE else None,
                    params=encode(self._space, trial.fields),
                    distributions=self._distributions,
                )
            )

    def trials(self) -> dict[int, tuple[str, Values, list[float] | None]]:
        """Every trial by number: state in Optuna's words, values of its fields, and its result."""
        return {
            trial.number: (
                trial.state.name.lower(),
                decode(self._space, trial.params),
                trial.values,
            )
            for trial in self._study.get_trials(deepcopy=False)
        }

    def _suggest(self, trial: Trial) -> Values:
        for name, distribution in self._distributions.items():
            trial._suggest(name, distribution)
        return decode(self._space, trial.params)

    def _frozen(self, number: int) -> FrozenTrial:
        return self._study.get_trials(deepcopy=False)[number]

    def _id_of(self, number: int) -> int:
        return self._frozen(number)._trial_id


def open_study(plan: SweepPlan, journal: Path, trials: Sequence[SweepTrial]) -> SweepStudy:
    """Open a sweep's study; one whose journal is damaged or gone is made anew from the store.

    Args:
        plan: Of the sweep.
        journal: Its file.
        trials: What the store knows, in the order of their numbers.
    """
    try:
        study = SweepStudy(plan, journal)
    except (ValueError, KeyError, TypeError) as error:
        log.warning("the journal %s cannot be read: %s", journal, error)
        journal.replace(journal.with_suffix(".damaged"))
        study = SweepStudy(plan, journal)
    study.restore(trials)
    return study


class _Ordered(BaseSampler):
    """Takes the values of each trial from a list, by its number."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._rows = list(space.grid())

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return distributions_of(self._space)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        return encode(self._space, self._rows[trial.number % len(self._rows)])

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self.sample_relative(study, trial, {})[param_name]


class _Searching(BaseSampler):
    """Chooses values that no trial had before, with random numbers that depend on the trial."""

    def __init__(self, plan: SweepPlan, space: SearchSpace) -> None:
        self._plan = plan
        self._space = space

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return distributions_of(self._space)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        before = {
            _key(other.params)
            for other in study.get_trials(deepcopy=False)
            if other.number != trial.number
        }
        if trial.number == 0 and self._plan.begin_with_base:
            values = self._plan.base_values()
            if values is not None:
                return encode(self._space, values)
        chance = RandomSampler(seed=self._seed(trial.number))
        for sampler, tries in ((self._inner(trial.number), _TRIES), (chance, _RANDOM_TRIES)):
            for _ in range(tries):
                params = _sample(sampler, study, trial, search_space)
                if _key(params) not in before:
                    return params
        return params

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        inner = self._inner(trial.number)
        return inner.sample_independent(study, trial, param_name, param_distribution)

    def _inner(self, number: int) -> BaseSampler:
        seed = self._seed(number)
        if self._plan.sampler is SamplerName.RANDOM:
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed, n_startup_trials=TPE_STARTUP_TRIALS)

    def _seed(self, number: int) -> int:
        return (self._plan.seed * _SEED_STEP + number) % 2**31


def make_pruner(name: PrunerName, epochs: int) -> BasePruner:
    """The pruner with this name.

    Halving is asynchronous successive halving (Li et al. 2020), whose last cut is at a third of the
    epochs: later ones spare little, and earlier ones only where there are many epochs, since what
    learns fast is not what is good in the end.

    Args:
        name: Which.
        epochs: Of a trial that is trained to its end.
    """
    match name:
        case PrunerName.MEDIAN:
            return MedianPruner(
                n_startup_trials=MEDIAN_STARTUP_TRIALS,
                n_warmup_steps=MEDIAN_WARMUP_EPOCHS + 1,  # ours count from 1
            )
        case PrunerName.HALVING:
            return SuccessiveHalvingPruner(
                min_resource=halving_epochs(epochs)[0], reduction_factor=HALVING_FACTOR
            )
        case PrunerName.NONE:
            return NopPruner()


def halving_epochs(epochs: int) -> tuple[int, ...]:
    """The epochs after which halving lets only the best third go on, in ascending order.

    Args:
        epochs: Of a trial that is trained to its end.
    """
    first = max(1, epochs // HALVING_FACTOR)
    while first >= HALVING_FACTOR * HALVING_FEWEST_EPOCHS:
        first //= HALVING_FACTOR
    found = [first]
    while found[-1] * HALVING_FACTOR <= epochs // 2:
        found.append(found[-1] * HALVING_FACTOR)
    return tuple(found)


def distributions_of(space: SearchSpace) -> dict[str, BaseDistribution]:
    """A space in Optuna's terms; a choice is the place of its value, of numbers in their order."""
    return {name: _distribution(parameter) for name, parameter in space.parameters.items()}


def encode(space: SearchSpace, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of fields as Optuna's parameters."""
    return {
        name: parameter.values.index(values[name])
        if isinstance(parameter, Choice)
        else values[name]
        for name, parameter in space.parameters.items()
    }


def decode(space: SearchSpace, params: Mapping[str, Any]) -> Values:
    """Optuna's parameters as values of fields."""
    return {
        name: parameter.values[params[name]] if isinstance(parameter, Choice) else params[name]
        for name, parameter in space.parameters.items()
        if name in params
    }


def _distribution(parameter: Choice | Range) -> BaseDistribution:
    if isinstance(parameter, Choice):
        last = len(parameter.values) - 1
        if parameter.ordered:
            return IntDistribution(0, last)
        return CategoricalDistribution(range(last + 1))
    if parameter.whole:
        return IntDistribution(
            int(parameter.low),
            int(parameter.high),
            log=parameter.log,
            step=int(parameter.step or 1),
        )
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log, step=parameter.step)


def _sampler(plan: SweepPlan, space: SearchSpace) -> BaseSampler:
    return _Ordered(space) if plan.sampler is SamplerName.GRID else _Searching(plan, space)


def _sample(
    inner: BaseSampler,
    study: optuna.Study,
    trial: FrozenTrial,
    search_space: dict[str, BaseDistribution],
) -> dict[str, Any]:
    params = inner.sample_relative(study, trial, inner.infer_relative_search_space(study, trial))
    for name, distribution in search_space.items():
        if name not in params:
            params[name] = inner.sample_independent(study, trial, name, distribution)
    return params


def _key(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)


def _open_journal(file: Path) -> JournalFileBackend:
    """Open a journal without what a killed process left: a lock, or a line without its end."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_name(file.name + ".lock").unlink(missing_ok=True)
    if file.exists():
        content = file.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with file.open("r+b") as opened:
                opened.truncate(whole)
    return JournalFileBackend(str(file), lock_obj=JournalFileOpenLock(str(file)))
