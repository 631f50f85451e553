"""The command line, as users and scripts call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.runs import runs
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles, Workspace

PROJECT = Path(__file__).parents[1]


def call(*arguments: object, workspace: Workspace | None = None) -> subprocess.CompletedProcess:
    words = [str(argument) for argument in arguments]
    if workspace is not None:
        words += ["--workspace", str(workspace.root)]
    return subprocess.run(
        [sys.executable, "-m", "cnnlab", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def document(result: subprocess.CompletedProcess) -> object:
    """Standard output holds exactly one JSON document and nothing else."""
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.strip().splitlines()) == 1
    return json.loads(result.stdout)


def test_scan_prints_the_documented_json(workspace, class_folders):
    (class_folders / "red" / "broken.jpg").write_bytes(b"")
    copy = class_folders / "red" / "copy.png"
    copy.write_bytes((class_folders / "red" / "000.png").read_bytes())
    found = document(call("scan", class_folders, "--json", workspace=workspace))
    assert set(found) == {"images", "usable", "classes", "problems", "duplicates", "seconds"}
    assert (found["images"], found["usable"]) == (62, 61)
    assert found["classes"] == {"blue": 20, "green": 20, "red": 21}
    (problem,) = found["problems"]
    assert problem["path"] == "red/broken.jpg"
    assert problem["reason"] == "empty"
    assert found["duplicates"] == [["red/000.png", "red/copy.png"]]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "nowhere", "missing-path"),
        (lambda folder: _empty(folder / "empty"), "no-images"),
    ],
)
def test_scan_of_nothing_ends_with_status_1_and_a_named_reason(workspace, tmp_path, make, reason):
    result = call("scan", make(tmp_path), "--json", workspace=workspace)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"{reason}: ")
    assert "Traceback" not in result.stderr


def test_recipes_lists_input_shape_and_parameters():
    rows = document(call("recipes", "--json"))
    parameters = {row["name"]: row["parameters"]["total"] for row in rows}
    assert parameters["cifar-blocks"] == 289_443
    assert all({"name", "input_shape", "parameters", "summary"} <= set(row) for row in rows)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--set", "training.epochs=0"], "training.epochs"),
        (["--set", "training.nothing=1"], "nothing"),
        (["--set", "word"], "section.field=value"),
        (["--recipe", "no-such"], "no-such"),
        (["--recipe", "cifar-blocks", "--set", "data.size=12"], "layer"),
    ],
)
def test_train_with_wrong_arguments_ends_with_status_2(workspace, class_folders, words, says):
    result = call("train", "--data", class_folders, *words, workspace=workspace)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert runs.list_runs(open_store(workspace)) == []


def test_train_needs_at_least_two_classes(workspace, tmp_path, class_folders):
    for name in ("green", "blue"):
        for file in (class_folders / name).iterdir():
            file.unlink()
    result = call("train", "--data", class_folders, "--json", workspace=workspace)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("one-class: ")


@pytest.mark.slow
def test_train_waits_shows_evaluates_and_classifies(workspace, class_folders):
    small = ["data.size=28", "network.width=0.25", "training.epochs=3", "training.batch_size=8"]
    words = [word for value in small for word in ("--set", value)]
    trained = document(
        call("train", "--data", class_folders, *words, "--json", workspace=workspace)
    )
    assert trained["state"] == "completed"
    assert trained["epochs"] == 3
    assert 1 <= trained["best_epoch"] <= 3
    assert {"validation_accuracy", "test_accuracy"} <= set(trained["metrics"])
    assert trained["parameters"]["total"] > 0

    run = trained["run"]
    (listed,) = document(call("runs", "--json", workspace=workspace))
    assert listed["run"] == run
    shown = document(call("runs", "show", run, "--json", workspace=workspace))
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [1, 2, 3]

    evaluated = document(
        call("evaluate", run, "--data", class_folders, "--json", workspace=workspace)
    )
    assert evaluated["images"] == 60
    assert evaluated["classes"] == ["blue", "green", "red"]
    assert sum(map(sum, evaluated["confusion"])) == 60

    bad = class_folders.parent / "bad.jpg"
    bad.write_bytes(b"not a picture")
    answers = document(
        call("classify", run, class_folders / "red", bad, "--json", workspace=workspace)
    )
    assert len(answers) == 21
    assert answers[-1]["path"] == str(bad)
    assert answers[-1]["error"] == "not-an-image"
    first = answers[0]
    assert first["path"].endswith("000.png")
    assert first["probability"] == max(first["probabilities"].values())
    assert sum(first["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)


def test_commands_for_people_print_tables_without_json(trained):
    place, dataset_id, run_id = trained
    for words in (["runs"], ["runs", "show", run_id], ["scan", dataset_id], ["recipes"]):
        result = call(*words, workspace=place)
        assert result.returncode == 0, result.stderr
        assert result.stdout.strip()
        assert not result.stdout.startswith("{")


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "show", "no-such-run"],
        ["runs", "stop", "no-such-run"],
        ["evaluate", "no-such-run", "--data", "x"],
        ["classify", "no-such-run", "x.jpg"],
    ],
)
def test_unknown_run_is_named(workspace, words):
    result = call(*words, workspace=workspace)
    assert result.returncode == 1
    assert result.stderr.startswith("unknown-run: ")


def test_damaged_model_is_named(trained):
    place, _, run_id = trained
    RunFiles(place.run_folder(run_id)).lite_model.write_bytes(b"no model")
    result = call("classify", run_id, PROJECT / "README.md", workspace=place)
    assert result.returncode == 1
    assert result.stderr.startswith("damaged-model: ")


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder
