"""How a run ended decides how its curves are read."""

import pytest

from cnnlab.config import change_config
from cnnlab.evaluation.learning import Ending, Kind
from cnnlab.networks.recipes import recipe
from cnnlab.reports.readings import ending_of, readings_of
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.states import RunState

EPOCHS = [
    {"epoch": number, "loss": 1 / number, "validation_loss": 1 / number} for number in range(1, 7)
]
EARLY = "Stopped early after epoch 6: validation loss has not become better for 3 epochs."
EXPLODED = "The loss became infinite or no number at all: the learning rate 9 is too high."


@pytest.fixture
def a_run(workspace, store, class_folders):
    """Makes runs that ended in a state, with a job's reason and results."""
    dataset = add_dataset(store, workspace, class_folders)

    def make(state, *, reason=None, results=None):
        config = change_config(recipe("conv-grid").config, {"training.early_stopping": True})
        run_id = runs.submit_run(store, dataset.id, config)
        if state.final:
            jobs.finish(store, runs.get_run(store, run_id).job.id, state, reason=reason)
        if results is not None:
            runs.save_results(store, run_id, results)
        return runs.get_run(store, run_id)

    return make


@pytest.mark.parametrize(
    ("state", "reason", "stop_reason", "epochs", "ending"),
    [
        (RunState.QUEUED, None, None, 0, Ending.GOING_ON),
        (RunState.COMPLETED, None, None, 10, Ending.PLANNED),
        (RunState.COMPLETED, None, EARLY, 6, Ending.EARLY),
        (RunState.COMPLETED, None, EARLY, 10, Ending.PLANNED),
        (RunState.STOPPED, None, "Stopped by request; the best is kept.", 6, Ending.BY_USER),
        (RunState.STOPPED, None, None, 0, Ending.BY_USER),
        (RunState.STOPPED, None, EXPLODED, 6, Ending.EXPLODED),
        (RunState.FAILED, "diverged", None, 0, Ending.EXPLODED),
        (RunState.FAILED, "out-of-memory", None, 3, Ending.BROKEN),
        (RunState.INTERRUPTED, "process-ended", None, 3, Ending.BROKEN),
    ],
)
def test_state_and_reason_say_how_it_ended(a_run, state, reason, stop_reason, epochs, ending):
    run = a_run(state, reason=reason, results={"stop_reason": stop_reason})
    assert ending_of(run, epochs) is ending


def test_an_early_stop_is_read_with_its_best_epoch(a_run):
    run = a_run(RunState.COMPLETED, results={"stop_reason": EARLY, "best_epoch": 3})
    (reading,) = readings_of(run, EPOCHS, class_count=3)

    assert reading.kind is Kind.STOPPED_EARLY
    assert "epoch 3 is kept" in reading.sentence


def test_classes_and_majority_come_from_what_the_run_noted(a_run):
    """An accuracy of 90 % is nothing where nine pictures of ten are of one class."""
    flat = [
        {
            "epoch": number,
            "loss": 0.4,
            "validation_loss": 0.4,
            "accuracy": 0.9,
            "validation_accuracy": 0.9,
        }
        for number in range(1, 9)
    ]
    majority = {"name": "majority", "title": "Largest class", "validation_accuracy": 0.9}
    noted = {"class_names": ["a", "b"], "baselines": [majority]}

    assert [r.kind for r in readings_of(a_run(RunState.COMPLETED, results=noted), flat)] == [
        Kind.DEAD
    ]
    noted["baselines"] = [{"name": "of a later version"}]
    assert Kind.DEAD not in [
        r.kind for r in readings_of(a_run(RunState.COMPLETED, results=noted), flat)
    ]


def test_a_run_without_results_or_epochs_can_be_read(a_run):
    for state in RunState:
        if state.final or state is RunState.QUEUED:
            readings_of(a_run(state), [])
