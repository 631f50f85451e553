"""Every page with no data, with data, and with a damaged workspace."""

from pathlib import Path

import pytest

from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles, Workspace
from tests.conftest import end_processes_of
from tests.pages.conftest import PAGES, Open, said


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_in_an_empty_workspace(page: str, workspace: Workspace, open_page: Open):
    app = open_page(workspace, page)
    assert not app.exception
    assert app.title[0].value
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_with_a_finished_run(page: str, trained, open_page: Open):
    app = open_page(trained[0], page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_page_says_that_the_store_is_damaged(page: str, trained, open_page: Open):
    place, _, _ = trained
    for file in place.root.glob("store.sqlite*"):
        file.unlink()
    place.store_file.write_bytes(b"this is no database" * 1000)
    app = open_page(place, page)
    assert not app.exception
    assert "store is damaged" in app.error[0].value


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_with_damaged_files(page: str, trained, open_page: Open):
    place, dataset_id, run_id = trained
    files = RunFiles(place.run_folder(run_id))
    place.index_file(dataset_id).write_bytes(b"no parquet")
    files.predictions.write_bytes(b"no parquet")
    files.lite_model.write_bytes(b"no model")
    app = open_page(place, page)
    assert not app.exception
    if page in ("samples", "train", "run", "classify"):
        assert app.error
        assert "damaged" in said(app).lower()


def test_store_of_a_newer_version_is_refused_with_a_sentence(workspace: Workspace, open_page: Open):
    from sqlalchemy import update

    from cnnlab.runs.schema import meta

    store = open_store(workspace)
    with store.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "version").values(value="999"))
    store.close()
    app = open_page(workspace, "home")
    assert not app.exception
    assert "newer cnnlab" in app.error[0].value


def test_address_that_names_an_unknown_run_is_answered_with_a_sentence(trained, open_page: Open):
    app = open_page(trained[0], "run", run="no-such-run")
    assert not app.exception
    assert "There is no run" in app.error[0].value


def test_address_that_names_an_unknown_data_set_is_answered_with_a_sentence(
    trained, open_page: Open
):
    app = open_page(trained[0], "samples", data="nowhere")
    assert not app.exception
    assert "no data set" in app.error[0].value


def test_folder_that_does_not_exist_is_named(workspace: Workspace, open_page: Open):
    app = open_page(workspace, "samples")
    app.text_input[0].set_value("/no/such/folder")
    app.button(key="FormSubmitter:add-dataset-Add folder").click().run()
    assert not app.exception
    assert "no folder at" in app.error[0].value


def test_samples_page_counts_and_names_what_was_set_aside(
    workspace: Workspace, class_folders: Path, open_page: Open, store
):
    (class_folders / "red" / "broken.png").write_bytes(b"")
    (class_folders / "red" / "notes.txt").write_text("not a picture")
    (class_folders / "empty").mkdir()
    (class_folders / "empty" / "only.jpg").write_bytes(b"\xff\xd8\xff")
    from cnnlab.runs.scans import scan_dataset

    dataset = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, dataset)
    app = open_page(workspace, "samples")
    assert not app.exception
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Files found"] == "63"
    assert figures["Pictures used"] == "60"
    assert figures["Set aside"] == "3"
    assert "empty" in app.warning[0].value
    app = open_page(workspace, "samples", data=dataset.id, view="findings")
    listed = app.dataframe[0].value
    assert set(listed["file"]) == {"red/broken.png", "red/notes.txt", "empty/only.jpg"}


def test_layer_table_follows_every_edit_at_once(trained, open_page: Open):
    app = open_page(trained[0], "train")
    before = {metric.label: metric.value for metric in app.metric}["Parameters"]
    app.number_input(key="field:quick:network.width").set_value(0.5).run()
    assert not app.exception
    after = {metric.label: metric.value for metric in app.metric}["Parameters"]
    assert int(after.replace(",", "")) < int(before.replace(",", ""))


def test_picture_that_is_too_small_for_the_network_names_the_layer(trained, open_page: Open):
    app = open_page(trained[0], "train")
    app.selectbox(key="recipe").set_value("cifar-blocks").run()
    app.number_input(key="field:cifar-blocks:data.size").set_value(12).run()
    assert not app.exception
    assert "layer" in app.error[0].value
    start = next(button for button in app.button if button.label == "Start training")
    assert start.disabled


def test_start_puts_a_run_with_the_changes_into_the_queue(trained, open_page: Open):
    place, dataset_id, _ = trained
    app = open_page(place, "train")
    app.number_input(key="field:quick:training.epochs").set_value(7).run()
    next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception
    store = open_store(place)
    newest = runs.list_runs(store)[0]
    assert newest.config.training.epochs == 7
    assert newest.dataset_id == dataset_id
    jobs.request_stop(store, newest.job.id)
    end_processes_of(place)


@pytest.mark.parametrize(
    "state", [RunState.QUEUED, RunState.FAILED, RunState.INTERRUPTED, RunState.STOPPED]
)
def test_run_without_results_shows_what_there_is(state: RunState, trained, open_page: Open):
    place, dataset_id, finished = trained
    store = open_store(place)
    config = runs.get_run(store, finished).config
    run_id = runs.submit_run(store, dataset_id, config)
    job_id = runs.get_run(store, run_id).job.id
    with place.lock("scheduler"):  # nobody may start it
        if state is not RunState.QUEUED:
            jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
            jobs.finish(store, job_id, state, reason="why", message="Because of <this>.")
        app = open_page(place, "run", run=run_id)
    assert not app.exception
    if state is not RunState.QUEUED:
        assert "Because of" in said(app)


def test_classify_shows_pictures_that_the_network_was_not_trained_on(trained, open_page: Open):
    app = open_page(trained[0], "classify")
    assert not app.exception
    answers = [text.value for text in app.markdown if text.value.startswith("####")]
    assert len(answers) == 3
