"""The Compare page: who is better, curves and settings, and where two networks disagree."""

import json

import pytest

from cnnlab.config import change_config
from cnnlab.evaluation.pairing import pair_up
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset, remove_dataset
from cnnlab.runs.states import RunState
from cnnlab.ui.compare_pictures import DisagreementCards
from cnnlab.workspace import RunFiles
from tests.finished import answers, finished_run
from tests.pages.conftest import Open, said

QUICK = recipe("quick").config
GRID = recipe("conv-grid(2,32,0)").config


@pytest.fixture
def dataset(store, workspace, class_folders):
    return add_dataset(store, workspace, class_folders)


@pytest.fixture
def finish(store, workspace, dataset):
    def make(config, right: int, total: int = 100, **more) -> str:
        found = answers([place < right for place in range(total)], **more)
        return finished_run(store, workspace, dataset.id, config, found)

    return make


def seeded(config, number: int):
    return change_config(config, {"training.seed": number})


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_runs_are_asked_for(count, workspace, finish, open_page: Open):
    ids = [finish(QUICK, 50) for _ in range(max(1, count))][:count]
    app = open_page(workspace, "compare", runs=",".join(ids))
    assert not app.exception
    assert "Choose 2 to 6 runs" in said(app)


def test_a_clear_difference_is_said_in_words(workspace, finish, open_page: Open):
    first, second = finish(QUICK, 50), finish(GRID, 90)
    app = open_page(workspace, "compare", runs=f"{first},{second}")
    assert not app.exception
    assert not app.error
    (answer,) = app.success
    assert "is better than" in answer.value
    assert "by 40\\.0 points" in answer.value
    assert "exact McNemar test" in said(app)
    table = app.dataframe[0].value.set_index("figure")
    assert table.loc["Test accuracy", first] == "50.0%"
    assert table.loc["Test accuracy", second] == "90.0%"


def test_the_first_study_gets_its_two_questions(workspace, finish, open_page: Open):
    pooling, strides = (recipe(f"scenes-{name}").config for name in ("pooling", "strides"))
    small = [change_config(config, {"network.width": 0.1}) for config in (pooling, strides)]
    ids = [finish(config, 60 + 2 * place) for place, config in enumerate(small)]
    app = open_page(workspace, "compare", runs=",".join(ids))
    assert "Do strides instead of pooling give a better result" in said(app)
    assert "within noise" in said(app)
    tuned = finish(change_config(small[0], {"training.learning_rate": 0.001}), 90)
    app = open_page(workspace, "compare", runs=f"{ids[0]},{tuned}")
    assert "How much did the tuning gain" in said(app)
    assert app.success


def test_every_run_is_held_against_the_chosen_one(workspace, finish, open_page: Open):
    ids = [finish(change_config(QUICK, {"training.epochs": 5 + n}), 50 + 20 * n) for n in range(3)]
    app = open_page(workspace, "compare", runs=",".join(ids), against=ids[2])
    assert not app.exception
    sentences = [box.value for box in (*app.success, *app.info)]
    assert len(sentences) == 2
    assert all(ids[2].replace("-", "\\-") in sentence for sentence in sentences)


def test_missing_seeds_are_queued_after_a_question(workspace, store, finish, open_page: Open):
    first, second = finish(seeded(QUICK, 4), 60), finish(GRID, 70)
    app = open_page(workspace, "compare", runs=f"{first},{second}")
    assert "not of their recipes" in said(app)
    next(button for button in app.button if button.label == "Queue 4 trainings").click().run()
    assert not app.exception
    queued = [run for run in runs.list_runs(store) if not run.has_model]
    assert sorted((run.recipe, run.config.training.seed) for run in queued) == [
        ("conv-grid", 1),
        ("conv-grid", 4),
        ("quick", 0),
        ("quick", 1),
    ]
    assert "Queue 4 trainings" not in [button.label for button in app.button]
    assert "2 on the way" in said(app)


def test_three_seeds_each_speak_of_the_recipes(workspace, finish, open_page: Open):
    for number in range(3):
        first, second = finish(seeded(QUICK, number), 50), finish(seeded(GRID, number), 70 + number)
    app = open_page(workspace, "compare", runs=f"{first},{second}")
    assert "conv\\-grid is better than quick" in said(app)
    assert "over 3 seeds each" in said(app)


