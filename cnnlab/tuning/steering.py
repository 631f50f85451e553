"""The scheduler's part of a sweep: settle trials that have ended, prune, and ask for new ones.

The store is written first and the study is told after it, so that a scheduler that is killed
between the two finds out what is missing: a trial that was asked for and has no run gets one, one
that has a result is told. Nothing is trained twice.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import psutil

from cnnlab.config import RunConfig
from cnnlab.errors import ConfigError, NetworkError, RunError
from cnnlab.networks.description import describe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import find_dataset, get_dataset
from cnnlab.runs.runs import Run
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store
from cnnlab.tuning import sweeps
from cnnlab.tuning.plan import PrunerName
from cnnlab.tuning.records import Sweep, Trial, TrialState
from cnnlab.tuning.results import best_so_far, results_of
from cnnlab.tuning.space import Values
from cnnlab.workspace import Workspace

if TYPE_CHECKING:
    from cnnlab.tuning.study import SweepStudy

log = logging.getLogger(__name__)

STEP_SECONDS = 0.15
USUAL_AT_ONCE = 4
TRIAL_BYTES = 1.2 * 2**30  # what a trial takes beside the first one
MOST_JOBS = 3  # of a trial whose process is ended by the system again and again
FAILURES_IN_A_ROW = 3


class Steering:
    """Makes the trials of the workspace's sweeps, one sweep after the other."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self._workspace = workspace
        self._store = store
        self._study: SweepStudy | None = None
        self._sweep_id: str | None = None
        self._made_before = 0  # trials that were there when the study was opened
        self._looked_at = 0.0

    def step(self) -> None:
        """Look once at the sweep that is at work, and at what is to be stopped or deleted."""
        if time.monotonic() - self._looked_at < STEP_SECONDS:
            return
        self._looked_at = time.monotonic()
        for sweep_id in sweeps.sweeps_to_delete(self._store):
            self._delete(sweep_id)
        sweep = sweeps.sweep_at_work(self._store)
        if sweep is None:
            self._close()
            return
        try:
            self._steer(sweep)
        except BaseException as error:
            self._close()  # opening it anew brings study and store together
            if not (isinstance(error, RunError) and error.reason == sweeps.STOPPED_MEANWHILE):
                raise

    def _steer(self, sweep: Sweep) -> None:
        if find_dataset(self._store, sweep.dataset_id) is None:
            message = f"Stopped, since its data set {sweep.dataset_name!r} was removed."
            sweeps.stop_sweep(self._store, sweep.id, message=message)
            return
        study = self._open(sweep)
        trials = sweeps.list_trials(self._store, sweep.id)
        for trial in trials:
            if trial.state.open:
                self._look_at(sweep, study, trial)
        trials = sweeps.list_trials(self._store, sweep.id)
        if self._gives_up(sweep, trials):
            return
        self._ask(sweep, study, trials)

    def has_work(self) -> bool:
        """True while a sweep is not finished, even between one trial and the next."""
        return sweeps.sweep_at_work(self._store) is not None

    def _open(self, sweep: Sweep) -> SweepStudy:
        """The sweep's study, brought into agreement with the store when it is opened."""
        if self._study is not None and self._sweep_id == sweep.id:
            return self._study
        from cnnlab.tuning.study import open_study  # Optuna takes 0.4 s and memory

        trials = sweeps.list_trials(self._store, sweep.id)
        study = open_study(sweep.plan, self._workspace.sweep_journal(sweep.id), trials)
        known = {trial.number: trial for trial in trials}
        for number, fields in study.unanswered().items():
            trial = known.get(number)
            if trial is None:
                self._begin(sweep, study, number, fields)
            elif not trial.state.open:
                study.tell(number, trial.results, pruned=trial.cut_short)
        self._study, self._sweep_id, self._made_before = study, sweep.id, len(trials)
        return study

    def _close(self) -> None:
        self._study = self._sweep_id = None

    def _look_at(self, sweep: Sweep, study: SweepStudy, trial: Trial) -> None:
        """Settle an open trial whose run has ended; let one that was left go on; prune."""
        try:
            run = runs.get_run(self._store, str(trial.run_id))
        except RunError:
            self._finish(sweep, study, trial, TrialState.FAILED, message="Its run was deleted.")
            return
        if not run.state.final:
            if sweep.plan.pruner is not PrunerName.NONE and run.state is RunState.RUNNING:
                self._prune(sweep, study, trial, run)
        elif run.state is RunState.COMPLETED:
            self._complete(sweep, study, trial, run)
        elif run.job.pruned:
            self._finish(sweep, study, trial, TrialState.PRUNED, message=run.job.message)
        elif (run.state is RunState.STOPPED and trial.state is TrialState.PAUSED) or (
            run.state is RunState.INTERRUPTED
            and jobs.count_jobs(self._store, run.id, state=RunState.INTERRUPTED) < MOST_JOBS
        ):
            sweeps.go_on(self._store, sweep.id, trial)
        elif run.state is RunState.STOPPED:
            self._finish(sweep, study, trial, TrialState.STOPPED, message=run.job.message)
        else:
            self._finish(sweep, study, trial, TrialState.FAILED, message=run.job.message)

    def _complete(self, sweep: Sweep, study: SweepStudy, trial: Trial, run: Run) -> None:
        records = runs.epoch_records(self._store, run.id)
        study.report(trial.number, best_so_far(sweep.plan.objective, records))
        results = results_of(sweep.plan.objectives, run, records, self._workspace)
        if results is None:
            wanted = " and ".join(sweep.plan.objectives)
            message = f"The run has no {wanted} that is a number."
            self._finish(sweep, study, trial, TrialState.FAILED, message=message)
        else:
            self._finish(sweep, study, trial, TrialState.COMPLETED, results)

    def _prune(self, sweep: Sweep, study: SweepStudy, trial: Trial, run: Run) -> None:
        records = runs.epoch_records(self._store, run.id)
        values = best_so_far(sweep.plan.objective, records)
        epoch = study.report(trial.number, values)
        if epoch is not None:
            value = dict(values)[epoch]
            name = sweep.plan.objective.replace("_", " ")
            message = (
                f"Pruned after epoch {epoch}: its {name} of {value:.4g} was behind the others'."
            )
            jobs.prune(self._store, run.job.id, message)

    def _finish(
        self,
        sweep: Sweep,
        study: SweepStudy,
        trial: Trial,
        state: TrialState,
        results: Sequence[float] | None = None,
        *,
        message: str | None = None,
    ) -> None:
        """Write a trial's result, then tell it."""
        sweeps.finish_trial(self._store, sweep.id, trial.number, state, results, message=message)
        study.tell(trial.number, results, pruned=state in (TrialState.PRUNED, TrialState.STOPPED))

    def _gives_up(self, sweep: Sweep, trials: Sequence[Trial]) -> bool:
        """Stop a sweep when all trials fail that it begins with: the others would too.

        It begins again when it is resumed, after what was wrong has been mended.
        """
        if any(trial.state is not TrialState.FAILED for trial in trials):
            return False
        made = trials[self._made_before :]
        if len(made) < FAILURES_IN_A_ROW:
            return False
        last = made[-1].message or "no reason is known."
        which = "next" if self._made_before else "first"
        sweeps.stop_sweep(
            self._store,
            sweep.id,
            message=f"Stopped, since each of the {which} {len(made)} trials failed. "
            f"The last one: {last}",
        )
        self._close()
        return True

    def _ask(self, sweep: Sweep, study: SweepStudy, trials: Sequence[Trial]) -> None:
        """Fill the room for trials; note when there are no more to make."""
        made = len(trials)
        at_work = sum(trial.state.open for trial in trials)
        room = trials_at_once(sweep.plan.at_once)
        while made < sweep.wanted and at_work < room:
            number, fields = study.ask()
            at_work += self._begin(sweep, study, number, fields)
            made += 1
        if made >= sweep.wanted and not at_work:
            sweeps.complete_sweep(self._store, sweep.id, sweep.wanted)

    def _begin(self, sweep: Sweep, study: SweepStudy, number: int, fields: Values) -> bool:
        """Make a trial's run; False where no network can be made with its values."""
        try:
            config = sweep.plan.config_of(fields)
            self._check_network(sweep, config)
        except (ConfigError, NetworkError) as error:
            sweeps.note_impossible(self._store, sweep.id, number, fields, str(error))
            study.tell(number, None, pruned=True)
            return False
        threads = threads_for(trials_at_once(sweep.plan.at_once))
        sweeps.begin_trial(self._store, sweep, number, fields, config, threads=threads)
        return True

    def _check_network(self, sweep: Sweep, config: RunConfig) -> None:
        """Refuse layers that do not fit into each other or the pictures."""
        chosen = config.data.classes
        classes = (
            len(chosen)
            if chosen is not None
            else len((get_dataset(self._store, sweep.dataset_id).summary or {}).get("classes", ()))
        )
        describe(config.network, config.data.picture_shape, max(classes, 2))

    def _delete(self, sweep_id: str) -> None:
        shutil.rmtree(self._workspace.sweep_folder(sweep_id), ignore_errors=True)
        sweeps.forget_sweep(self._store, sweep_id)


def trials_at_once(asked: int | None) -> int:
    """How many trials a sweep trains at a time.

    Args:
        asked: What the plan says; None takes one for each core, up to four, as memory allows.
    """
    if asked is not None:
        return asked
    by_memory = 1 + int(psutil.virtual_memory().total * 0.6 / TRIAL_BYTES)
    return max(1, min(core_count(), USUAL_AT_ONCE, by_memory))


def threads_for(at_once: int) -> int:
    """Threads of one of several trainings at a time: the cores are divided among them."""
    return max(1, core_count() // at_once)


def core_count() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
