"""Trainings on parts of the pictures."""

from dataclasses import replace

import pytest

from cnnlab.config import change_config
from cnnlab.datasets.index import read_index
from cnnlab.errors import RunError
from cnnlab.networks.recipes import RECIPES, recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset, save_scan
from cnnlab.runs.shares import config_for_share, missing_shares, share_runs, train_shares
from cnnlab.runs.states import RunState


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("share", [0.25, 0.5])
def test_every_recipe_can_be_trained_on_a_part_for_as_many_steps(name, share):
    config = RECIPES[name].config
    part = config_for_share(config, share)
    assert part.split.train_share == share
    assert part.training.epochs == round(config.training.epochs / share)
    assert part.network == config.network
    if config.training.early_stopping is not None:
        stopping = part.training.early_stopping
        assert stopping.patience == round(config.training.early_stopping.patience / share)
        assert stopping.start_epoch >= config.training.early_stopping.start_epoch


def test_all_pictures_change_nothing_but_the_share():
    config = recipe("cifar-blocks").config
    assert config_for_share(config, 1.0) == config


def test_epochs_stay_within_their_limit():
    config = change_config(recipe("quick").config, {"training.epochs": 9_000})
    assert config_for_share(config, 0.25).training.epochs == 10_000


@pytest.fixture
def whole(trained):
    place, _, run_id = trained
    from cnnlab.runs.store import open_store

    store = open_store(place)
    yield store, runs.get_run(store, run_id)
    store.close()


def test_missing_trainings_are_queued_once(whole):
    store, run = whole
    assert missing_shares(share_runs(store, run)) == [0.25, 0.5]
    queued = train_shares(store, run)
    assert [runs.get_run(store, each).config.split.train_share for each in queued] == [0.25, 0.5]
    assert missing_shares(share_runs(store, run)) == []
    assert train_shares(store, run) == []
    assert [each.id for each in share_runs(store, run).values()] == [*queued, run.id]


def test_a_training_that_came_to_nothing_may_be_asked_for_again(whole):
    store, run = whole
    first, _ = train_shares(store, run)
    jobs.finish(store, runs.get_run(store, first).job.id, RunState.FAILED, message="No.")
    assert missing_shares(share_runs(store, run)) == [0.25]
    (again,) = train_shares(store, run)
    assert share_runs(store, run)[0.25].id == again


def test_runs_of_other_configurations_are_not_taken_for_parts(whole):
    store, run = whole
    other = change_config(config_for_share(run.config, 0.5), {"training.seed": 7})
    runs.submit_run(store, run.dataset_id, other)
    assert list(share_runs(store, run)) == [1.0]


def test_nothing_is_trained_on_pictures_that_have_changed_since(trained, whole):
    store, run = whole
    index = read_index(trained[0].index_file(run.dataset_id))
    fewer = replace(index, frame=index.frame.iloc[1:].reset_index(drop=True))
    save_scan(store, run.dataset_id, fewer)
    with pytest.raises(RunError) as refused:
        train_shares(store, run)
    assert refused.value.reason == "data-changed"
    assert "has changed since" in str(refused.value)


def test_trainings_on_other_pictures_are_not_taken_for_parts(whole):
    store, run = whole
    quarter, half = train_shares(store, run)
    other = {**run.results, "data": {"fingerprint": "of other pictures"}}
    runs.save_results(store, quarter, other)
    runs.save_results(store, half, run.results)
    assert list(share_runs(store, run)) == [0.5, 1.0]
    assert missing_shares(share_runs(store, run)) == [0.25]


def test_a_run_on_a_part_is_refused(whole):
    store, run = whole
    part, _ = train_shares(store, run)
    with pytest.raises(RunError) as refused:
        train_shares(store, runs.get_run(store, part))
    assert refused.value.reason == "part-of-pictures"
    assert "25%" in str(refused.value)


def test_a_run_without_a_network_is_refused(workspace, store, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    run = runs.get_run(store, runs.submit_run(store, dataset.id, recipe("quick").config))
    with pytest.raises(RunError) as refused:
        train_shares(store, run)
    assert refused.value.reason == "no-model"
