"""The scheduler's part of a sweep, step by step; what a worker would do is done here by hand."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from cnnlab.errors import RunError
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset, forget_dataset, remove_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store
from cnnlab.tuning import steering, sweeps
from cnnlab.tuning.plan import parse_plan
from cnnlab.tuning.records import SweepState, TrialState, best_trial
from cnnlab.tuning.steering import Steering
from cnnlab.tuning.study import SweepStudy
from cnnlab.workspace import Workspace

BASE = recipe("conv-grid(2,64,1)").config
SPACE = {"network.layer_size": [32, 64, 128], "network.dense_layers": [0, 1]}
ME = ProcessIdentity.of(os.getpid())


class Bench:
    """A sweep whose trainings are played by the test."""

    def __init__(self, workspace: Workspace, store: Store, folder, monkeypatch) -> None:
        monkeypatch.setattr(steering, "STEP_SECONDS", 0.0)
        self.place, self.store = workspace, store
        dataset = add_dataset(store, workspace, folder)
        scan_dataset(store, workspace, dataset)
        self.dataset_id = dataset.id
        self.steering = Steering(workspace, store)
        self.sweep_id = ""

    def begin(self, space=SPACE, base=BASE, **options) -> None:
        document = {"base": base.model_dump(mode="json"), "space": space, "at_once": 2, **options}
        self.sweep_id = sweeps.submit_sweep(self.store, self.dataset_id, parse_plan(document))
        self.steering.step()

    def restart(self) -> None:
        self.steering = Steering(self.place, self.store)

    @property
    def sweep(self):
        return sweeps.get_sweep(self.store, self.sweep_id)

    @property
    def trials(self):
        return sweeps.list_trials(self.store, self.sweep_id)

    @property
    def states(self):
        return [trial.state for trial in self.trials]

    def job(self, trial):
        return runs.get_run(self.store, trial.run_id).job

    def train(self, trial, losses=(0.9, 0.5, 0.7)) -> None:
        jobs.claim(self.store, self.job(trial).id, ME)
        for epoch, loss in enumerate(losses, start=1):
            runs.record_epoch(self.store, trial.run_id, epoch, {"validation_loss": loss})

    def end(self, trial, state=RunState.COMPLETED, **said) -> None:
        if state is RunState.COMPLETED:
            results = {"metrics": {}, "parameters": {"total": 10 * trial.number}}
            runs.save_results(self.store, trial.run_id, results)
        jobs.finish(self.store, self.job(trial).id, state, **said)

    def stop_by_hand(self, trial) -> None:
        self.train(trial, (0.9,))
        jobs.request_stop(self.store, self.job(trial).id)
        self.end(trial, RunState.STOPPED, message="Stopped by request.")
        self.steering.step()

    def complete_all(self) -> None:
        while any(trial.state.open for trial in self.trials):
            for trial in self.trials:
                if trial.state.open:
                    self.train(trial, (0.5 + 0.01 * trial.number,))
                    self.end(trial)
            self.steering.step()

    def agree(self) -> None:
        """The study and the store have the same trials with the same values and results."""
        words = {
            TrialState.RUNNING: "running",
            TrialState.PAUSED: "running",
            TrialState.COMPLETED: "complete",
            TrialState.PRUNED: "pruned",
            TrialState.STOPPED: "pruned",
            TrialState.FAILED: "fail",
        }
        journal = self.place.sweep_journal(self.sweep_id)
        told = SweepStudy(self.sweep.plan, journal).trials()
        assert list(told) == [trial.number for trial in self.trials]
        for trial in self.trials:
            state, fields, values = told[trial.number]
            assert state == words[trial.state]
            assert fields == trial.fields
            if trial.state is TrialState.COMPLETED:
                assert tuple(values) == trial.results


@pytest.fixture
def bench(workspace, store, class_folders, monkeypatch) -> Bench:
    return Bench(workspace, store, class_folders, monkeypatch)


def test_as_many_trials_as_there_is_room_for_are_made(bench):
    bench.begin(sampler="grid", trials=6)
    assert bench.states == [TrialState.RUNNING] * 2
    bench.steering.step()
    assert len(bench.trials) == 2
    first = bench.trials[0]
    run = runs.get_run(bench.store, first.run_id)
    assert run.sweep_id == bench.sweep_id
    assert run.config.network.layer_size == first.fields["network.layer_size"]
    assert run.job.parameters == {"threads": steering.threads_for(2), "sweep": bench.sweep_id}


def test_result_is_the_best_value_of_its_epochs_and_the_next_trial_follows(bench):
    bench.begin(sampler="grid", trials=6)
    first = bench.trials[0]
    bench.train(first)
    bench.end(first)
    bench.steering.step()
    assert bench.trials[0].results == (0.5,)
    assert bench.states == [TrialState.COMPLETED, TrialState.RUNNING, TrialState.RUNNING]
    bench.agree()


def test_sweep_ends_when_all_trials_have(bench):
    bench.begin(sampler="grid", trials=6)
    bench.complete_all()
    assert bench.sweep.state is SweepState.COMPLETED
    assert len(bench.trials) == 6
    assert best_trial(bench.trials, bench.sweep.plan.objective).number == 0
    bench.agree()


def test_networks_that_cannot_be_made_are_pruned_with_their_reason(bench):
    bench.begin({"network.conv_layers": [2, 9], "network.layer_size": [32]}, sampler="grid")
    bench.complete_all()
    assert bench.states == [TrialState.COMPLETED, TrialState.PRUNED]
    assert "does not fit" in bench.trials[1].message
    assert bench.trials[1].run_id is None
    assert bench.sweep.state is SweepState.COMPLETED
    bench.agree()


def test_values_that_do_not_go_together_are_pruned_with_their_reason(bench):
    space = {"network.dense_layers": [1, None], "training.seed": [0]}
    bench.begin(space, sampler="grid")
    bench.complete_all()
    assert TrialState.PRUNED in bench.states
    pruned = next(trial for trial in bench.trials if trial.state is TrialState.PRUNED)
    assert "belong together" in pruned.message


def test_trial_that_is_behind_is_pruned_and_keeps_no_network(bench):
    bench.begin(sampler="grid", trials=6, pruner="halving", at_once=1)
    good = bench.trials[0]
    bench.train(good, (0.3, 0.2, 0.1))
    bench.end(good)
    bench.steering.step()
    behind = bench.trials[1]
    bench.train(behind, (0.95, 0.92, 0.9))
    bench.steering.step()
    job = bench.job(behind)
    assert job.state is RunState.STOPPING
    assert job.pruned
    bench.end(behind, RunState.STOPPED)  # as the worker does: without a word of its own
    bench.steering.step()
    assert bench.trials[1].state is TrialState.PRUNED
    assert bench.trials[1].message.startswith("Pruned after epoch 3: its validation loss of 0.9")
    assert bench.job(behind).reason == "pruned"
    bench.agree()


def test_failed_trial_says_why_and_the_others_go_on(bench):
    bench.begin(sampler="grid", trials=3)
    bench.end(bench.trials[0], RunState.FAILED, reason="diverged", message="Too fast.")
    bench.complete_all()
    assert bench.states == [TrialState.FAILED, TrialState.COMPLETED, TrialState.COMPLETED]
    assert bench.trials[0].message == "Too fast."
    bench.agree()


def test_sweep_whose_first_trials_all_fail_stops_and_says_so(bench):
    bench.begin(sampler="grid", trials=6)
    for _ in range(3):
        trial = next(trial for trial in bench.trials if trial.state.open)
        bench.end(trial, RunState.FAILED, message="No memory.")
        bench.steering.step()
    for trial in bench.trials:
        if trial.state.open:
            bench.end(trial, RunState.FAILED, message="No memory.")
    bench.steering.step()
    assert bench.sweep.state is SweepState.STOPPED
    assert "each of the first" in bench.sweep.message
    assert "No memory." in bench.sweep.message


def test_trial_whose_process_was_killed_is_resumed_and_at_last_given_up(bench):
    bench.begin(sampler="grid", trials=2, at_once=1)
    trial = bench.trials[0]
    for attempt in range(1, steering.MOST_JOBS + 1):
        assert jobs.count_jobs(bench.store, trial.run_id) == attempt
        bench.end(trial, RunState.INTERRUPTED, message="Its process ended.")
        bench.steering.step()
    assert bench.trials[0].state is TrialState.FAILED
    assert bench.trials[0].message == "Its process ended."


def test_stopped_sweep_asks_its_runs_to_stop_and_goes_on_with_them(bench):
    bench.begin(sampler="grid", trials=4)
    training, waiting = bench.trials
    bench.train(training, (0.9,))
    assert sweeps.stop_sweep(bench.store, bench.sweep_id)
    assert not sweeps.stop_sweep(bench.store, bench.sweep_id)
    assert bench.states == [TrialState.PAUSED] * 2
    assert bench.job(training).state is RunState.STOPPING
    assert bench.job(waiting).state is RunState.STOPPED
    bench.steering.step()
    assert len(bench.trials) == 2
    bench.end(training, RunState.STOPPED, message="Stopped by request.")
    sweeps.resume_sweep(bench.store, bench.sweep_id)
    bench.steering.step()
    assert bench.states == [TrialState.RUNNING] * 2
    assert bench.job(training).state is RunState.QUEUED
    assert bench.job(training).sweep_id == bench.sweep_id
    jobs.claim(bench.store, bench.job(training).id, ME)
    runs.record_epoch(bench.store, training.run_id, 2, {"validation_loss": 0.3})
    bench.end(training)
    bench.steering.step()
    assert bench.trials[0].results == (0.3,)
    bench.complete_all()
    assert bench.sweep.state is SweepState.COMPLETED
    bench.agree()


def test_run_that_is_stopped_by_hand_ends_its_trial(bench):
    bench.begin(sampler="grid", trials=3)
    trial = bench.trials[0]
    bench.stop_by_hand(trial)
    assert bench.trials[0].state is TrialState.STOPPED
    assert len(bench.trials) == 3
    bench.agree()


def test_run_that_is_resumed_by_hand_is_trained_alone(bench):
    bench.begin(sampler="grid", trials=2)
    trial = bench.trials[0]
    bench.stop_by_hand(trial)
    runs.resume_run(bench.store, trial.run_id)
    assert bench.job(trial).sweep_id is None
    assert not bench.job(trial).parameters
    assert runs.get_run(bench.store, trial.run_id).sweep_id == bench.sweep_id


def test_completed_sweep_can_be_extended_up_to_its_space(bench):
    bench.begin(sampler="tpe", trials=3)
    bench.complete_all()
    sweeps.extend_sweep(bench.store, bench.sweep_id, 2)
    bench.steering.step()
    bench.complete_all()
    assert len(bench.trials) == 5
    assert bench.sweep.state is SweepState.COMPLETED
    with pytest.raises(RunError, match="its space allows 6"):
        sweeps.extend_sweep(bench.store, bench.sweep_id, 2)
    with pytest.raises(RunError, match="Extend it instead"):
        sweeps.resume_sweep(bench.store, bench.sweep_id)


def test_second_sweep_waits_for_the_first(bench):
    bench.begin(sampler="grid", trials=2)
    first = bench.sweep_id
    bench.begin(sampler="grid", trials=2)
    assert bench.trials == []
    second, bench.sweep_id = bench.sweep_id, first
    bench.complete_all()
    bench.sweep_id = second
    bench.steering.step()
    assert len(bench.trials) == 2
    bench.complete_all()
    assert bench.sweep.state is SweepState.COMPLETED


def test_deleted_sweep_leaves_its_runs(bench):
    bench.begin(sampler="grid", trials=2)
    with pytest.raises(RunError, match="Stop it first"):
        sweeps.request_delete(bench.store, bench.sweep_id)
    bench.complete_all()
    made = [trial.run_id for trial in bench.trials]
    sweeps.request_delete(bench.store, bench.sweep_id)
    bench.steering.step()
    with pytest.raises(RunError, match="no sweep"):
        sweeps.get_sweep(bench.store, bench.sweep_id)
    assert not bench.place.sweep_folder(bench.sweep_id).exists()
    assert {run.id for run in runs.list_runs(bench.store)} >= set(made)


def test_deleted_run_of_an_open_trial_fails_the_trial(bench):
    bench.begin(sampler="grid", trials=2)
    runs.forget_run(bench.store, bench.trials[0].run_id)
    bench.steering.step()
    assert bench.trials[0].state is TrialState.FAILED
    assert bench.trials[0].message == "Its run was deleted."


def test_two_objectives_are_both_kept(bench):
    objectives = ["validation_loss", "parameters"]
    bench.begin(sampler="grid", trials=2, objectives=objectives)
    bench.complete_all()
    assert [trial.results for trial in bench.trials] == [(0.5, 0.0), (0.51, 10.0)]
    bench.agree()


def test_result_that_is_unknown_fails_the_trial(bench):
    bench.begin(sampler="grid", trials=1, objectives=["latency_ms"])
    bench.complete_all()
    assert bench.trials[0].state is TrialState.FAILED
    assert "latency_ms" in bench.trials[0].message


def test_sweep_that_gave_up_begins_again_when_it_is_resumed(bench):
    bench.begin(sampler="tpe", trials=6)
    for _ in range(2):
        for trial in bench.trials:
            if trial.state.open:
                bench.end(trial, RunState.FAILED, message="No memory.")
        bench.steering.step()
    assert bench.sweep.state is SweepState.STOPPED
    made = len(bench.trials)
    sweeps.resume_sweep(bench.store, bench.sweep_id)
    bench.steering.step()
    assert bench.sweep.state is SweepState.RUNNING
    assert len(bench.trials) > made
    bench.complete_all()
    assert bench.sweep.state is SweepState.COMPLETED
    bench.agree()


def test_sweep_that_is_stopped_while_a_trial_is_asked_for_trains_no_more(bench, monkeypatch):
    original = SweepStudy.ask

    def ask(study: SweepStudy):
        asked = original(study)
        sweeps.stop_sweep(bench.store, bench.sweep_id)
        return asked

    monkeypatch.setattr(SweepStudy, "ask", ask)
    bench.begin(sampler="grid", trials=4)
    monkeypatch.setattr(SweepStudy, "ask", original)
    assert bench.sweep.state is SweepState.STOPPED
    assert not bench.trials
    sweeps.resume_sweep(bench.store, bench.sweep_id)
    bench.steering.step()
    bench.complete_all()
    assert bench.states == [TrialState.COMPLETED] * 4
    bench.agree()


def test_trial_that_is_stopped_while_it_is_resumed_waits_for_the_next_time(bench, monkeypatch):
    bench.begin(sampler="grid", trials=1, at_once=1)
    (trial,) = bench.trials
    bench.train(trial, (0.9,))
    sweeps.stop_sweep(bench.store, bench.sweep_id)
    bench.end(trial, RunState.STOPPED, message="Stopped by request.")
    sweeps.resume_sweep(bench.store, bench.sweep_id)
    original = runs.resume_run

    def resume_run(store: Store, run_id: str, **options):
        sweeps.stop_sweep(store, bench.sweep_id)
        return original(store, run_id, **options)

    monkeypatch.setattr(runs, "resume_run", resume_run)
    bench.steering.step()
    monkeypatch.setattr(runs, "resume_run", original)
    assert bench.states == [TrialState.PAUSED]
    assert bench.job(trial).state is RunState.STOPPED
    sweeps.resume_sweep(bench.store, bench.sweep_id)
    bench.steering.step()
    assert bench.job(trial).state is RunState.QUEUED
    jobs.claim(bench.store, bench.job(trial).id, ME)
    bench.end(trial)
    bench.steering.step()
    assert bench.states == [TrialState.COMPLETED]
    bench.agree()


def test_stopping_and_resuming_does_not_count_as_being_killed(bench):
    bench.begin(sampler="grid", trials=1, at_once=1)
    (trial,) = bench.trials
    for _ in range(steering.MOST_JOBS):
        jobs.claim(bench.store, bench.job(trial).id, ME)
        sweeps.stop_sweep(bench.store, bench.sweep_id)
        bench.end(trial, RunState.STOPPED, message="Stopped by request.")
        sweeps.resume_sweep(bench.store, bench.sweep_id)
        bench.steering.step()
    jobs.claim(bench.store, bench.job(trial).id, ME)
    bench.end(trial, RunState.INTERRUPTED, message="Its process ended.")
    bench.steering.step()
    assert bench.states == [TrialState.RUNNING]
    assert bench.job(trial).state is RunState.QUEUED


def test_journal_with_half_a_line_is_made_anew(bench):
    bench.begin(sampler="grid", trials=4)
    with bench.place.sweep_journal(bench.sweep_id).open("ab") as file:
        file.write(b'{"op_code": 5, "work')  # a full disk
    for trial in bench.trials:
        bench.train(trial)
        bench.end(trial)
    for _ in range(3):
        with suppress(ValueError):
            bench.steering.step()
    bench.complete_all()
    assert bench.states == [TrialState.COMPLETED] * 4
    bench.agree()


def interrupted_at(name: str, owner: object, monkeypatch) -> Callable[[], None]:
    """Let a step die where it calls a function for the first time; returns what mends it."""
    original = getattr(owner, name)

    def die(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, die)
    return lambda: monkeypatch.setattr(owner, name, original)


@pytest.mark.parametrize("dies", [True, False])
@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("begin_trial", sweeps),  # asked for, not in the store
        ("tell", SweepStudy),  # in the store, not told
        ("finish_trial", sweeps),  # ended, not noted
    ],
)
def test_step_that_breaks_off_between_store_and_study_is_made_good(
    bench, monkeypatch, name, owner, dies
):
    """Whether the scheduler dies of it, or only the step fails, as with a full disk."""
    bench.begin(sampler="tpe", trials=4)
    for trial in bench.trials:
        bench.train(trial, (0.4,))
        bench.end(trial)
    mend = interrupted_at(name, owner, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        bench.steering.step()
    mend()
    if dies:
        bench.restart()
    bench.steering.step()
    bench.agree()
    bench.complete_all()
    assert len(bench.trials) == 4
    assert len({tuple(trial.fields.values()) for trial in bench.trials}) == 4
    trained = [run for run in runs.list_runs(bench.store) if run.sweep_id == bench.sweep_id]
    assert len(trained) == 4
    bench.agree()


STEP_FOR_EVER = """
import sys
from cnnlab.runs.store import open_store
from cnnlab.tuning import steering
from cnnlab.workspace import open_workspace
steering.STEP_SECONDS = 0.0
place = open_workspace(sys.argv[1])
duty = steering.Steering(place, open_store(place))
while True:
    duty.step()
