"""The final figures of a run, computed by a fresh process with the exported network."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import psutil
import pytest

from cnnlab.datasets.images import load, prepare
from cnnlab.errors import RunError
from cnnlab.evaluation.agreement import training_accuracy
from cnnlab.evaluation.final import final_metrics
from cnnlab.evaluation.predictions import read_predictions
from cnnlab.evaluation.rejection import FEWEST_PICTURES, Rejection
from cnnlab.inference.model import load_model
from cnnlab.inference.rejection import load_rule, read_rejection
from cnnlab.inference.training_features import read_training_features
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.jobs import JobStopped
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from cnnlab.scorer import PHASE, score_in_fresh_process, score_run
from cnnlab.worker import work
from cnnlab.workspace import RunFiles


@pytest.fixture
def finished(trained):
    place, _, run_id = trained
    store = open_store(place)
    yield place, store, runs.get_run(store, run_id), RunFiles(place.run_folder(run_id))
    store.close()


def pixel_file(place):
    (file,) = place.pixels_folder.glob("*.npy")
    return file.name


def test_a_training_reports_the_figures_of_the_exported_file(finished):
    _, store, run, files = finished
    predictions = read_predictions(files.predictions)
    assert run.metrics == pytest.approx(final_metrics(predictions))
    lite, root = load_model(files), get_dataset(store, run.dataset_id).location
    data = run.config.data
    seen = np.stack(
        [
            prepare(load(root / path), data.size, data.resize, data.colour)
            for path in predictions.paths
        ]
    )
    np.testing.assert_allclose(
        predictions.probabilities, lite.predict(seen).probabilities, atol=1e-6
    )
    records = runs.epoch_records(store, run.id)
    kept = records[run.results["best_epoch"] - 1]
    assert training_accuracy(run.results, records) == kept["validation_accuracy"]


@pytest.mark.parametrize("from_file", [True, False])
def test_the_same_figures_come_from_prepared_pictures_and_from_their_files(finished, from_file):
    place, store, run, files = finished
    before = read_predictions(files.predictions)
    files.predictions.unlink()
    score_in_fresh_process(place, run.id, pixel_file(place) if from_file else None)
    after = read_predictions(files.predictions)
    assert after.paths == before.paths
    np.testing.assert_array_equal(after.probabilities, before.probabilities)
    progress = runs.get_run(store, run.id).job.progress
    assert progress["phase"] == PHASE
    assert progress["done"] == progress["total"] == 60


def test_features_of_held_out_and_training_pictures_are_kept(finished):
    _, _, _, files = finished
    split = pd.read_parquet(files.split)
    training = read_training_features(files.training_features)
    assert set(training.paths) == set(split["path"][split["split"] == "train"])
    labels = dict(zip(split["path"], split["label"], strict=True))
    assert [labels[path] for path in training.paths] == training.labels.tolist()
    features = np.load(files.features)
    assert len(features) == len(read_predictions(files.predictions))
    assert features.shape[1] == training.features.shape[1]


def test_the_rule_for_unknown_pictures_is_fitted_to_what_is_held_out(finished):
    place, _, run, files = finished
    why = read_rejection(files)
    assert isinstance(why, str)
    assert f"at least {FEWEST_PICTURES} validation pictures" in why

    split = pd.read_parquet(files.split)
    training = split.index[split["split"] == "train"]
    split.loc[training[::2], "split"] = "validation"
    split.to_parquet(files.split)
    score_in_fresh_process(place, run.id, pixel_file(place))
    found = read_rejection(files)
    assert isinstance(found, Rejection)
    counts = split["split"].value_counts()
    assert (found.fitted_on, found.judged) == (counts["validation"], counts["test"])
    assert found.negatives >= 100

    predictions = read_predictions(files.predictions)
    verdicts = load_rule(files).judge(predictions.probabilities, np.load(files.features))
    known = np.array([verdict.known for verdict in verdicts])
    assert known[predictions.splits == "test"].sum() == found.kept
    assert known[predictions.splits == "validation"].mean() >= 0.95


def test_a_killed_process_is_named_and_the_network_stays(finished):
    place, _, run, files = finished
    files.predictions.unlink()
    failure: list[RunError] = []

    def compute() -> None:
        try:
            score_in_fresh_process(place, run.id, None)
        except RunError as error:
            failure.append(error)

    thread = threading.Thread(target=compute)
    thread.start()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and thread.is_alive():
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):  # killed, or on its way out
                if {"score", run.id} <= set(child.cmdline()):
                    child.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        time.sleep(0.01)
    thread.join()
    (error,) = failure
    assert error.reason == "scoring-ended"
    assert "resume" in str(error)
    assert files.lite_model.exists()
    assert not files.predictions.exists()


def test_a_process_whose_worker_is_gone_writes_nothing_more(finished):
    place, store, run, files = finished
    files.predictions.unlink()
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'interrupted'")
    with pytest.raises(JobStopped):
        score_run(place, run.id, None)
    assert not files.predictions.exists()


def test_a_damaged_network_is_named_by_the_process(finished):
    place, _, run, files = finished
    files.lite_model.write_bytes(b"no model")
    with pytest.raises(RunError) as failed:
        score_in_fresh_process(place, run.id, None)
    assert failed.value.reason == "damaged-model"


def test_a_picture_that_has_changed_is_named(finished):
    place, store, run, files = finished
    root = get_dataset(store, run.dataset_id).location
    path = read_predictions(files.predictions).paths[0]
    before = (root / path).read_bytes()
    try:
        (root / path).write_bytes(b"changed")
        with pytest.raises(RunError) as failed:
            score_in_fresh_process(place, run.id, None)
    finally:
        (root / path).write_bytes(before)
    assert failed.value.reason == "picture-changed"
    assert path in str(failed.value)


def test_a_run_whose_scoring_failed_can_be_resumed_to_its_end(finished):
    place, store, run, files = finished
    files.predictions.unlink()
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'failed'")
        connection.exec_driver_sql("UPDATE runs SET results = NULL")
    resumed = runs.resume_run(store, run.id)
    jobs.claim(store, resumed.job.id, ProcessIdentity(1, 1.0))
    work(place, resumed.job.id, own_process=False)
    again = runs.get_run(store, run.id)
    assert again.state is RunState.COMPLETED, again.job.message
    assert again.metrics == pytest.approx(run.metrics)
