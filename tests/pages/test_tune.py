"""The Tune page: defining a search, and one that has ended."""

import json

import psutil
import pytest

from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.runs import record_epoch
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.tensorboard import running_tensorboard
from cnnlab.runs.trials import Question, TrialRequest, submit_trial
from cnnlab.tuning import sweeps
from cnnlab.tuning.plan import parse_plan
from cnnlab.tuning.records import TrialState
from tests.pages.conftest import PACE, Open, answer_trial, said

BASE = recipe("conv-grid(2,32,0)").config
SPACE = {"network.layer_size": [8, 16], "network.conv_layers": [1, 9]}


@pytest.fixture
def data(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, dataset)
    return dataset


def submit(store, data, space, **options):
    plan = parse_plan({"base": BASE.model_dump(mode="json"), "space": space, "sampler": "grid"})
    return sweeps.submit_sweep(store, data.id, plan, **options), plan


@pytest.fixture
def ended(store, data):
    """A sweep with two results, a pruned and a failed trial."""
    sweep_id, plan = submit(store, data, SPACE, name="Which <size>?")
    sweep = sweeps.get_sweep(store, sweep_id)
    for number, fields in enumerate(plan.search_space.grid()):
        if fields["network.conv_layers"] == 9:
            sweeps.note_impossible(store, sweep_id, number, fields, "layer 9 does not fit.")
            continue
        sweeps.begin_trial(store, sweep, number, fields, plan.config_of(fields), threads=1)
        sweeps.finish_trial(store, sweep_id, number, TrialState.COMPLETED, [0.5 - number / 10])
    sweeps.complete_sweep(store, sweep_id, 4)
    return sweep_id


def test_workspace_without_pictures_says_what_is_needed(workspace, open_page: Open):
    app = open_page(workspace, "tune")
    assert not app.exception
    assert "needs pictures" in said(app)


def test_search_cannot_begin_before_a_field_is_chosen(workspace, data, open_page: Open):
    app = open_page(workspace, "tune", data=data.id)
    assert not app.exception
    assert "Choose at least one field" in said(app)
    start = next(button for button in app.button if button.label == "Start the search")
    assert start.disabled


def test_link_fills_the_form_and_start_makes_the_sweep(workspace, store, data, open_page: Open):
    address = {"recipe": "conv-grid", "space": json.dumps(SPACE), "sampler": "grid"}
    app = open_page(workspace, "tune", data=data.id, **address)
    assert not app.exception
    text = said(app)
    assert "4 trials · 4 combinations" in text
    assert "2 of 4 combinations make no network" in text
    next(button for button in app.button if button.label == "Start the search").click().run()
    assert not app.exception
    (sweep,) = sweeps.list_sweeps(store)
    assert sweep.plan.space == SPACE
    assert sweep.wanted == 4


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ('{"training.learning_rate": {"low": 1, "high": 0.1}}', "low should be below high"),
        ('{"network.layer_size": ["wide"]}', "wide"),
        ('{"training.learning_rate": {"low": "a", "high": 1}}', "low should be a number"),
        ('{"training.learning_rate": {"high": 1}}', "the range has no low end"),
        ('{"network.layer_size": []}', "give at least one value"),
        ('{"network.layer_size": [8, 8]}', "each value should stand there once"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form(workspace, data, open_page: Open, space, words):
    app = open_page(workspace, "tune", data=data.id, recipe="conv-grid", space=space)
    assert not app.exception
    assert words in "\n".join(each.value for each in app.error)


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ("nonsense", " nonsense"),
        ("[1]", "is to be a JSON object"),
        ('{"no.field": [1]}', " no.field."),
    ],
)
def test_nonsense_in_the_address_is_named(workspace, data, open_page: Open, space, words):
    app = open_page(workspace, "tune", data=data.id, space=space, trials="x", sampler="y")
    assert not app.exception
    assert words in "\n".join(each.value for each in app.warning).replace("\\", "")
    assert "Choose at least one field" in said(app)


def test_space_of_which_no_network_can_be_made_is_not_started(workspace, data, open_page: Open):
    space = json.dumps({"network.conv_layers": [8, 9]})
    app = open_page(workspace, "tune", data=data.id, recipe="conv-grid", space=space)
    assert not app.exception
    assert "No combination makes a network" in app.error[0].value
    start = next(button for button in app.button if button.label == "Start the search")
    assert start.disabled


def test_number_of_trials_stands_in_the_address(workspace, data, open_page: Open):
    space = json.dumps({"training.learning_rate": {"low": 0.001, "high": 0.1}})
    app = open_page(workspace, "tune", data=data.id, space=space, trials="7")
    trials = next(each for each in app.number_input if each.label == "Trials")
    assert trials.value == 7
    trials.set_value(3).run()
    assert app.query_params["trials"] == "3"


def test_two_objectives_leave_no_choice_of_pruning(workspace, data, open_page: Open):
    app = open_page(workspace, "tune", data=data.id, second="parameters", pruning="halving")
    assert not app.exception
    pruning = next(each for each in app.selectbox if each.label == "End trials early")
    assert len(pruning.options) == 1
    assert not app.error


def test_fields_of_another_recipe_wait_in_the_address(workspace, data, open_page: Open):
    space = json.dumps({"network.layers.13.rate": [0.1, 0.2], "training.batch_size": [16]})
    address = {"data": data.id, "recipe": "quick", "space": space}
    app = open_page(workspace, "tune", **address)
    assert "network.layers.13.rate" in app.warning[0].value.replace("\\", "")
    assert json.loads(app.query_params["space"]) == json.loads(space)


