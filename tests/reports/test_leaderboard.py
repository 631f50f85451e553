"""Rows of the leaderboard."""

import pytest

from cnnlab.config import change_config
from cnnlab.evaluation.seeds import Spread
from cnnlab.networks.recipes import recipe
from cnnlab.reports.leaderboard import (
    FIGURES,
    BoardRow,
    Kind,
    best_row,
    board_rows,
    curve,
    figure_text,
    matching,
    ranked,
    row_json,
    same_pictures,
    varying_fields,
)
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.runs import epochs_by_run
from cnnlab.runs.states import RunState
from tests.finished import answers, finished_run

QUICK = recipe("quick").config


@pytest.fixture
def dataset(store, workspace, class_folders):
    return add_dataset(store, workspace, class_folders)


@pytest.fixture
def finish(store, workspace, dataset):
    """Make a completed run with so many of ten answers right."""

    def make(config, right: int, **more) -> str:
        found = answers([place < right for place in range(10)], split="validation")
        return finished_run(store, workspace, dataset.id, config, found, **more)

    return make


def seed(number: int):
    return change_config(QUICK, {"training.seed": number})


def test_a_run_repeated_over_seeds_is_one_row_with_mean_and_spread(store, finish):
    ids = [finish(seed(number), right) for number, right in enumerate((7, 8, 9))]
    other = finish(change_config(QUICK, {"training.epochs": 5}), 6)
    rows = board_rows(runs.list_runs(store), together=True)
    assert [[run.id for run in row.runs] for row in rows] == [[other], ids[::-1]]
    assert rows[1].seeds == (0, 1, 2)
    found = rows[1].spread("validation_accuracy")
    assert found == Spread(pytest.approx(0.8), pytest.approx(0.1), 3)
    assert "training.seed" not in rows[1].fields
    assert rows[0].fields["training.seed"] == 0
    assert len(board_rows(runs.list_runs(store), together=False)) == 4


def test_other_data_unfinished_and_continued_runs_stand_for_themselves(store, dataset, finish):
    finish(seed(0), 7)
    finish(seed(1), 7, fingerprint="corrected-since")
    first = finish(seed(2), 7, fingerprint="corrected-since")
    finish(seed(3), 7, continues=first, fingerprint="corrected-since")
    runs.submit_run(store, dataset.id, seed(4))
    failed = runs.submit_run(store, dataset.id, seed(5))
    jobs.finish(store, runs.get_run(store, failed).job.id, RunState.FAILED)
    rows = board_rows(runs.list_runs(store), together=True)
    assert sorted(len(row.runs) for row in rows) == [1, 1, 1, 1, 2]
    assert not same_pictures(rows)


def test_rows_are_ranked_by_the_chosen_figure_and_unknown_ones_are_last(store, dataset, finish):
    good, bad = finish(seed(0), 9), finish(change_config(QUICK, {"training.epochs": 5}), 5)
    waits = runs.submit_run(store, dataset.id, QUICK)
    rows = board_rows(runs.list_runs(store), together=False)
    by_accuracy = [row.run.id for row in ranked(rows, "validation_accuracy")]
    assert by_accuracy == [good, bad, waits]
    by_loss = ranked(rows, "validation_loss")
    losses = [found.mean for row in by_loss if (found := row.spread("validation_loss"))]
    assert losses == sorted(losses)
    assert by_loss[-1].run.id == waits
    assert best_row(by_loss, "validation_loss") == 0
    assert best_row(by_loss, "seconds") is None
    assert best_row(by_loss[:1], "validation_loss") is None
    assert best_row(by_loss, "test_accuracy") is None


def test_the_filter_looks_at_text_recipe_and_state(store, dataset, finish):
    quick = finish(QUICK, 9)
    grid = runs.submit_run(store, dataset.id, recipe("conv-grid(2,32,0)").config)
    everything = runs.list_runs(store)

    def found(**wanted) -> set[str]:
        return {run.id for run in matching(everything, **wanted)}

    assert found() == {quick, grid}
    assert found(recipes=["quick"]) == {quick}
    assert found(states=["queued"]) == {grid}
    assert found(text="LAYER_SIZE=32") == {grid}
    assert found(text="training.epochs=18 quick") == {quick}
    assert found(text="nothing-like-this") == set()


def test_only_settings_that_differ_are_named(store, finish):
    finish(QUICK, 9)
    finish(change_config(QUICK, {"training.epochs": 5, "training.seed": 3}), 8)
    rows = board_rows(runs.list_runs(store), together=True)
    assert varying_fields(rows) == ["training.epochs"]
    assert varying_fields(rows[:1]) == []
    assert same_pictures(rows)


def test_the_curve_of_repeats_is_their_mean_as_far_as_all_went(store, finish):
    finish(seed(0), 7, epochs=2)
    finish(seed(1), 8, epochs=3)
    finish(change_config(QUICK, {"training.epochs": 5}), 8)
    epochs = epochs_by_run(store, [run.id for run in runs.list_runs(store)])
    rows = board_rows(runs.list_runs(store), together=True)
    together = next(row for row in rows if len(row.runs) == 2)
    assert curve(together, epochs, "validation_accuracy") == pytest.approx([0.2, 0.4])
    assert curve(together, {}, "validation_accuracy") == []
    assert curve(together, epochs, "unknown") == [None, None]


def test_all_epochs_in_one_query_equal_those_of_each_run(store, finish):
    ids = [finish(seed(number), 7) for number in range(3)]
    many = [*ids, *(f"unknown-{number}" for number in range(1200))]
    together = epochs_by_run(store, many)
    assert {run_id: together[run_id] for run_id in ids} == {
        run_id: runs.epoch_records(store, run_id) for run_id in ids
    }
    assert together["unknown-1100"] == []
    assert epochs_by_run(store, []) == {}


def test_a_row_tells_programs_everything(store, finish):
    finish(seed(0), 7)
    newest = finish(seed(1), 8)
    (row,) = board_rows(runs.list_runs(store), together=True)
    document = row_json(row, 1)
    assert document["rank"] == 1
    assert document["runs"][0] == newest
    assert document["seeds"] == [0, 1]
    assert document["figures"]["parameters"] == {"mean": 1234.0, "deviation": 0.0, "runs": 2}
    assert "test_accuracy" not in document["figures"]


@pytest.mark.parametrize(
    ("found", "kind", "text"),
    [
        (Spread(0.9531, 0.0, 1), Kind.SHARE, "95.3%"),
        (Spread(0.9531, 0.0042, 3), Kind.SHARE, "95.3 ± 0.4%"),
        (Spread(0.123456, 0.01, 3), Kind.LOSS, "0.123 ± 0.010"),
        (Spread(61430.0, 0.0, 3), Kind.COUNT, "61,430"),
        (None, Kind.LOSS, ""),
    ],
)
def test_figures_are_rounded_to_what_they_mean(found, kind, text):
    assert figure_text(found, kind) == text


def test_a_run_without_anything_has_no_figures(store, dataset):
    runs.submit_run(store, dataset.id, QUICK)
    (row,) = board_rows(runs.list_runs(store), together=True)
    assert all(row.spread(name) is None for name in FIGURES)
    assert isinstance(row, BoardRow)