def test_a_recipe_of_which_two_runs_are_compared_stands_in_the_chart_once(
    workspace, finish, open_page: Open
):
    runs_of_quick = [finish(seeded(QUICK, number), 50 + number) for number in range(2)]
    other = finish(GRID, 90)
    app = open_page(workspace, "compare", runs=",".join([other, *runs_of_quick]))
    assert not app.exception
    (chart,) = app.get("plotly_chart")
    rows = {name for trace in json.loads(chart.proto.spec)["data"] for name in trace["y"]}
    assert sum("2 seeds" in name for name in rows) == 1
    assert len(rows) == 4


def test_curves_and_settings_that_differ(workspace, store, dataset, finish, open_page: Open):
    first, second = finish(QUICK, 50), finish(change_config(QUICK, {"training.epochs": 5}), 60)
    waits = runs.submit_run(store, dataset.id, QUICK)
    app = open_page(workspace, "compare", runs=f"{first},{second},{waits}", view="curves")
    assert not app.exception
    assert app.dataframe[0].value["setting"].tolist() == ["training.epochs"]
    assert app.dataframe[0].value[second].tolist() == ["5"]
    assert waits in said(app)


@pytest.mark.parametrize(("side", "count"), [("lost", 30), ("won", 0)])
def test_pictures_that_only_one_has_right(side, count, workspace, finish, open_page: Open):
    first, second = finish(QUICK, 90), finish(GRID, 60)
    address = {"runs": f"{first},{second}", "view": "pictures", "side": side}
    app = open_page(workspace, "compare", **address)
    assert not app.exception
    (box,) = [box for box in app.selectbox if box.label == "Pictures"]
    assert any(f"({count})" in option for option in box.options)
    assert app.query_params["view"] == "pictures"


def test_each_card_says_what_both_networks_think():
    first, second = answers([True] * 1000), answers([False] * 900 + [True] * 100)
    cards = DisagreementCards(pair_up(first, second), first_right=True)
    assert len(cards) == 900
    assert cards[0].path == "red/899.png"  # the surest mistake
    assert cards[0].title == "red → green"
    said = cards[0].detail.replace("\N{NO-BREAK SPACE}", " ")
    assert said == "green 87.0% against red 87.0%"
    assert [card.path for card in cards[898:950]] == ["red/1.png", "green/0.png"]
    assert not DisagreementCards(pair_up(first, second), first_right=False)


@pytest.mark.parametrize("view", ["verdict", "curves", "pictures"])
def test_runs_that_cannot_be_compared_say_why(
    view, workspace, store, dataset, finish, open_page: Open
):
    good, damaged = finish(QUICK, 50), finish(GRID, 50)
    RunFiles(workspace.run_folder(damaged)).predictions.write_bytes(b"PAR1 and no more")
    failed = runs.submit_run(store, dataset.id, QUICK)
    jobs.finish(store, runs.get_run(store, failed).job.id, RunState.FAILED, message="It broke.")
    for other, says in ((damaged, "cannot be read"), (failed, "is failed and has none")):
        app = open_page(workspace, "compare", runs=f"{good},{other}", view=view)
        assert not app.exception
        if view != "curves":
            assert says in said(app).replace("\\", "")


def test_runs_of_other_classes_and_of_a_removed_data_set(
    workspace, store, dataset, finish, open_page: Open
):
    first, other = finish(QUICK, 50), finish(GRID, 50, class_names=("cat", "dog"))
    same = finish(GRID, 80)
    remove_dataset(store, dataset.id)
    for view in ("verdict", "curves", "pictures"):
        for second in (other, same):
            app = open_page(workspace, "compare", runs=f"{first},{second}", view=view)
            assert not app.exception
    app = open_page(workspace, "compare", runs=f"{first},{other}")
    assert "know the same classes" in said(app)


def test_an_unknown_run_in_the_address_is_named(workspace, finish, open_page: Open):
    app = open_page(workspace, "compare", runs=f"{finish(QUICK, 50)},no-such-run")
    assert not app.exception
    assert "no\\-such\\-run" in app.error[0].value


def test_a_run_leads_to_the_comparison_and_to_the_leaderboard(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id)
    next(button for button in app.button if button.label == "Compare").click().run()
    assert not app.exception
    assert app.title[0].value == "Compare"
    assert app.multiselect[0].value == [run_id]
    app = open_page(place, "run", run=run_id)
    next(button for button in app.button if button.label == "Leaderboard").click().run()
    assert app.title[0].value == "Leaderboard"
    assert not app.exception
    assert app.dataframe[0].value["Run"].tolist() == [f"run?run={run_id}"]
