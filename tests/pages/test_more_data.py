"""The view "More pictures?" of the Run page."""

from cnnlab.config import change_config
from cnnlab.runs import jobs, runs
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from tests.pages.conftest import Open, said


def test_one_click_queues_the_trainings_on_parts(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id, view="more-data")
    assert not app.exception
    app.button(key=f"shares-{run_id}").click().run()
    assert not app.exception
    store = open_store(place)
    shares = {run.config.split.train_share for run in runs.list_runs(store)}
    store.close()
    assert shares == {0.25, 0.5, 1.0}
    assert not [button for button in app.button if button.key == f"shares-{run_id}"]


def test_a_training_that_failed_is_told_and_can_be_tried_again(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id, view="more-data")
    app.button(key=f"shares-{run_id}").click().run()
    store = open_store(place)
    for run in runs.list_runs(store):
        if run.id != run_id:
            jobs.finish(store, run.job.id, RunState.FAILED, reason="x", message="Disk <full>.")
    store.close()
    app = open_page(place, "run", run=run_id, view="more-data")
    assert "came to nothing" in said(app)
    assert app.button(key=f"shares-{run_id}").label == "Train on 25% and 50%"


def test_a_run_on_a_part_points_to_the_whole(trained, open_page: Open):
    place, _, run_id = trained
    store = open_store(place)
    run = runs.get_run(store, run_id)
    part = runs.submit_run(
        store, run.dataset_id, change_config(run.config, {"split.train_share": 0.5})
    )
    runs.save_results(store, part, dict(run.results))
    jobs.finish(store, runs.get_run(store, part).job.id, RunState.COMPLETED)
    store.close()
    app = open_page(place, "run", run=part, view="more-data")
    assert not app.exception
    assert "50%" in said(app)


def test_missing_predictions_are_said(trained, open_page: Open):
    place, _, run_id = trained
    (place.run_folder(run_id) / "predictions.parquet").unlink()
    app = open_page(place, "run", run=run_id, view="more-data")
    assert not app.exception
    assert "no stored predictions" in said(app)
