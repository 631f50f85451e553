"""Runs against each other, by what they left in the workspace."""

import json

import pandas as pd
import pytest

from cnnlab.config import change_config
from cnnlab.datasets.splits import Split
from cnnlab.errors import RunError
from cnnlab.networks.recipes import recipe
from cnnlab.reports.comparing import compare_runs
from cnnlab.reports.recipes_compared import queue_missing
from cnnlab.runs import runs
from cnnlab.runs.datasets import add_dataset, remove_dataset
from cnnlab.runs.provenance import why_not_repeatable
from cnnlab.runs.runs import get_run
from cnnlab.runs.states import RunState
from cnnlab.workspace import RunFiles
from tests.finished import answers, finished_run, joined
from tests.pictures import write_class_folders

QUICK = recipe("quick").config
GRID = recipe("conv-grid(2,32,0)").config


def right(count: int, total: int = 200) -> list[bool]:
    return [place < count for place in range(total)]


@pytest.fixture
def dataset(store, workspace, class_folders):
    return add_dataset(store, workspace, class_folders)


@pytest.fixture
def finish(store, workspace, dataset):
    def make(config, predictions, **more) -> str:
        return finished_run(store, workspace, dataset.id, config, predictions, **more)

    return make


def seeded(config, number: int):
    return change_config(config, {"training.seed": number})


def test_a_clear_difference_is_said_and_is_that_of_the_counts(store, workspace, finish):
    first = finish(QUICK, answers(right(120)))
    second = finish(GRID, answers(right(180)))
    (pair,) = compare_runs(store, workspace, [first, second]).pairs
    assert pair.comparison is not None
    assert (pair.comparison.only_first, pair.comparison.only_second) == (0, 60)
    assert pair.comparison.difference == pytest.approx(0.3)
    assert pair.comparison.interval.low < 0.3 < pair.comparison.interval.high
    assert pair.comparison.different
    assert pair.sentence.startswith(f"{second} is better than {first} by 30.0 points")
    assert (pair.first_accuracy, pair.second_accuracy) == (0.6, 0.9)
    assert pair.split is Split.TEST
    assert pair.notes == ()


def test_a_small_difference_is_within_noise(store, workspace, finish):
    first, second = finish(QUICK, answers(right(150))), finish(GRID, answers(right(151)))
    (pair,) = compare_runs(store, workspace, [first, second]).pairs
    assert pair.comparison is not None
    assert not pair.comparison.different
    assert "within noise" in pair.sentence


def test_without_test_pictures_validation_ones_are_taken_and_that_is_said(store, workspace, finish):
    first = finish(QUICK, joined(answers(right(50)), answers(right(60), split="validation")))
    second = finish(GRID, answers(right(70), split="validation"))
    (pair,) = compare_runs(store, workspace, [first, second]).pairs
    assert pair.split is Split.VALIDATION
    assert "best epoch" in pair.notes[0]
    assert pair.first_accuracy == 60 / 200


def test_a_test_picture_of_one_run_is_not_held_against_a_validation_one_of_the_other(
    store, workspace, finish
):
    shared = answers(right(30, 50), split="test")
    first = finish(QUICK, joined(shared, answers(right(9, 10), split="validation", start=500)))
    as_validation = answers(right(30, 50), split="validation")
    second = finish(GRID, joined(as_validation, answers(right(9, 10), split="test", start=500)))
    (pair,) = compare_runs(store, workspace, [first, second]).pairs
    assert pair.comparison is None
    assert pair.reason == "no-common-pictures"


def test_of_different_splits_only_common_pictures_count_and_their_number_is_said(
    store, workspace, finish
):
    first = finish(QUICK, answers(right(150)))
    second = finish(change_config(QUICK, {"split.seed": 1}), answers(right(100), start=150))
    (pair,) = compare_runs(store, workspace, [first, second]).pairs
    assert pair.comparison is not None
    assert pair.comparison.images == 50
    assert "50 of them count" in pair.notes[0]


def test_pictures_that_an_earlier_part_was_trained_on_are_left_out(store, workspace, finish):
    found = answers(right(100))
    grandparent = finish(QUICK, found)
    parent = finish(QUICK, found, continues=grandparent)
    longer = finish(change_config(QUICK, {"training.epochs": 30}), found, continues=parent)
    split = RunFiles(workspace.run_folder(grandparent)).split
    used = pd.DataFrame({"path": list(found.paths[:10]), "split": "train"})
    used.to_parquet(split)
    (pair,) = compare_runs(store, workspace, [finish(GRID, found), longer]).pairs
    assert pair.comparison is not None
    assert pair.comparison.images == 190
    assert "10 common pictures are left out" in " ".join(pair.notes)


def test_what_cannot_be_compared_says_why_and_the_others_are_compared(
    store, workspace, dataset, finish
):
    good, other = finish(QUICK, answers(right(150))), finish(GRID, answers(right(100)))
    damaged = finish(GRID, answers(right(100)))
    RunFiles(workspace.run_folder(damaged)).predictions.write_bytes(b"PAR1 no more")
    lost = finish(GRID, answers(right(100)))
    RunFiles(workspace.run_folder(lost)).predictions.unlink()
    foreign = finish(GRID, answers(right(100), class_names=("cat", "dog")))
    waits = runs.submit_run(store, dataset.id, QUICK)
    found = compare_runs(store, workspace, [good, other, damaged, lost, foreign, waits])
    reasons = {pair.second: pair.reason for pair in found.pairs if pair.first == good}
    assert reasons == {
        other: None,
        damaged: "predictions-damaged",
        lost: "predictions-missing",
        foreign: "different-classes",
        waits: "no-model",
    }
    assert len(found.pairs) == 15
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_comparison_takes_two_to_six_runs(store, workspace, finish, count):
    ids = [finish(seeded(QUICK, number), answers(right(9, 10))) for number in range(count)]
    with pytest.raises(RunError, match="2 to 6") as refused:
        compare_runs(store, workspace, [*ids, *ids[:1]])
    assert refused.value.reason == "number-of-runs"


