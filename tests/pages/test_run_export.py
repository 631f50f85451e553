"""Networks for other programs, in the view "Share" of the Run page."""

import os
import time

import pytest

from cnnlab.figures.text import escape_markdown
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import remove_dataset
from cnnlab.runs.model_exports import find_model_export, latest_model_export, submit_model_export
from cnnlab.runs.model_formats import ModelFormat
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from cnnlab.ui import run_export
from cnnlab.worker import work
from tests.pages.conftest import Open, said
from tests.pages.test_run_report import download_labels


@pytest.fixture
def store(trained):
    opened = open_store(trained[0])
    yield opened
    opened.close()


def badges(app) -> list[str]:
    return [text.value for text in app.markdown if "badge[" in text.value]


def make(store, place, run_id, model_format=ModelFormat.LITERT) -> jobs.Job:
    job_id = submit_model_export(store, runs.get_run(store, run_id), model_format)
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(place, job_id, own_process=False)
    return jobs.get_job(store, job_id)


@pytest.mark.slow
def test_every_format_is_offered_and_made_with_one_click(trained, store, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    assert not app.error
    for model_format in ModelFormat:
        assert f"**{model_format.label}**" in said(app)
    assert sum("Not made yet" in badge for badge in badges(app)) == len(ModelFormat)
    app.button(f"export-litert-{run_id}").click().run()
    assert not app.exception
    deadline = time.monotonic() + 120  # a real scheduler has a real worker do it
    while not (job := latest_model_export(store, run_id, ModelFormat.LITERT)).state.final:
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    assert job.state is RunState.COMPLETED, job.message
    app.run()
    assert sum("Checked" in badge for badge in badges(app)) == 1


def test_one_that_is_being_made_cannot_be_asked_for_again(trained, store, open_page: Open):
    place, _, run_id = trained
    job_id = submit_model_export(store, runs.get_run(store, run_id), ModelFormat.LITERT)
    assert jobs.claim(store, job_id, ProcessIdentity.of(os.getpid()))
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    assert sum("Being made" in badge for badge in badges(app)) == 1
    assert app.button(f"export-litert-{run_id}").disabled
    assert not app.button(f"export-keras-{run_id}").disabled
    assert jobs.finish(store, job_id, RunState.STOPPED)


def test_a_made_one_comes_with_certificate_program_and_download(trained, store, open_page: Open):
    place, _, run_id = trained
    assert make(store, place, run_id).state is RunState.COMPLETED
    found = find_model_export(place, run_id, ModelFormat.LITERT)
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    assert "it agrees on" in said(app)
    assert any(label.startswith("Download (") for label in download_labels(app))
    shown = [code.value for code in app.code]
    assert found.snippet().strip() in [text.strip() for text in shown]
    assert str(found.folder) in shown
    assert "pip install numpy pillow ai-edge-litert\npython predict.py PICTURE" in shown
    assert "Make again" in [button.label for button in app.button]


def test_a_large_one_is_named_by_its_folder_only(trained, store, open_page: Open, monkeypatch):
    place, _, run_id = trained
    make(store, place, run_id)
    monkeypatch.setattr(run_export, "LARGEST_DOWNLOAD_BYTES", 100)
    app = open_page(place, "run", run=run_id, view="share")
    assert not any(label.startswith("Download (") for label in download_labels(app))
    assert "too much for a download" in said(app)


def test_a_refused_one_says_why_and_is_not_offered(trained, store, open_page: Open):
    place, _, run_id = trained
    job_id = submit_model_export(store, runs.get_run(store, run_id), ModelFormat.LITERT_INT8)
    assert jobs.claim(store, job_id, ProcessIdentity.of(os.getpid()))
    sentence = "It must name the same class. Received: 3 of 12 test pictures."
    jobs.finish(store, job_id, RunState.FAILED, reason="export-refused", message=sentence)
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    assert [error.value for error in app.error] == [escape_markdown(sentence)]
    assert sum("Not to be had" in badge for badge in badges(app)) == 1
    assert not any(label.startswith("Download (") for label in download_labels(app))


def test_missing_packages_come_with_the_command_that_installs_them(
    trained, open_page: Open, monkeypatch
):
    place, _, run_id = trained
    monkeypatch.setattr(
        run_export,
        "missing_packages",
        lambda each: ["onnx", "tf2onnx"] if each is ModelFormat.ONNX else [],
    )
    app = open_page(place, "run", run=run_id, view="share")
    assert app.button(f"export-onnx-{run_id}").disabled
    assert "python -m pip install onnx tf2onnx" in [code.value for code in app.code]


def test_what_was_made_stays_when_the_data_set_is_removed(trained, store, open_page: Open):
    place, dataset_id, run_id = trained
    make(store, place, run_id)
    remove_dataset(store, dataset_id)
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    assert "nothing new can be checked" in said(app)
    assert any(label.startswith("Download (") for label in download_labels(app))
    for model_format in ModelFormat:
        assert app.button(f"export-{model_format.value}-{run_id}").disabled


@pytest.mark.parametrize("harm", ["certificate", "program"])
def test_damaged_exports_are_not_offered(trained, store, open_page: Open, harm):
    place, _, run_id = trained
    make(store, place, run_id)
    folder = find_model_export(place, run_id, ModelFormat.LITERT).folder
    if harm == "certificate":
        (folder / "certificate.json").write_text('{"pictures": 200}')
    else:
        (folder / "predict.py").unlink()
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    if harm == "certificate":
        assert not any(label.startswith("Download (") for label in download_labels(app))
        assert not app.error
    else:
        assert "no longer those" in app.error[0].value