def test_search_can_be_changed_and_made_again(workspace, store, ended, open_page: Open):
    app = open_page(workspace, "tune", sweep=ended)
    next(each for each in app.button if each.label == "Change and search again").click().run()
    assert not app.exception
    assert "4 trials · 4 combinations" in said(app)
    (first,) = [trial for trial in sweeps.list_trials(store, ended) if trial.number == 0]
    assert app.query_params["from"] == first.run_id


def test_ready_made_search_fills_the_form(workspace, data, open_page: Open):
    app = open_page(workspace, "tune", data=data.id)
    app.button(key="preset-conv-grid-27").click().run()
    assert not app.exception
    assert "27 trials · 27 combinations" in said(app)


def test_ended_search_shows_its_trials_the_best_first(workspace, ended, open_page: Open):
    app = open_page(workspace, "tune", sweep=ended)
    assert not app.exception
    table = app.dataframe[0].value
    assert table["Trial"].tolist() == [3, 1, 2, 4]
    assert table["Validation loss"].tolist()[:2] == [0.3, 0.5]
    assert table["Why"].tolist()[2] == "layer 9 does not fit."
    assert "trial 3 with" in said(app)
    names = [button.label for button in app.button]
    assert "Compare the best two" in names
    assert "Change and search again" in names
    assert "Stop the search" not in names
    assert r"Which \<size\>\?" in said(app)


def test_tensorboard_of_the_trials_starts_beside_them(workspace, ended, open_page: Open):
    workspace.attention_file.touch()
    app = open_page(workspace, "tune", sweep=ended)
    assert not app.get("link_button")
    try:
        next(button for button in app.button if button.label == "Start TensorBoard").click().run()
        assert not app.exception
        (link,) = app.get("link_button")
        assert link.proto.url == running_tensorboard(workspace)
        assert "Start TensorBoard" not in [button.label for button in app.button]
    finally:
        if workspace.tensorboard_file.exists():
            psutil.Process(json.loads(workspace.tensorboard_file.read_text())["pid"]).terminate()


def test_trial_that_was_ended_early_shows_what_it_had_reached(
    workspace, store, data, open_page: Open
):
    sweep_id, plan = submit(store, data, {"network.layer_size": [8, 16]})
    sweep = sweeps.get_sweep(store, sweep_id)
    for number, fields in enumerate(plan.search_space.grid()):
        run = sweeps.begin_trial(store, sweep, number, fields, plan.config_of(fields), threads=1)
        for epoch, loss in enumerate((0.9, 0.7, 0.8), start=1):
            record_epoch(store, run, epoch, {"validation_loss": loss})
        states = (TrialState.COMPLETED, [0.2]), (TrialState.PRUNED, None)
        sweeps.finish_trial(store, sweep_id, number, *states[number], message="Why it is so.")
    sweeps.complete_sweep(store, sweep_id, 2)
    app = open_page(workspace, "tune", sweep=sweep_id)
    assert not app.exception
    assert app.dataframe[0].value["Validation loss"].tolist() == [0.2, 0.7]
    (chart,) = app.get("plotly_chart")
    pruned = next(each for each in json.loads(chart.proto.spec)["data"] if each["name"] == "pruned")
    assert pruned["y"] == [0.7]


def test_search_without_any_result_says_so(workspace, store, data, open_page: Open):
    sweep_id, plan = submit(store, data, {"network.conv_layers": [9]})
    (fields,) = plan.search_space.grid()
    sweeps.note_impossible(store, sweep_id, 0, fields, "layer 9 does not fit.")
    sweeps.complete_sweep(store, sweep_id, 1)
    app = open_page(workspace, "tune", sweep=sweep_id)
    assert not app.exception
    assert "No trial has a result" in said(app)
    assert app.dataframe[0].value["Why"].tolist() == ["layer 9 does not fit."]


@pytest.mark.parametrize("chart", ["history", "coordinates", "importance", "slices", "timeline"])
def test_every_chart_of_a_search_has_an_address(workspace, ended, open_page: Open, chart):
    app = open_page(workspace, "tune", sweep=ended, chart=chart)
    assert not app.exception
    assert app.get("plotly_chart") or "needs 6 results" in said(app)


def test_unknown_search_is_a_sentence(workspace, data, open_page: Open):
    app = open_page(workspace, "tune", sweep="gone")
    assert not app.exception
    assert "gone is no longer there" in "".join(each.value for each in app.warning)
    assert "A new search" in [each.value for each in app.subheader]


def test_few_steps_tell_how_long_the_search_will_take(workspace, store, data, open_page: Open):
    link = {"data": data.id, "recipe": "conv-grid(2,32,0)", "space": json.dumps(SPACE)}
    app = open_page(workspace, "tune", **link, sampler="grid")
    assert "Try a few steps" in [button.label for button in app.button]
    request = TrialRequest.about(Question.PACE, BASE)
    job_id = submit_trial(store, data.id, request)
    answer_trial(store, jobs.get_job(store, job_id), PACE)
    app = open_page(workspace, "tune", **link, sampler="grid")
    assert not app.exception
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["4 trials"] == "16 min 40 s"
