"""The first view of a run shows what there is, says what is missing, and leads on."""

import csv
import io
import math
import shutil
import subprocess
import sys

import pytest
import streamlit as st

from cnnlab.config import change_config
from cnnlab.evaluation.agreement import training_accuracy
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset, remove_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from cnnlab.ui import run_curves
from cnnlab.ui.run_readings import as_words
from tests.finished import answers, finished_run
from tests.pages.conftest import Open, said

CONFIG = change_config(
    recipe("conv-grid").config, {"training.epochs": 10, "training.tensorboard": False}
)
OVER_FITTED = (
    [0.652, 0.571, 0.521, 0.478, 0.437, 0.392, 0.341, 0.287, 0.229, 0.178],
    [0.603, 0.556, 0.538, 0.517, 0.531, 0.552, 0.601, 0.668, 0.741, 0.853],
)


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def charts(app):
    return app.get("plotly_chart")


def button(app, label):
    return next(button for button in app.button if button.label == label)


@pytest.fixture
def of_set(workspace, store, class_folders):
    """A workspace with a data set; its store, and the data set's id."""
    dataset = add_dataset(store, workspace, class_folders)
    return workspace, store, dataset.id


@pytest.fixture
def worker():
    """A process that lives, so that the scheduler does not bury what it is said to work on."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield ProcessIdentity.of(process.pid)
        process.kill()


def a_run(store, dataset_id, state, *, epochs=0, reason=None, message=None, worker=None):
    """A run in a state, with the first epochs of an over-fitted training; its id."""
    run_id = runs.submit_run(store, dataset_id, CONFIG)
    job_id = runs.get_run(store, run_id).job.id
    for place in range(epochs):
        loss, validation_loss = (losses[place] for losses in OVER_FITTED)
        figures = {"loss": loss, "validation_loss": validation_loss, "learning_rate": 1e-3}
        figures |= {"accuracy": 1 - loss / 2, "validation_accuracy": 1 - validation_loss / 2}
        runs.record_epoch(store, run_id, place + 1, figures)
    if state is not RunState.QUEUED:
        assert jobs.claim(store, job_id, worker or ProcessIdentity(1, 1.0))
    if state.final:
        jobs.finish(store, job_id, state, reason=reason, message=message)
    return run_id


def test_a_finished_run_shows_figures_curves_and_ladder(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    shown = metrics(app)
    assert {"Test accuracy", "Validation accuracy", "Validation, in training"} <= set(shown)
    assert shown["Validation, in training"] == shown["Validation accuracy"]
    assert len(charts(app)) == 4  # accuracy, loss, learning rate, ladder
    assert "How it learnt" in [heading.value for heading in app.subheader]
    assert "too few to read the curves" in said(app)
    assert "difference of" not in said(app)


def test_a_gap_between_training_and_export_is_flagged(trained, open_page: Open):
    place, _, run_id = trained
    store = open_store(place)
    results = dict(runs.get_run(store, run_id).results)
    trained_to = training_accuracy(results, runs.epoch_records(store, run_id))
    assert trained_to is not None
    results["metrics"]["validation_accuracy"] = trained_to + 0.02
    runs.save_results(store, run_id, results)
    assert "+2.0 points" in said(open_page(place, "run", run=run_id)).replace("\\", "")
    results["metrics"]["validation_accuracy"] = trained_to + 0.004
    runs.save_results(store, run_id, results)
    store.close()
    assert "points" not in said(open_page(place, "run", run=run_id))


def test_over_fitting_is_told_and_its_remedy_is_one_click_away(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.COMPLETED, epochs=10)
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert "Over-fitting" in said(app)
    assert "rises after epoch 4" in said(app)
    button(app, "Train with this change").click().run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Train"]
    assert app.query_params["from"] == run_id
    assert "augmentation.shift=0.1" in app.query_params["set"]
    assert "training.early_stopping.patience=5" in app.query_params["set"]


def test_changes_are_words_that_the_address_and_the_command_line_take():
    changes = {"training.fine_tuning": True, "network.scaling": "unit", "training.epochs": 20}
    assert as_words({**changes, "training.learning_rate": 1e-4}) == [
        "training.fine_tuning=true",
        "network.scaling=unit",
        "training.epochs=20",
        "training.learning_rate=0.0001",
    ]


def test_curves_can_be_smoothed_and_drawn_by_ratio(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.COMPLETED, epochs=10)
    app = open_page(place, "run", run=run_id)
    plain = [chart.proto.spec for chart in charts(app)]
    app.slider(key="curve-smoothing").set_value(0.8).run()
    app.toggle(key="curve-log-scale").set_value(True).run()

    assert not app.exception
    changed = [chart.proto.spec for chart in charts(app)]
    assert len(plain) == len(changed) == 3
    assert all("log scale" in spec for spec in changed[1:])
    assert all("smoothed" in spec for spec in changed[:2])
    assert not any("smoothed" in spec or "log scale" in spec for spec in plain)


def test_every_chart_is_saved_in_the_chosen_format_under_a_name(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.COMPLETED, epochs=10)
    app = open_page(place, "run", run=run_id)
    assert all('"format": "png"' in chart.proto.config for chart in charts(app))
    app.segmented_control(key="curves-format").set_value("svg").run()

    assert not app.exception
    configs = [chart.proto.config for chart in charts(app)]
    assert all('"format": "svg"' in config for config in configs)
    for config, name in zip(configs, ("accuracy", "loss", "learning-rate"), strict=True):
        assert f'"filename": "{run_id}-{name}"' in config


def test_how_charts_look_is_kept_when_the_page_is_left(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.COMPLETED, epochs=10)
    app = open_page(place, "run", run=run_id)
    app.slider(key="curve-smoothing").set_value(0.8).run()
    app.toggle(key="curve-log-scale").set_value(True).run()
    app.segmented_control(key="curves-format").set_value("svg").run()
    app.switch_page("pages/start/home.py").run()
    app.query_params["run"] = run_id
    app.switch_page("pages/results/run.py").run()

    assert not app.exception
    assert app.slider(key="curve-smoothing").value == 0.8
    assert app.toggle(key="curve-log-scale").value is True
    assert app.segmented_control(key="curves-format").value == "svg"
    assert '"format": "svg"' in charts(app)[0].proto.config


def test_the_downloaded_table_reads_back_to_the_epochs(of_set, open_page: Open, monkeypatch):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.COMPLETED, epochs=10)
    runs.record_epoch(store, run_id, 11, {"loss": 0.1, "fine_tuning": 1.0})
    offered = {}

    def offer(label, data, *, file_name, **_):
        offered[label] = (file_name, data)
        return False

    monkeypatch.setattr(st, "download_button", offer)
    assert not open_page(place, "run", run=run_id).exception
    name, table = offered["Epochs as CSV"]
    rows = list(csv.DictReader(io.StringIO(table())))
    read = [{key: float(text) for key, text in row.items() if text} for row in rows]
    assert read == runs.epoch_records(store, run_id)
    assert name == f"{run_id}-epochs.csv"


def test_a_queued_run_and_one_before_its_first_epoch_say_so(of_set, open_page: Open, worker):
    place, store, dataset_id = of_set
    for state in (RunState.RUNNING, RunState.QUEUED):
        run_id = a_run(store, dataset_id, state, worker=worker)
        app = open_page(place, "run", run=run_id)
        assert not app.exception
        assert "begin with the end of the first epoch" in said(app)
        assert not charts(app)


def test_a_running_run_shows_curves_and_hints_at_faults(of_set, open_page: Open, worker):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.RUNNING, epochs=8, worker=worker)
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert len(charts(app)) == 3
    assert any("Over-fitting" in caption.value for caption in app.caption)
    assert "Train with this change" not in [button.label for button in app.button]
    assert [download.label for download in app.get("download_button")] == ["Epochs as CSV"]


def test_quick_epochs_are_drawn_several_at_a_time(of_set, open_page: Open, worker, monkeypatch):
    """A chart blinks when it gets new data."""
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.RUNNING, epochs=2, worker=worker)
    monkeypatch.setattr(run_curves, "REDRAW_SECONDS", 3600.0)
    app = open_page(place, "run", run=run_id)
    before = [chart.proto.spec for chart in charts(app)]
    runs.record_epoch(store, run_id, 3, {"loss": 0.1, "validation_loss": 0.2})
    app.run()
    assert [chart.proto.spec for chart in charts(app)] == before
    monkeypatch.setattr(run_curves, "REDRAW_SECONDS", 0.0)
    app.run()
    assert [chart.proto.spec for chart in charts(app)] != before


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED])
def test_a_run_that_ended_before_its_first_epoch_has_no_curves(of_set, open_page: Open, state):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, state, message="It ended.", reason="ended")
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert "No epoch was finished" in said(app)
    assert "It ended" in said(app)
    assert "epoch 0" not in said(app)
    assert not charts(app)
    assert "Resume" in [button.label for button in app.button]


def test_a_diverged_run_offers_a_lower_rate(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.FAILED, reason="diverged", message="It exploded.")
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert "Learning rate too high" in said(app)
    button(app, "Train with this change").click().run()
    assert app.query_params["set"] == "training.learning_rate=0.0001"


def test_an_interrupted_run_shows_the_epochs_that_it_has(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.INTERRUPTED, epochs=3, message="The worker died.")
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert len(charts(app)) == 3
    assert "3 epochs" in said(app)


def test_losses_that_are_no_numbers_are_gaps(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.FAILED, epochs=3, message="It exploded.")
    runs.record_epoch(store, run_id, 4, {"loss": math.nan, "validation_loss": math.inf})
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert len(charts(app)) == 3
    assert "in epoch 4" in said(app)


def test_a_run_whose_folder_is_gone_keeps_its_figures(trained, open_page: Open):
    place, _, run_id = trained
    shutil.rmtree(place.run_folder(run_id))
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert "Test accuracy" in metrics(app)
    assert len(charts(app)) == 4
    assert app.error


def test_a_run_of_an_older_version_shows_what_it_noted(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.COMPLETED, epochs=10)
    runs.save_results(store, run_id, {"metrics": {"validation_accuracy": 0.74}, "best_epoch": 4})
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    shown = metrics(app)
    assert shown["Validation accuracy"] == "74.0%"
    assert shown["Validation, in training"] == "74.2%"
    assert "Took" not in shown
    assert len(charts(app)) == 3


def test_without_test_pictures_validation_is_in_front(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = finished_run(
        store, place, dataset_id, CONFIG, answers([True] * 30 + [False] * 10, split="validation")
    )
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert metrics(app)["Validation accuracy"] == "75.0%"
    assert "Test accuracy" not in metrics(app)


def test_a_run_of_a_removed_data_set_cannot_be_trained_again(of_set, open_page: Open):
    place, store, dataset_id = of_set
    run_id = a_run(store, dataset_id, RunState.COMPLETED, epochs=10)
    remove_dataset(store, dataset_id)
    app = open_page(place, "run", run=run_id)

    assert not app.exception
    assert "Over-fitting" in said(app)
    offered = [button for button in app.button if button.label == "Train with this change"]
    assert all(button.disabled for button in offered)
