"""The leaderboard: what is listed, and that the address holds the choice."""

import pytest

from cnnlab.config import change_config
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset, remove_dataset
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from cnnlab.ui.board_table import board_csv
from tests.finished import answers, finished_run
from tests.pages.conftest import Open, said

QUICK = recipe("quick").config
GRID = recipe("conv-grid(2,32,0)").config


@pytest.fixture
def board(store, workspace, class_folders):
    """Three seeds of one recipe, a better run of another one, a failed and a waiting run."""
    dataset = add_dataset(store, workspace, class_folders)

    def finish(config, right: int) -> str:
        found = answers([place < right for place in range(20)], split="validation")
        return finished_run(store, workspace, dataset.id, config, found)

    repeated = [
        finish(change_config(QUICK, {"training.seed": number}), 12 + number) for number in range(3)
    ]
    best = finish(GRID, 19)
    failed = runs.submit_run(store, dataset.id, QUICK)
    jobs.finish(store, runs.get_run(store, failed).job.id, RunState.FAILED)
    waits = runs.submit_run(store, dataset.id, GRID)
    return dataset, repeated, best, failed, waits


def ids(app) -> list[str]:
    return [link.removeprefix("run?run=") for link in app.dataframe[0].value["Run"]]


def test_runs_are_ranked_and_seeds_are_one_row(workspace, board, open_page: Open):
    dataset, repeated, best, failed, waits = board
    app = open_page(workspace, "leaderboard", data=dataset.id)
    assert not app.exception
    assert ids(app)[:2] == [best, repeated[-1]]
    assert set(ids(app)[2:]) == {failed, waits}
    table = app.dataframe[0].value
    assert table["Validation accuracy"].tolist() == ["95.0% ★", "65.0 ± 5.0%", "", ""]
    assert table["Seeds"].tolist()[1] == "3 seeds: 0, 1, 2"
    assert table["#"].tolist()[:2] == [1, 2]
    assert [len(line) for line in table["Curve"]] == [3, 3, 0, 0]


def test_only_settings_that_differ_have_a_column(workspace, board, open_page: Open):
    dataset, *_ = board
    table = open_page(workspace, "leaderboard", data=dataset.id).dataframe[0].value
    assert "network.layer_size" in table.columns
    assert "data.resize" not in table.columns
    chosen = {"differs": "0", "columns": "state,data.resize,test_accuracy"}
    table = open_page(workspace, "leaderboard", data=dataset.id, **chosen).dataframe[0].value
    assert list(table.columns) == ["#", "Run", "Recipe", "State", "data.resize", "Test accuracy"]


def test_the_address_holds_the_whole_choice(workspace, board, open_page: Open):
    dataset, repeated, best, failed, _ = board
    address = {
        "data": dataset.id,
        "rank": "validation_loss",
        "together": "0",
        "recipes": "quick",
        "states": "completed,failed",
        "find": "data.size=64",
    }
    app = open_page(workspace, "leaderboard", **address)
    assert not app.exception
    assert set(ids(app)) == {*repeated, failed}
    assert ids(app)[-1] == failed
    assert best not in ids(app)
    for name, value in address.items():
        assert app.query_params[name] == value


def test_a_choice_on_the_page_goes_into_the_address(workspace, board, open_page: Open):
    dataset, *_ = board
    app = open_page(workspace, "leaderboard", data=dataset.id)
    assert "rank" not in app.query_params
    next(box for box in app.selectbox if box.label == "Rank by").select("validation_loss").run()
    next(switch for switch in app.toggle if switch.label == "Seeds in one row").set_value(
        False
    ).run()
    assert not app.exception
    assert app.query_params["rank"] == "validation_loss"
    assert app.query_params["together"] == "0"
    assert len(ids(app)) == 6


def test_a_filter_that_nothing_fits_says_so(workspace, board, open_page: Open):
    dataset, *_ = board
    app = open_page(workspace, "leaderboard", data=dataset.id, find="nothing-like-this")
    assert not app.exception
    assert not app.dataframe
    assert "No run fits" in said(app)


def test_words_in_the_address_that_mean_nothing_are_left_aside(workspace, board, open_page: Open):
    dataset, *_ = board
    wrong = {"rank": "beauty", "columns": "nonsense,state", "states": "asleep", "together": "maybe"}
    app = open_page(workspace, "leaderboard", data=dataset.id, **wrong)
    assert not app.exception
    assert len(ids(app)) == 4


def test_a_data_set_without_runs_leads_to_training(workspace, store, class_folders, open_page):
    dataset = add_dataset(store, workspace, class_folders)
    app = open_page(workspace, "leaderboard", data=dataset.id)
    assert "No runs on this data set yet" in said(app)


def test_all_data_sets_show_removed_ones_too(workspace, store, board, open_page: Open):
    dataset, _, best, _, waits = board
    jobs.request_stop(store, runs.get_run(store, waits).job.id)
    remove_dataset(store, dataset.id)
    app = open_page(workspace, "leaderboard", all="1")
    assert not app.exception
    assert best in ids(app)
    assert set(app.dataframe[0].value["Data set"]) == {"colours"}
    assert open_page(workspace, "leaderboard").dataframe  # there is no other data set


def test_a_finished_training_of_the_worker_is_listed(trained, open_page: Open):
    place, dataset_id, run_id = trained
    app = open_page(place, "leaderboard", data=dataset_id)
    assert not app.exception
    assert ids(app) == [run_id]
    assert "★" not in app.dataframe[0].value["Validation accuracy"][0]  # of one there is no best


def test_the_table_as_csv_has_all_digits_and_no_formulas(workspace, board):
    import csv
    import io

    from cnnlab.reports.leaderboard import board_rows, ranked

    store = open_store(workspace)
    listed = runs.list_runs(store)
    store.close()
    rows = ranked(board_rows(listed, together=True), "validation_accuracy")
    columns = ["state", "seeds", "curve", "created", "validation_accuracy", "training.epochs"]
    read = list(csv.DictReader(io.StringIO(board_csv(rows, columns))))
    assert float(read[1]["validation_accuracy"]) == pytest.approx(0.65)
    assert float(read[1]["validation_accuracy_deviation"]) == pytest.approx(0.05)
    assert read[0]["validation_accuracy_deviation"] == ""
    assert read[1]["runs"].split() == [run.id for run in rows[1].runs]
    assert read[0]["training.epochs"] == "10"
    assert "curve" not in read[0]


def test_curves_of_running_runs_grow_and_those_of_ended_ones_stay(
    workspace, store, board, open_page: Open
):
    dataset, _, best, _, waits = board
    app = open_page(workspace, "leaderboard", data=dataset.id)
    runs.record_epoch(store, waits, 1, {"validation_accuracy": 0.25})
    app.run()
    curves = dict(zip(ids(app), app.dataframe[0].value["Curve"], strict=True))
    assert list(curves[waits]) == [0.25]
    assert len(curves[best]) == 3
