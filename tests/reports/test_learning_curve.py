"""The learning curve of a run, from real trainings on parts of its pictures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.config import change_config
from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import Predictions, read_predictions, write_predictions
from cnnlab.learning_commands import _document
from cnnlab.reports.learning_curve import shares_report
from cnnlab.runs import jobs, runs
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.shares import train_shares
from cnnlab.runs.store import open_store
from cnnlab.worker import work
from cnnlab.workspace import RunFiles

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def whole(trained):
    place, _, run_id = trained
    store = open_store(place)
    yield place, store, runs.get_run(store, run_id)
    store.close()


def finish_with_the_whole_ones_answers(place, store, run, share_run_id, kept_pictures=None):
    """Give a queued run the results of another one, with fewer training pictures."""
    import pandas as pd

    source = RunFiles(place.run_folder(run.id))
    files = RunFiles(place.run_folder(share_run_id))
    files.folder.mkdir(parents=True)
    frame = pd.read_parquet(source.split)
    train = frame[frame["split"] == "train"]
    share = runs.get_run(store, share_run_id).config.split.train_share
    dropped = train.index[round(len(train) * share) :]
    frame.drop(index=dropped).to_parquet(files.split, index=False)
    known = read_predictions(source.predictions)
    if kept_pictures is not None:
        known = Predictions(
            class_names=known.class_names,
            paths=known.paths[:kept_pictures],
            splits=known.splits[:kept_pictures],
            true=known.true[:kept_pictures],
            probabilities=known.probabilities[:kept_pictures],
        )
    write_predictions(known, files.predictions)
    runs.save_results(store, share_run_id, dict(run.results))
    job_id = runs.get_run(store, share_run_id).job.id
    jobs.finish(store, job_id, jobs.RunState.COMPLETED)


def test_a_run_alone_is_one_point(whole):
    place, store, run = whole
    report = shares_report(store, place, run)
    (point,) = report.curve.points
    assert point.pictures == 42
    assert point.accuracy == pytest.approx(run.metrics["test_accuracy"])
    assert report.curve.last_gain is None


def test_the_points_of_finished_trainings_are_in_order(whole):
    place, store, run = whole
    for run_id in train_shares(store, run):
        finish_with_the_whole_ones_answers(place, store, run, run_id)
    report = shares_report(store, place, run)
    assert [point.share for point in report.curve.points] == [0.25, 0.5, 1.0]
    assert [point.pictures for point in report.curve.points] == [10, 21, 42]
    assert report.curve.last_gain.difference == 0
    assert report.curve.split == "test"


def test_a_training_judged_by_other_pictures_is_left_out_and_named(whole):
    place, store, run = whole
    quarter, half = train_shares(store, run)
    finish_with_the_whole_ones_answers(place, store, run, quarter)
    finish_with_the_whole_ones_answers(place, store, run, half, kept_pictures=10)
    report = shares_report(store, place, run)
    assert [point.run_id for point in report.curve.points] == [quarter, run.id]
    assert "other pictures" in report.left_out[half]


def test_damaged_predictions_of_the_run_itself_are_refused(whole):
    place, store, run = whole
    RunFiles(place.run_folder(run.id)).predictions.write_bytes(b"no parquet")
    with pytest.raises(RunError) as refused:
        shares_report(store, place, run)
    assert refused.value.reason == "predictions-damaged"


def test_a_real_training_on_half_of_the_pictures_is_judged_by_the_same_ones(whole):
    place, store, run = whole
    (half,) = train_shares(store, run, [0.5])
    job_id = runs.get_run(store, half).job.id
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(place, job_id, own_process=False)
    finished = runs.get_run(store, half)
    assert finished.has_model, finished.job.message
    assert finished.results["epochs"] == 6
    report = shares_report(store, place, run)
    assert [point.pictures for point in report.curve.points] == [21, 42]
    assert report.left_out == {}
    assert any("Only 21 of 42" in event.message for event in runs.run_events(store, half))


def test_the_command_queues_the_trainings_and_says_what_is_known(whole):
    place, _, run = whole
    words = ["learning-curve", run.id, "--detach", "--json", "--workspace", str(place.root)]
    done = subprocess.run(
        [sys.executable, "-m", "cnnlab", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert len(document["waiting"]) == 2
    assert [point["training_pictures"] for point in document["points"]] == [42]
    assert "Two trainings" in document["sentence"]


def test_the_command_names_trainings_that_came_to_nothing(whole):
    place, store, run = whole
    quarter, half = train_shares(store, run)
    finish_with_the_whole_ones_answers(place, store, run, half)
    report = shares_report(store, place, run)
    assert _document(run.id, report)["failed"] == {}
    job_id = runs.get_run(store, quarter).job.id
    jobs.finish(store, job_id, jobs.RunState.FAILED, message="The disk is full.")
    document = _document(run.id, shares_report(store, place, run))
    assert document["failed"] == {quarter: "The disk is full."}


def test_the_command_refuses_a_run_on_a_part(whole):
    place, store, run = whole
    part = runs.submit_run(
        store, run.dataset_id, change_config(run.config, {"split.train_share": 0.5})
    )
    words = ["learning-curve", part, "--workspace", str(place.root)]
    done = subprocess.run(
        [sys.executable, "-m", "cnnlab", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "part-of-pictures" in done.stderr
