"""Every format of a trained network: written, used by its own program, or refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from cnnlab.datasets.photos import photos_at
from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import read_predictions
from cnnlab.inference.classify import classify
from cnnlab.inference.model import load_model
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import get_dataset, remove_dataset
from cnnlab.runs.jobs import Job, JobStopped
from cnnlab.runs.model_exports import (
    ModelExport,
    export_folder,
    find_model_export,
    submit_model_export,
)
from cnnlab.runs.model_formats import ModelFormat, missing_packages
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.worker import work
from cnnlab.workspace import RunFiles, Workspace
from tests.finished import turn_answers_round
from tests.pictures import tree_digest, write_odd_pictures
from tests.trained import give_own_pictures

EXACT = [each for each in ModelFormat if not each.rounds]


@pytest.fixture
def store(trained):
    place, _, _ = trained
    opened = open_store(place)
    yield opened
    opened.close()


def needs(model_format: ModelFormat) -> None:
    missing = missing_packages(model_format)
    if missing:
        pytest.skip(f"the extra 'export' is not installed: {', '.join(missing)}")


def carry_out(store: Store, place: Workspace, run_id: str, model_format: ModelFormat) -> Job:
    job_id = submit_model_export(store, runs.get_run(store, run_id), model_format)
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(place, job_id, own_process=False)
    return jobs.get_job(store, job_id)


def use(folder: Path, pictures: list[Path]) -> dict[str, dict[str, float]]:
    """What the export's program prints, from a place where only the export is."""
    result = subprocess.run(
        [sys.executable, "-P", "predict.py", *map(str, pictures)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("model_format", ModelFormat)
def test_a_network_is_written_checked_and_used_on_any_photo(trained, store, tmp_path, model_format):
    needs(model_format)
    place, dataset_id, run_id = trained
    pictures_before = tree_digest(get_dataset(store, dataset_id).location)
    job = carry_out(store, place, run_id, model_format)
    assert job.state is RunState.COMPLETED, job.message
    found = find_model_export(place, run_id, model_format)
    certificate = found.certificate
    predictions = read_predictions(RunFiles(place.run_folder(run_id)).predictions)
    assert certificate.split == "test"
    assert certificate.pictures == len(predictions.select("test")) > 0
    assert certificate.left_out == 0
    assert job.message == certificate.sentence
    assert tree_digest(get_dataset(store, dataset_id).location) == pictures_before

    moved = tmp_path / "anywhere"
    found.copy_to(moved)
    files = {"README.md", "certificate.json", "model.json", "predict.py", model_format.model_name}
    assert {path.name for path in moved.iterdir()} == files
    photos = write_odd_pictures(tmp_path)
    answers = use(moved, photos)
    own = classify(load_model(RunFiles(place.run_folder(run_id))), photos_at(photos))
    for answered in own:
        expected = answered.to_json()
        answer = answers[expected["path"]]
        assert answer.keys() == expected["probabilities"].keys()
        difference = [abs(answer[name] - expected["probabilities"][name]) for name in answer]
        assert max(difference) <= (0.2 if model_format.rounds else 1e-5), expected["path"]
    if not model_format.rounds:
        assert certificate.agreeing == certificate.pictures
        assert certificate.largest_difference <= 1e-5


@pytest.mark.slow
def test_the_rounded_network_counts_in_whole_numbers_and_is_smaller(trained, store):
    place, _, run_id = trained
    job = carry_out(store, place, run_id, ModelFormat.LITERT_INT8)
    assert job.state is RunState.COMPLETED, job.message
    found = find_model_export(place, run_id, ModelFormat.LITERT_INT8)
    certificate = found.certificate
    assert certificate.agreeing >= 0.95 * certificate.pictures
    files = RunFiles(place.run_folder(run_id))
    assert certificate.model_bytes < files.lite_model.stat().st_size / 1.5
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(found.folder / "model.tflite"))
    kinds = [details["dtype"] for details in interpreter.get_tensor_details()]
    assert kinds.count(np.float32) == 2  # what goes in, and what comes out
    assert np.int8 in kinds


@pytest.mark.parametrize("model_format", [ModelFormat.LITERT, ModelFormat.KERAS])
@pytest.mark.slow
def test_a_network_that_is_not_the_run_s_own_is_refused(trained, store, model_format):
    place, _, run_id = trained
    assert carry_out(store, place, run_id, ModelFormat.LITERT).state is RunState.COMPLETED
    files = RunFiles(place.run_folder(run_id))
    tamper(files, model_format)
    job = carry_out(store, place, run_id, model_format)
    assert (job.state, job.reason) == (RunState.FAILED, "export-refused")
    assert "test pictures" in job.message
    assert "largest difference of 0." in job.message
    assert find_model_export(place, run_id, model_format) is None
    assert not export_folder(place, run_id, model_format).exists()
    left = [path.name for path in files.exports_folder.iterdir()]
    assert left == ([] if model_format is ModelFormat.LITERT else ["litert"])


def tamper(files: RunFiles, model_format: ModelFormat) -> None:
    """Let the network be another one than that which has made the predictions."""
    if model_format is ModelFormat.KERAS:
        import keras

        model = keras.models.load_model(files.keras_model, compile=False)
        model.set_weights([weights * 0.5 for weights in model.get_weights()])
        model.save(files.keras_model)
        return
    turn_answers_round(files)


def test_an_export_that_was_changed_afterwards_is_not_given_away(trained, store, tmp_path):
    place, _, run_id = trained
    assert carry_out(store, place, run_id, ModelFormat.LITERT).state is RunState.COMPLETED
    found = find_model_export(place, run_id, ModelFormat.LITERT)
    assert len(found.zipped()) > found.certificate.model_bytes
    model = found.folder / "model.tflite"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    for give_away in (found.zipped, lambda: found.copy_to(tmp_path / "copy")):
        with pytest.raises(RunError, match="no longer those that were checked"):
            give_away()
    assert not (tmp_path / "copy").exists()


def test_pictures_that_are_gone_are_left_out_and_none_at_all_is_a_sentence(trained, store):
    place, dataset_id, run_id = trained
    folder = give_own_pictures(place, dataset_id)
    split = pd.read_parquet(RunFiles(place.run_folder(run_id)).split)
    test = split["path"][split["split"] == "test"].tolist()
    (folder / test[0]).unlink()
    shutil.copyfile(folder / test[2], folder / test[1])
    job = carry_out(store, place, run_id, ModelFormat.LITERT)
    assert job.state is RunState.COMPLETED, job.message
    found = find_model_export(place, run_id, ModelFormat.LITERT)
    assert found.certificate.pictures == len(test) - 2
    assert "2 more have changed since, or are gone." in job.message
    shutil.rmtree(folder)
    job = carry_out(store, place, run_id, ModelFormat.LITERT)
    assert (job.state, job.reason) == (RunState.FAILED, "no-held-out-pictures")
    assert find_model_export(place, run_id, ModelFormat.LITERT) is None


@pytest.mark.slow
def test_a_resumed_run_forgets_what_was_exported_of_its_earlier_network(trained, store):
    place, _, run_id = trained
    assert carry_out(store, place, run_id, ModelFormat.LITERT).state is RunState.COMPLETED
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'failed' WHERE kind = 'train'")
    resumed = runs.resume_run(store, run_id)
    with pytest.raises(RunError, match="its network may change"):
        submit_model_export(store, resumed, ModelFormat.LITERT)
    assert jobs.claim(store, resumed.job.id, ProcessIdentity(1, 1.0))
    work(place, resumed.job.id, own_process=False)
    assert runs.get_run(store, run_id).state is RunState.COMPLETED
    assert find_model_export(place, run_id, ModelFormat.LITERT) is None


def test_rounding_needs_training_pictures(trained, store):
    place, dataset_id, run_id = trained
    folder = give_own_pictures(place, dataset_id)
    split = pd.read_parquet(RunFiles(place.run_folder(run_id)).split)
    for path in split["path"][split["split"] == "train"]:
        (folder / path).unlink()
    job = carry_out(store, place, run_id, ModelFormat.LITERT_INT8)
    assert (job.state, job.reason) == (RunState.FAILED, "no-pictures-to-calibrate")


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        ("predictions", "predictions-missing"),
        ("split", "damaged-run"),
        ("model", "damaged-model"),
        ("dataset", "unknown-dataset"),
    ],
)
def test_what_is_missing_is_named(trained, store, harm, reason):
    place, dataset_id, run_id = trained
    files = RunFiles(place.run_folder(run_id))
    match harm:
        case "predictions":
            files.predictions.unlink()
        case "split":
            files.split.write_bytes(b"nothing")
        case "model":
            files.keras_model.write_bytes(b"nothing")
        case "dataset":
            remove_dataset(store, dataset_id)
    job = carry_out(store, place, run_id, ModelFormat.SAVED_MODEL)
    assert (job.state, job.reason) == (RunState.FAILED, reason)


