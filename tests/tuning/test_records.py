"""What is made of trials: the best one, the front, what matters."""

import pytest

from cnnlab.tuning.importance import importance, pareto_front
from cnnlab.tuning.plan import Objective
from cnnlab.tuning.records import TrialState, best_trial, with_results
from tests.tuning.made_trials import plan_of, trial


def test_best_is_the_lowest_loss_or_the_highest_accuracy_and_the_earlier_of_equals():
    trials = [trial(0, (0.5,)), trial(1, (0.2,)), trial(2, None), trial(3, (0.2,))]
    assert best_trial(trials, Objective.VALIDATION_LOSS).number == 1
    assert best_trial(trials, Objective.VALIDATION_ACCURACY).number == 0
    assert best_trial([trial(0, None)], Objective.VALIDATION_LOSS) is None


def test_result_of_a_trial_that_did_not_complete_does_not_count():
    stopped = trial(1, (0.1,), state=TrialState.STOPPED)
    assert with_results([trial(0, (0.5,)), stopped]) == [trial(0, (0.5,))]


def test_front_holds_the_trials_that_none_beats_in_both():
    plan = plan_of(objectives=["validation_accuracy", "parameters"])
    trials = [
        trial(0, (0.9, 100.0)),
        trial(1, (0.8, 10.0)),
        trial(2, (0.7, 50.0)),  # beaten by 1
        trial(3, (0.9, 100.0)),  # as good as 0
        trial(4, (0.95, 900.0)),
        trial(5, None),
    ]
    assert {each.number for each in pareto_front(plan, trials)} == {0, 1, 3, 4}


def test_what_decides_the_result_matters_most():
    trials = [
        trial(number, (float(number % 4) + 0.001 * number,), run_id=None) for number in range(24)
    ]
    shares = importance(plan_of(), trials)
    assert next(iter(shares)) == "training.learning_rate"
    assert sum(shares.values()) == pytest.approx(1)


def test_few_or_equal_results_say_nothing_of_what_matters():
    assert importance(plan_of(), [trial(number, (0.5 + number,)) for number in range(5)]) == {}
    assert importance(plan_of(), [trial(number, (0.5,)) for number in range(9)]) == {}
