"""Comparison and leaderboard on the command line."""

import pytest

from cnnlab.config import change_config
from cnnlab.networks.recipes import recipe
from cnnlab.runs.datasets import add_dataset
from tests.finished import answers, finished_run
from tests.test_cli import call, document

QUICK = recipe("quick").config
GRID = recipe("conv-grid(2,32,0)").config


@pytest.fixture
def compared(store, workspace, class_folders) -> tuple[str, list[str], list[str]]:
    """A data set, and three seeds of two recipes."""
    dataset = add_dataset(store, workspace, class_folders)

    def finish(config, number: int, right: int) -> str:
        found = answers([place < right for place in range(100)])
        seeded = change_config(config, {"training.seed": number})
        return finished_run(store, workspace, dataset.id, seeded, found)

    quick = [finish(QUICK, number, 50 + number) for number in range(3)]
    return dataset.id, quick, [finish(GRID, number, 80 + number) for number in range(3)]


def test_compare_prints_every_pair_and_the_recipes(workspace, compared):
    _, quick, grid = compared
    found = document(call("compare", quick[0], grid[0], "--json", workspace=workspace))
    assert found["runs"] == [quick[0], grid[0]]
    assert found["differs"]["recipe"] == ["quick", "conv-grid"]
    (pair,) = found["pairs"]
    assert pair["images"] == 100
    assert pair["accuracies"] == [0.5, 0.8]
    assert pair["difference"] == pytest.approx(0.3)
    assert pair["interval"][0] < 0.3 < pair["interval"][1]
    assert pair["p_value"] < 0.001
    assert pair["different"] is True
    (about_recipes,) = found["recipes"]
    assert about_recipes["sentence"].startswith("conv-grid is better than quick by 30.0 points")
    for_people = call("compare", quick[0], grid[0], workspace=workspace)
    assert for_people.returncode == 0
    assert pair["sentence"] in for_people.stdout
    assert about_recipes["sentence"] in for_people.stdout


def test_runs_that_cannot_be_compared_fail_by_name(workspace, compared):
    _, quick, _ = compared
    assert "unknown-run" in call("compare", quick[0], "nobody", workspace=workspace).stderr
    alone = call("compare", quick[0], workspace=workspace)
    assert alone.returncode == 1
    assert "number-of-runs" in alone.stderr
    predictions = workspace.run_folder(quick[1]) / "predictions.parquet"
    predictions.write_bytes(b"PAR1")
    damaged = call("compare", quick[0], quick[1], "--json", workspace=workspace)
    assert damaged.returncode == 1
    assert damaged.stderr.startswith("predictions-damaged")


def test_the_leaderboard_has_one_row_for_the_seeds_of_a_recipe(workspace, compared):
    dataset_id, quick, grid = compared
    words = ("leaderboard", "--data", dataset_id, "--sort", "test_accuracy")
    rows = document(call(*words, "--json", workspace=workspace))
    assert [row["rank"] for row in rows] == [1, 2]
    assert [sorted(row["runs"]) for row in rows] == [sorted(grid), sorted(quick)]
    assert rows[0]["figures"]["test_accuracy"]["mean"] == pytest.approx(0.81)
    assert rows[0]["figures"]["test_accuracy"]["deviation"] == pytest.approx(0.01)
    apart = document(call(*words, "--apart", "--json", workspace=workspace))
    assert [row["runs"] for row in apart[:3]] == [[run_id] for run_id in grid[::-1]]
    assert "81.0 ± 1.0%" in call(*words, workspace=workspace).stdout


def test_an_unknown_figure_is_a_wrong_argument(workspace, compared):
    refused = call("leaderboard", "--sort", "beauty", workspace=workspace)
    assert refused.returncode == 2
    assert "validation_loss" in refused.stderr


def test_a_leaderboard_without_runs_says_so(workspace):
    assert document(call("leaderboard", "--json", workspace=workspace)) == []
    assert "No runs yet" in call("leaderboard", workspace=workspace).stdout