"""


@pytest.mark.slow
def test_sweep_outlives_twenty_kills(bench):
    """The steering runs in a process that is killed at any moment, the trainings are played."""
    bench.begin({"training.seed": {"low": 0, "high": 89}}, sampler="random", trials=90, seed=1)
    chance = random.Random(7)
    deadline = time.monotonic() + 240

    def play(most: int) -> None:
        """Train and end up to so many trials, as they come."""
        while most and bench.sweep.state is SweepState.RUNNING:
            assert time.monotonic() < deadline, "the sweep does not come to its end"
            for trial in bench.trials:
                if most and trial.state.open and bench.job(trial).state is RunState.QUEUED:
                    bench.train(trial, (chance.random(),))
                    bench.end(trial)
                    most -= 1

    for kill in range(21):
        process = subprocess.Popen([sys.executable, "-c", STEP_FOR_EVER, str(bench.place.root)])
        try:
            play(chance.randint(1, 4) if kill < 20 else 90)
            time.sleep(chance.uniform(0, 0.1))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert bench.sweep.state is SweepState.COMPLETED
    assert bench.states == [TrialState.COMPLETED] * 90
    assert len({trial.fields["training.seed"] for trial in bench.trials}) == 90
    trained = [run for run in runs.list_runs(bench.store) if run.sweep_id == bench.sweep_id]
    assert len(trained) == 90
    assert all(jobs.count_jobs(bench.store, run.id) == 1 for run in trained)
    bench.agree()


@pytest.mark.slow
def test_scheduler_that_nobody_watches_finishes_the_sweep_before_it_rests(bench):
    bench.begin(
        {"network.layer_size": [4, 8]},
        recipe("conv-grid(1,4,0)").config.model_copy(
            update={"training": BASE.training.model_copy(update={"epochs": 1})}
        ),
        sampler="grid",
        at_once=1,
    )
    bench.place.attention_file.unlink(missing_ok=True)  # no page and no command for a long time
    command = [sys.executable, "-m", "cnnlab", "scheduler", "--workspace", str(bench.place.root)]
    subprocess.run(command, check=True, timeout=240)
    assert bench.states == [TrialState.COMPLETED] * 2
    assert bench.sweep.state is SweepState.COMPLETED


def test_sweep_whose_data_set_was_removed_stops_and_says_so(bench):
    bench.begin(trials=1)
    (trial,) = bench.trials
    bench.train(trial)
    bench.end(trial)
    remove_dataset(bench.store, bench.dataset_id)
    bench.steering.step()
    assert bench.sweep.state is SweepState.STOPPED
    assert "data set" in bench.sweep.message
    assert not bench.steering.has_work()
    runs.forget_run(bench.store, trial.run_id)
    forget_dataset(bench.store, bench.dataset_id)  # its sweep still names it
    assert bench.sweep.dataset_id == bench.dataset_id


def test_finished_process_takes_the_next_trial_but_not_past_another_training(bench):
    bench.begin(sampler="grid", trials=6)
    first, second = bench.trials
    assert jobs.claim_next_trial(bench.store, bench.sweep_id, ME) == bench.job(first).id
    other = runs.submit_run(bench.store, bench.dataset_id, BASE)
    assert jobs.claim_next_trial(bench.store, bench.sweep_id, ME) == bench.job(second).id
    bench.train(first)
    bench.end(first)
    bench.steering.step()
    assert jobs.claim_next_trial(bench.store, bench.sweep_id, ME) is None
    jobs.request_stop(bench.store, runs.get_run(bench.store, other).job.id)
    assert jobs.claim_next_trial(bench.store, bench.sweep_id, ME) is not None
    waiting = [job for job in jobs.unfinished_jobs(bench.store) if job.kind is JobKind.TRAIN]
    assert all(job.state is RunState.RUNNING for job in waiting)
