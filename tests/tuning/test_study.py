"""Studies: what is asked does not depend on restarts, and nothing is asked twice."""

import itertools
import random
from pathlib import Path

import pytest

from cnnlab.networks.recipes import recipe
from cnnlab.tuning.plan import SweepPlan, parse_plan
from cnnlab.tuning.records import Trial, TrialState
from cnnlab.tuning.study import SweepStudy, halving_epochs, open_study

BASE = recipe("conv-grid(2,64,1)").config
GRID = {
    "network.dense_layers": [0, 1, 2],
    "network.layer_size": [32, 64, 128],
    "network.conv_layers": [1, 2, 3],
}
MIXED = {
    "training.learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "training.optimizer": ["adam", "sgd", "rmsprop"],
    "training.batch_size": {"low": 8, "high": 64},
}


def plan_of(space=GRID, **options) -> SweepPlan:
    return parse_plan({"base": BASE.model_dump(mode="json"), "space": space, **options})


def asked(plan: SweepPlan, journal: Path, *, opened_anew: bool, count: int = 12) -> list[dict]:
    """Fields of the first trials, each told a value that depends on them."""
    found = []
    study = SweepStudy(plan, journal)
    for _ in range(count):
        if opened_anew:
            study = SweepStudy(plan, journal)
        number, fields = study.ask()
        found.append(fields)
        study.tell(number, [random.Random(repr(fields)).random()])
    return found


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_what_is_asked_does_not_depend_on_restarts(tmp_path, sampler):
    plan = plan_of(sampler=sampler, seed=3)
    once = asked(plan, tmp_path / "a", opened_anew=False)
    assert asked(plan, tmp_path / "b", opened_anew=True) == once


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_whole_space_is_asked_without_a_repeat(tmp_path, sampler):
    plan = plan_of(sampler=sampler, trials=27)
    fields = asked(plan, tmp_path / "journal", opened_anew=False, count=27)
    assert len({tuple(each.values()) for each in fields}) == 27


def test_seeds_differ(tmp_path):
    first = asked(plan_of(sampler="random", seed=0), tmp_path / "a", opened_anew=False)
    second = asked(plan_of(sampler="random", seed=1), tmp_path / "b", opened_anew=False)
    assert first[1:] != second[1:]


def test_grid_is_asked_in_its_order(tmp_path):
    plan = plan_of(sampler="grid")
    fields = asked(plan, tmp_path / "journal", opened_anew=False, count=4)
    assert [tuple(each.values()) for each in fields] == [
        (0, 32, 1),
        (0, 32, 2),
        (0, 32, 3),
        (0, 64, 1),
    ]


def test_search_begins_with_the_base(tmp_path):
    plan = plan_of(MIXED, sampler="tpe")
    study = SweepStudy(plan, tmp_path / "journal")
    assert study.ask() == (
        0,
        {
            "training.learning_rate": BASE.training.learning_rate,
            "training.optimizer": "adam",
            "training.batch_size": BASE.training.batch_size,
        },
    )
    other = SweepStudy(plan_of(MIXED, begin_with_base=False), tmp_path / "other")
    assert other.ask()[1]["training.learning_rate"] != BASE.training.learning_rate


def test_values_have_the_type_of_their_field(tmp_path):
    for fields in asked(plan_of(MIXED, trials=8), tmp_path / "journal", opened_anew=False):
        assert type(fields["training.batch_size"]) is int
        assert 8 <= fields["training.batch_size"] <= 64
        assert 1e-4 <= fields["training.learning_rate"] <= 1e-1
        assert fields["training.optimizer"] in MIXED["training.optimizer"]


def test_trial_that_was_asked_for_and_not_told_is_known_after_a_restart(tmp_path):
    plan = plan_of(sampler="tpe")
    number, fields = SweepStudy(plan, tmp_path / "journal").ask()
    assert SweepStudy(plan, tmp_path / "journal").unanswered() == {number: fields}


def test_telling_twice_changes_nothing(tmp_path):
    study = SweepStudy(plan_of(), tmp_path / "journal")
    number, _ = study.ask()
    study.tell(number, [0.5])
    study.tell(number, [0.1])
    study.tell(number, None, pruned=True)
    state, _, values = study.trials()[number]
    assert (state, values) == ("complete", [0.5])


def test_two_objectives_are_told_together(tmp_path):
    study = SweepStudy(
        plan_of(objectives=["validation_accuracy", "parameters"]), tmp_path / "journal"
    )
    number, _ = study.ask()
    study.tell(number, [0.9, 40_000.0])
    assert study.trials()[number][2] == [0.9, 40_000.0]


def test_halving_ends_what_is_behind_and_leaves_what_is_ahead(tmp_path):
    plan = plan_of(sampler="grid", pruner="halving")
    study = SweepStudy(plan, tmp_path / "journal")
    good, _ = study.ask()
    assert study.report(good, [(epoch, 0.1) for epoch in range(1, 11)]) is None
    study.tell(good, [0.1])
    bad, _ = study.ask()
    assert study.report(bad, [(1, 0.9), (2, 0.8)]) is None
    assert study.report(bad, [(1, 0.9), (2, 0.8), (3, 0.7)]) == 3
    study.tell(bad, None, pruned=True)
    better, _ = study.ask()
    assert study.report(better, [(epoch, 0.05) for epoch in range(1, 11)]) is None


def test_epochs_are_told_once_each(tmp_path):
    study = SweepStudy(plan_of(pruner="median"), tmp_path / "journal")
    number, _ = study.ask()
    study.report(number, [(1, 0.9)])
    study.report(number, [(1, 0.9), (2, 0.8)])  # a repeated step would warn, which is an error
    study.report(number, [(1, 0.9), (2, 0.8), (3, 0.7)])


@pytest.mark.parametrize("damage", ["gone", "nonsense", "torn", "locked"])
def test_journal_that_a_killed_process_left_is_mended(tmp_path, damage):
    plan, journal = plan_of(sampler="grid"), tmp_path / "journal"
    study = SweepStudy(plan, journal)
    trials = []
    for value in (0.5, None):
        number, fields = study.ask()
        results = None if value is None else (value,)
        study.tell(number, results)
        trials.append(
            Trial(
                number=number,
                run_id="run",
                fields=fields,
                state=TrialState.COMPLETED if results else TrialState.FAILED,
                results=results,
                begun_at=0.0,
                finished_at=1.0,
                message=None,
            )
        )
    before = study.trials()
    if damage == "gone":
        journal.unlink()
    elif damage == "nonsense":
        journal.write_text("nonsense\n" + journal.read_text())
    elif damage == "torn":
        journal.write_bytes(journal.read_bytes() + b'{"op_code":4,"wor')
    else:
        journal.with_name("journal.lock").touch()
    mended = open_study(plan, journal, trials)
    assert mended.trials() == before
    assert mended.ask()[0] == 2


def test_tpe_finds_one_of_the_best_three_of_27_in_12_trials(tmp_path):
    """On a made-up surface like that of the grid; the real one is in benchmarks."""
    noise = random.Random(5)
    results = {
        key: 0.62 - 0.05 * key[2] - 0.0003 * key[1] + 0.015 * key[0] + noise.gauss(0, 0.005)
        for key in itertools.product(*GRID.values())
    }
    best = sorted(results, key=lambda key: results[key])[:3]
    found = 0
    for seed in range(10):
        study = SweepStudy(
            plan_of(seed=seed, trials=12, begin_with_base=False), tmp_path / str(seed)
        )
        tried = []
        for _ in range(12):
            number, fields = study.ask()
            tried.append(tuple(fields.values()))
            study.tell(number, [results[tried[-1]]])
        found += any(key in best for key in tried)
    assert found >= 8


@pytest.mark.parametrize(
    ("epochs", "cuts"), [(1, (1,)), (3, (1,)), (10, (3,)), (35, (3, 9)), (100, (3, 9, 27))]
)
def test_halving_cuts_where_something_is_known_and_something_is_to_be_spared(epochs, cuts):
    assert halving_epochs(epochs) == cuts


def test_halving_leaves_those_alone_that_are_nearly_done(tmp_path):
    study = SweepStudy(plan_of(sampler="grid", pruner="halving"), tmp_path / "journal")
    for value in (0.1, 0.09, 0.08):
        number, _ = study.ask()
        last = [(epoch, 0.9) for epoch in range(4, 11)]
        assert study.report(number, [(epoch, value) for epoch in range(1, 4)] + last) is None
        study.tell(number, [0.9])
