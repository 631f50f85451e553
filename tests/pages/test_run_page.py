"""What the Run page offers once a training has ended, and the trials of the Train page."""

import pytest

from cnnlab.runs import jobs, runs
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import open_store
from tests.pages.conftest import PACE, Open, answer_trial, said


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def test_a_finished_run_stands_beside_simple_methods(trained, open_page: Open):
    place, _, run_id = trained
    store = open_store(place)
    results = dict(runs.get_run(store, run_id).results)
    assert [step["name"] for step in results["baselines"]] == ["majority", "histogram", "neighbour"]
    results["metrics"] = {**results["metrics"], "test_accuracy": 0.2}
    runs.save_results(store, run_id, results)
    store.close()
    app = open_page(place, "run", run=run_id)
    assert not app.exception
    assert any("do not beat" in warning.value for warning in app.warning)


def test_training_longer_leads_to_a_new_run_that_waits(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id)
    assert "Resume" not in labels(app)
    (epochs,) = [field for field in app.number_input if field.label == "More epochs"]
    epochs.set_value(4).run()
    next(button for button in app.button if button.key == f"longer-{run_id}").click().run()
    store = open_store(place)
    (longer,) = [run for run in runs.list_runs(store) if run.id != run_id]
    assert longer.continues == run_id
    assert longer.config.training.epochs == 7
    store.close()


def test_an_interrupted_run_can_be_resumed_from_its_page(trained, open_page: Open):
    place, dataset_id, run_id = trained
    store = open_store(place)
    config = runs.get_run(store, run_id).config
    stopped = runs.submit_run(store, dataset_id, config)
    job_id = runs.get_run(store, stopped).job.id
    jobs.finish(store, job_id, RunState.INTERRUPTED, reason="process-ended", message="It ended.")
    app = open_page(place, "run", run=stopped)
    next(button for button in app.button if button.label == "Resume").click().run()
    run = runs.get_run(store, stopped)
    assert run.job.id != job_id
    assert run.state is not RunState.INTERRUPTED
    store.close()


def test_a_trial_answers_on_the_train_page(trained, open_page: Open):
    place, dataset_id, _ = trained
    app = open_page(place, "train", data=dataset_id)
    assert not app.exception
    next(button for button in app.button if button.label == "Try a few steps").click().run()
    store = open_store(place)
    job = jobs.latest_job(store, JobKind.TRIAL, dataset_id)
    assert job is not None
    answer_trial(store, job, PACE)
    store.close()
    app = open_page(place, "train", data=dataset_id)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["An epoch"] == "12.5 s"
    assert shown["The whole training"] == "4 min 10 s"
    assert shown["Memory"] == "900 MB"


def test_the_rate_that_was_found_is_taken_over_with_a_click(trained, open_page: Open):
    place, dataset_id, _ = trained
    app = open_page(place, "train", data=dataset_id)
    next(button for button in app.button if button.label == "Find a learning rate").click().run()
    store = open_store(place)
    job = jobs.latest_job(store, JobKind.TRIAL, dataset_id)
    assert job is not None
    answer = {"rates": [1e-4, 1e-3, 1e-2], "losses": [1.0, 0.4, 3.0], "suggestion": 2.5e-4}
    answer_trial(store, job, answer)
    store.close()
    app.run()
    next(button for button in app.button if button.label == "Use 0.00025").click().run()
    assert not app.exception
    (rate,) = [field for field in app.number_input if field.label == "Learning rate"]
    assert rate.value == pytest.approx(2.5e-4)
    assert "learning rate" in said(app).lower()