def test_an_unknown_run_is_refused_by_name(store, workspace):
    with pytest.raises(RunError, match="no-such-run"):
        compare_runs(store, workspace, ["no-such-run", "nor-this-one"])


def test_pictures_of_different_data_sets_are_never_taken_for_the_same(
    store, workspace, finish, tmp_path
):
    other = add_dataset(store, workspace, write_class_folders(tmp_path / "others"))
    first = finish(QUICK, answers(right(150)))
    second = finished_run(store, workspace, other.id, QUICK, answers(right(100)))
    (pair,) = compare_runs(store, workspace, [first, second]).pairs
    assert pair.reason == "different-datasets"
    assert "'colours'" in pair.sentence
    assert "'others'" in pair.sentence


def test_changed_data_are_compared_with_a_note(store, workspace, finish):
    first = finish(QUICK, answers(right(150)))
    second = finish(GRID, answers(right(100)), fingerprint="corrected-since")
    (pair,) = compare_runs(store, workspace, [first, second]).pairs
    assert pair.comparison is not None
    assert "was changed between the two runs" in " ".join(pair.notes)


def test_only_settings_that_differ_are_listed_for_all_runs(store, workspace, finish):
    ids = [finish(QUICK, answers(right(9, 10))), finish(seeded(QUICK, 4), answers(right(9, 10)))]
    assert compare_runs(store, workspace, ids).differs == {"training.seed": (0, 4)}


# --- recipes ---


def test_three_seeds_on_both_sides_speak_of_the_recipes(store, workspace, finish):
    quick = [finish(seeded(QUICK, number), answers(right(170 + number))) for number in range(3)]
    grid = [finish(seeded(GRID, number), answers(right(120 + number))) for number in range(4)]
    found = compare_runs(store, workspace, [grid[0], quick[2]])
    (verdict,) = found.recipes
    assert verdict.comparison is not None
    assert verdict.comparison.paired
    assert verdict.comparison.difference == pytest.approx(0.25)
    assert verdict.sentence.startswith("quick is better than conv-grid by 25.0 points")
    assert verdict.missing == 0
    assert verdict.first.accuracies == {n: (120 + n) / 200 for n in range(4)}
    document = found.to_json()["recipes"][0]
    assert document["recipes"] == ["conv-grid", "quick"]
    assert document["reason"] is None


def test_with_too_few_seeds_the_sentence_speaks_of_the_networks_and_names_what_is_missing(
    store, workspace, finish
):
    quick = finish(seeded(QUICK, 5), answers(right(170)))
    for number in (5, 6):
        grid = finish(seeded(GRID, number), answers(right(120)))
    (verdict,) = compare_runs(store, workspace, [quick, grid]).recipes
    assert verdict.comparison is None
    assert verdict.reason == "too-few-seeds"
    assert "not of their recipes" in verdict.sentence
    assert verdict.first.missing == (6, 0)
    assert verdict.second.missing == (0,)
    queued = queue_missing(store, verdict)
    assert [get_run(store, run_id).config.training.seed for run_id in queued] == [6, 0, 0]
    assert {get_run(store, run_id).state for run_id in queued} == {RunState.QUEUED}
    (again,) = compare_runs(store, workspace, [quick, grid]).recipes
    assert again.missing == 0
    assert again.first.waiting == (0, 6)
    assert "on the way" in again.sentence


def test_recipes_with_other_splits_are_judged_on_the_pictures_that_all_hold_out(
    store, workspace, finish
):
    resplit = change_config(QUICK, {"split.seed": 5, "training.epochs": 3})
    ids = []
    for number in range(3):
        finish(seeded(QUICK, number), answers(right(150)))
        ids.append(finish(seeded(resplit, number), answers(right(30 + number), start=100)))
    damaged = finish(seeded(resplit, 3), answers(right(30), start=100))
    RunFiles(workspace.run_folder(damaged)).predictions.write_bytes(b"PAR1")
    one = finish(seeded(QUICK, 4), answers(right(150)))
    (verdict,) = compare_runs(store, workspace, [one, ids[0]]).recipes
    assert verdict.images == 100
    assert verdict.comparison is not None
    assert verdict.first.accuracies == pytest.approx({0: 0.5, 1: 0.5, 2: 0.5, 4: 0.5})
    assert verdict.second.accuracies == pytest.approx({0: 0.3, 1: 0.31, 2: 0.32})


def test_runs_of_one_recipe_or_other_data_have_no_two_recipes(store, workspace, finish):
    first = finish(QUICK, answers(right(9, 10)))
    other_seed = finish(seeded(QUICK, 1), answers(right(9, 10)))
    corrected = finish(GRID, answers(right(9, 10)), fingerprint="corrected-since")
    longer = finish(GRID, answers(right(9, 10)), continues=first)
    for other in (other_seed, corrected, longer):
        assert compare_runs(store, workspace, [first, other]).recipes == ()


def test_a_removed_data_set_is_why_no_seed_can_be_added(store, dataset, finish):
    run = get_run(store, finish(QUICK, answers(right(9, 10))))
    assert why_not_repeatable(store, run) is None
    remove_dataset(store, dataset.id)
    assert "no longer in this workspace" in str(why_not_repeatable(store, run))