def test_a_stop_request_is_heard_while_values_are_measured(trained, store, monkeypatch):
    from cnnlab import exporter

    place, _, run_id = trained
    job_id = submit_model_export(store, runs.get_run(store, run_id), ModelFormat.LITERT_INT8)
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    phases = []

    def report(phase: str, done: int, total: int) -> None:
        phases.append(phase)
        if phase == exporter.CALIBRATING and done == 5:
            raise JobStopped

    with pytest.raises(JobStopped):
        exporter.export_model(store, place, jobs.get_job(store, job_id), report)
    assert exporter.CHECKING not in phases
    assert list(RunFiles(place.run_folder(run_id)).exports_folder.iterdir()) == []


def test_what_a_killed_worker_has_left_is_cleared_away(trained, store):
    place, _, run_id = trained
    target = export_folder(place, run_id, ModelFormat.LITERT)
    left = target.with_name(".litert.0123.part")
    left.mkdir(parents=True)
    (left / "model.tflite").write_bytes(b"half")
    assert find_model_export(place, run_id, ModelFormat.LITERT) is None
    assert carry_out(store, place, run_id, ModelFormat.LITERT).state is RunState.COMPLETED
    assert [path.name for path in target.parent.iterdir()] == ["litert"]


def test_tensorflow_loads_the_saved_model_by_its_signature(trained, store):
    place, _, run_id = trained
    job = carry_out(store, place, run_id, ModelFormat.SAVED_MODEL)
    assert job.state is RunState.COMPLETED, job.message
    found = find_model_export(place, run_id, ModelFormat.SAVED_MODEL)
    assert isinstance(found, ModelExport)
    assert "saved_model/saved_model.pb" in found.certificate.files
    loaded = tf.saved_model.load(str(found.folder / "saved_model"))
    assert loaded.signatures["serving_default"].structured_outputs.keys() == {"probabilities"}
