"""Commands that go on with runs, try things before them, or take them along."""

import zipfile

import pytest

from cnnlab.runs import jobs, runs
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from tests.test_cli import call, document


@pytest.mark.slow
def test_training_longer_ends_with_a_run_that_continues_the_first(trained):
    place, _, run_id = trained
    longer = document(call("runs", "longer", run_id, "--epochs", 2, "--json", workspace=place))
    assert longer["state"] == "completed"
    assert longer["continues"] == run_id
    assert longer["epochs"] == 5
    shown = document(call("runs", "show", longer["run"], "--json", workspace=place))
    first = document(call("runs", "show", run_id, "--json", workspace=place))
    assert shown["epochs"][:3] == first["epochs"]


def test_resuming_a_completed_run_is_refused_with_the_way_out(trained):
    place, _, run_id = trained
    refused = call("runs", "resume", run_id, workspace=place)
    assert refused.returncode == 1
    assert "not-resumable" in refused.stderr
    assert "Train it longer" in refused.stderr


def test_an_interrupted_run_waits_again_after_resume(trained):
    place, dataset_id, run_id = trained
    store = open_store(place)
    again = runs.submit_run(store, dataset_id, runs.get_run(store, run_id).config)
    jobs.finish(store, runs.get_run(store, again).job.id, RunState.INTERRUPTED)
    store.close()
    resumed = document(call("runs", "resume", again, "--detach", "--json", workspace=place))
    assert resumed["state"] in ("queued", "running")


@pytest.mark.parametrize("epochs", ["0", "-3", "many"])
def test_a_wrong_number_of_epochs_is_a_wrong_argument(trained, epochs):
    place, _, run_id = trained
    assert call("runs", "longer", run_id, "--epochs", epochs, workspace=place).returncode == 2


@pytest.mark.slow
def test_a_trial_says_time_memory_and_precision(workspace, class_folders):
    answer = document(
        call(
            *("trial", "--data", class_folders, "--recipe", "quick", "--set", "data.size=28"),
            *("--set", "network.width=0.25", "--json"),
            workspace=workspace,
        )
    )
    assert {"precision", "seconds_per_epoch", "seconds", "memory_bytes"} <= set(answer)
    assert answer["seconds"] > answer["seconds_per_epoch"] > 0
    store = open_store(workspace)
    assert runs.list_runs(store) == []
    store.close()


def test_a_trial_of_a_network_that_does_not_fit_fails_by_name(workspace, class_folders):
    words = ("trial", "--data", class_folders, "--recipe", "scenes-pooling")
    refused = call(*words, "--set", "data.size=40", workspace=workspace)
    assert refused.returncode == 2  # as every configuration that breaks a rule
    assert "does not fit" in refused.stderr


def test_a_run_is_taken_along_as_a_script(trained, tmp_path):
    place, _, run_id = trained
    target = tmp_path / "again.zip"
    answer = document(call("reproduce", run_id, "--out", target, "--json", workspace=place))
    assert answer == {"run": run_id, "out": str(target)}
    with zipfile.ZipFile(target) as archive:
        assert set(archive.namelist()) == {"train.py", "split.csv", "config.json", "README.md"}
    missing = call("reproduce", "no-such-run", "--out", target, workspace=place)
    assert missing.returncode == 1
    assert "unknown-run" in missing.stderr


@pytest.mark.slow
def test_deterministic_runs_give_the_same_figures_bit_for_bit(workspace, class_folders):
    settings = {
        "training.deterministic": "on",
        "training.epochs": 2,
        "training.early_stopping": "off",
        "data.size": 28,
        "network.width": 0.25,
    }
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    found = []
    for _ in range(2):
        command = ("train", "--data", class_folders, "--recipe", "cifar-blocks", *words, "--json")
        run = document(call(*command, workspace=workspace))
        shown = document(call("runs", "show", run["run"], "--json", workspace=workspace))
        found.append([{**epoch, "seconds": 0} for epoch in shown["epochs"]])
    assert found[0] == found[1]


def test_listing_recipes_makes_no_workspace(tmp_path, monkeypatch):
    folder = tmp_path / "nothing"
    rows = document(call("recipes", "--workspace", folder, "--json"))
    assert {row["name"] for row in rows} >= {"quick", "transfer", "scenes-pooling", "dense-only"}
    assert not folder.exists()
