"""What a sweep has found out, in words."""

import pytest

from cnnlab.config import change_config
from cnnlab.networks.recipes import recipe
from cnnlab.reports.sweep_answer import sweep_answer
from cnnlab.runs.datasets import add_dataset
from cnnlab.tuning import sweeps
from cnnlab.tuning.planning import make_plan
from cnnlab.tuning.records import TrialState
from tests.finished import answers, finished_run
from tests.tuning.made_trials import trial

POOLING, STRIDES = "scenes-pooling", "scenes-strides"
BASE = change_config(recipe(POOLING).config, {"data.size": 100, "network.width": 0.25})


def right(count: int) -> list[bool]:
    return [place < count for place in range(200)]


@pytest.fixture
def answer(store, workspace, class_folders):
    """The answer of a sweep whose trials were right so often, in the order of a grid."""
    dataset = add_dataset(store, workspace, class_folders)

    def of(space, counts, **options) -> list[str]:
        plan = make_plan(store, BASE, space, objectives=["validation_accuracy"], **options)
        sweep = sweeps.get_sweep(store, sweeps.submit_sweep(store, dataset.id, plan))
        trials = []
        for number, (fields, count) in enumerate(
            zip(plan.search_space.grid(), counts, strict=True)
        ):
            config, said = plan.config_of(fields), answers(right(count), split="validation")
            run_id = finished_run(store, workspace, dataset.id, config, said)
            state, results = TrialState.COMPLETED, (count / 200,)
            trials.append(trial(number, results, fields=fields, run_id=run_id, state=state))
        return sweep_answer(store, workspace, sweep, trials)

    return of


def test_recipes_are_compared_over_their_seeds(answer):
    space = {"training.seed": [0, 1, 2], "recipe": [POOLING, STRIDES]}
    best, verdict = answer(space, [170, 120, 172, 122, 168, 118], sampler="grid")
    assert best.startswith("The highest validation accuracy of 6 trials is 0.86: trial 3 with")
    assert verdict.startswith(f"{POOLING} is better than {STRIDES} by 25.0 points")
    assert "over 3 seeds each" in verdict


def test_recipes_are_compared_by_the_best_trial_of_each(answer):
    space = {
        "training.learning_rate": [1e-5, 1e-3],
        "training.seed": [0, 1, 2],
        "recipe": [POOLING, STRIDES],
    }
    _, verdict = answer(space, [90, 120] * 3 + [180, 122] * 3, sampler="grid")
    assert f"{POOLING} is better than {STRIDES}" in verdict


def test_search_says_what_it_gains_over_the_base(answer):
    space = {"training.batch_size": [16, 32, 64]}
    best, gain = answer(space, [150, 120, 110], trials=3)
    assert "trial 1 with batch size 16" in best
    assert "better than" in gain
    assert "15.0 points" in gain


def test_layers_are_named_by_number_and_kind(answer):
    (best,) = answer({"network.layers.1.filters": [100, 200]}, [150, 120], sampler="grid")
    assert best.endswith("trial 1 with layer 1 (conv) filters 100.")


def test_base_that_stays_the_best_is_held_against_nothing(answer):
    assert len(answer({"training.batch_size": [16, 32, 64]}, [110, 150, 120], trials=3)) == 1


def test_nothing_is_said_before_there_is_a_result(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    plan = make_plan(store, BASE, {"training.batch_size": [16, 32]})
    sweep = sweeps.get_sweep(store, sweeps.submit_sweep(store, dataset.id, plan))
    assert sweep_answer(store, workspace, sweep, [trial(0, None)]) == []
