"""The commands about sweeps, with real processes."""

import json

import pytest
from typer.testing import CliRunner

from cnnlab.cli import app
from cnnlab.errors import ConfigError, RunError
from cnnlab.runs.store import open_store
from cnnlab.tuning.records import SweepState
from cnnlab.tuning.study import SweepStudy
from cnnlab.tuning.sweeps import get_sweep

RUNNER = CliRunner()
SMALL = ["--set", "data.size=16", "--set", "training.epochs=2", "--set", "network.conv_layers=1"]


def call(workspace, *words: str) -> object:
    done = RUNNER.invoke(app, [*words, "--workspace", str(workspace.root), "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def space(tmp_path):
    file = tmp_path / "space.json"
    file.write_text('{"network.layer_size": [4, 8], "network.conv_layers": [1, 9]}')
    return file


@pytest.mark.slow
def test_sweep_makes_runs_and_says_which_is_best(workspace, class_folders, space):
    words = ["sweep", "--data", str(class_folders), "--recipe", "conv-grid", "--space", str(space)]
    document = call(workspace, *words, "--sampler", "grid", *SMALL)
    states = [trial["state"] for trial in document["trials"]]
    assert states == ["completed", "pruned", "completed", "pruned"]
    made = [trial for trial in document["trials"] if trial["run"]]
    assert document["best"]["value"] == min(trial["value"] for trial in made)
    assert document["best"]["parameters"]["network.conv_layers"] == 1
    shown = call(workspace, "runs", "show", document["best"]["run"])
    assert shown["sweep"] == document["sweep"]
    losses = [epoch["validation_loss"] for epoch in shown["epochs"]]
    assert document["best"]["value"] == min(losses)
    board = call(workspace, "leaderboard", "--sort", "validation_loss")
    assert {trial["run"] for trial in made} == {run for row in board for run in row["runs"]}

    store = open_store(workspace)
    sweep = get_sweep(store, document["sweep"])
    told = SweepStudy(sweep.plan, workspace.sweep_journal(sweep.id)).trials()
    assert [state for state, _, _ in told.values()] == ["complete", "pruned"] * 2
    assert sweep.state is SweepState.COMPLETED
    store.close()
    listed = call(workspace, "sweeps", "list")
    assert [row["sweep"] for row in listed] == [document["sweep"]]
    assert document["answer"][0].startswith("The lowest validation loss of 2 trials is")
    printed = RUNNER.invoke(
        app, ["sweeps", "show", document["sweep"], "--workspace", str(workspace.root)]
    )
    assert f"Best: {document['best']['run']}" in printed.stdout
    assert document["answer"][0].split(":")[0] in " ".join(printed.stdout.split())
    call(workspace, "sweeps", "delete", document["sweep"])


def test_what_is_wrong_is_refused_before_anything_is_made(workspace, class_folders, tmp_path):
    words = ["sweep", "--data", str(class_folders), "--recipe", "conv-grid"]
    with pytest.raises(ConfigError, match="what is to vary"):
        call(workspace, *words)
    for content, said in (
        ("{}", "empty"),
        ('{"network.nonsense": [1]}', "nonsense"),
        ('{"network.layer_size": ["wide"]}', "wide"),
    ):
        file = tmp_path / "bad.json"
        file.write_text(content)
        with pytest.raises(ConfigError, match=said):
            call(workspace, *words, "--space", str(file))
    with pytest.raises(ConfigError, match="no ready-made sweep"):
        call(workspace, *words, "--preset", "nonsense")
    with pytest.raises(RunError, match="no sweep 'gone'"):
        call(workspace, "sweeps", "show", "gone")
    assert call(workspace, "sweeps", "list") == []


def test_ready_made_sweeps_are_listed(workspace):
    done = RUNNER.invoke(app, ["sweeps", "presets", "--json"])
    names = [row["name"] for row in json.loads(done.stdout)]
    assert names == ["conv-grid-27", "tune-scenes-pooling", "strides-or-pooling"]
