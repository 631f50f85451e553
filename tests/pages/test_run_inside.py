"""The view inside a network: pictures, heat maps, filters and maps of layers."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.config import Dense, Flatten, NetworkConfig
from cnnlab.evaluation.predictions import Predictions, read_predictions, write_predictions
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.builder import build
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import get_dataset, remove_dataset
from cnnlab.runs.inspections import (
    latest_inspection,
    read_inspection,
    request_filters,
    request_maps,
    submit_inspection,
)
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scans import scan_place
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import open_store
from cnnlab.training.export import to_lite
from cnnlab.worker import work
from cnnlab.workspace import RunFiles
from tests.finished import finished_run
from tests.pages.conftest import Open, said
from tests.pictures import coloured_square
from tests.trained import give_own_pictures

WORKER_SECONDS = 150


@pytest.fixture
def files(trained) -> RunFiles:
    place, _, run_id = trained
    return RunFiles(place.run_folder(run_id))


@pytest.fixture
def open_view(trained, open_page: Open):
    place, _, run_id = trained

    def open_(**address: str) -> AppTest:
        app = open_page(place, "run", run=run_id, view="inside", **address)
        assert not app.exception
        return app

    return open_


@pytest.fixture
def mistaken(files) -> Predictions:
    """The first test picture is surely taken for the next class; the others are right."""
    known = read_predictions(files.predictions)
    probabilities = np.full((len(known), 3), 0.05, dtype=np.float32)
    probabilities[np.arange(len(known)), known.true] = 0.9
    row = int(np.flatnonzero(known.splits == "test")[0])
    probabilities[row] = 0.02
    probabilities[row, (known.true[row] + 1) % 3] = 0.96
    changed = Predictions(
        class_names=known.class_names,
        paths=known.paths,
        splits=known.splits,
        true=known.true,
        probabilities=probabilities,
    )
    write_predictions(changed, files.predictions)
    return changed.select("test")


def pictures(app: AppTest) -> list[str]:
    """Texts of the pictures, in their order."""
    return [image.alt for element in app.get("imgs") for image in element.proto.imgs]


def titles(app: AppTest) -> list[str]:
    return [each.value for each in app.markdown if "Speaks for" in each.value]


def test_the_surest_mistake_is_looked_at_first(open_view, mistaken):
    app = open_view()
    assert escape_markdown(mistaken.paths[0]) in said(app)
    looks = [button for button in app.button if button.key and button.key.startswith("look-")]
    assert len(looks) == 6
    assert looks[0].key == f"look-{mistaken.paths[0]}"
    assert len(titles(app)) == 2
    assert "Grad-CAM" in said(app)


def test_the_address_names_the_picture_and_a_click_changes_it(open_view, mistaken):
    path = mistaken.paths[3]
    app = open_view(picture=path)
    assert escape_markdown(path) in said(app)
    look = [button for button in app.button if button.key and button.key.startswith("look-")]
    look[-1].click().run()
    assert app.query_params["picture"] == look[-1].key.removeprefix("look-")
    assert not app.exception


def test_both_maps_say_for_which_class_and_opacity_moves(open_view, mistaken):
    path, true = mistaken.paths[1], mistaken.class_names[mistaken.true[1]]
    app = open_view(picture=path)
    classes = next(box for box in app.selectbox if box.label == "Second heat map for")
    assert len(classes.options) == 3
    classes.set_value(mistaken.class_names.index(true)).run()
    assert f"**Speaks for {true}**" in titles(app)
    app.slider[0].set_value(0).run()
    assert not app.exception
    assert len(titles(app)) == 2


def test_a_training_picture_and_a_file_elsewhere_can_be_looked_at(open_view, files, tmp_path):
    known = set(read_predictions(files.predictions).paths)
    training = next(path for path in map("red/{:03}.png".format, range(20)) if path not in known)
    app = open_view(picture=training)
    assert "not one of the pictures that this run was judged by" in said(app)
    coloured_square("blue", 7).save(tmp_path / "own.png")
    app = open_view(picture=str(tmp_path / "own.png"))
    assert "The network takes it for" in said(app)
    assert not app.error


def test_an_uploaded_picture_is_kept_and_its_view_is_a_link(open_view, tmp_path):
    coloured_square("blue", 7).save(tmp_path / "own.png")
    app = open_view()
    content = (tmp_path / "own.png").read_bytes()
    app.file_uploader[0].set_value([("own.png", content, "image/png")]).run()
    assert not app.exception
    wanted = app.query_params["picture"]
    again = open_view(picture=wanted if isinstance(wanted, str) else wanted[0])
    assert "your picture" in said(again)
    assert "The network takes it for" in said(again)


@pytest.mark.parametrize("path", ["no/such.png", "../../store.sqlite", "picture-nothing", "\0"])
def test_unknown_pictures_are_refused_and_others_can_still_be_chosen(open_view, mistaken, path):
    app = open_view(picture=path)
    assert len(app.error) == 1
    assert [button for button in app.button if button.key and button.key.startswith("look-")]


@pytest.mark.parametrize("path", [f"picture-{300 * 'a'}", "picture-\0"], ids=["long", "nul"])
def test_an_uploaded_picture_whose_name_cannot_be_is_refused_in_words(
    open_view, files, mistaken, path
):
    files.views_folder.mkdir(exist_ok=True)  # as after an upload
    app = open_view(picture=path)
    (error,) = app.error
    assert "A path must be one that the system can look up" in error.value.replace("\\", "")
    assert [button for button in app.button if button.key and button.key.startswith("look-")]


def other_run(trained, location: Path) -> str:
    """A second run with the same network, on the pictures of a folder; its id."""
    place, _, run_id = trained
    store = open_store(place)
    dataset, index, _ = scan_place(store, place, str(location), lambda *_: None)
    frame, names = index.usable, tuple(index.class_names)
    true = np.array([names.index(name) for name in frame["class"]])
    found = Predictions(
        class_names=names,
        paths=tuple(frame["path"]),
        splits=np.full(len(true), "test"),
        true=true,
        probabilities=(0.05 + 0.85 * np.eye(3))[true].astype(np.float32),
    )
    config = runs.get_run(store, run_id).config
    other = finished_run(store, place, dataset.id, config, found)
    store.close()
    files, others = (RunFiles(place.run_folder(each)) for each in (run_id, other))
    for name in ("lite_model", "model_facts", "keras_model"):
        shutil.copy(getattr(files, name), getattr(others, name))
    return other


@pytest.mark.parametrize("has_it", [True, False])
def test_the_picture_of_one_run_is_left_where_another_run_has_it_not(
    trained, open_view, mistaken, tmp_path, has_it
):
    place, dataset_id, _ = trained
    store = open_store(place)
    location = tmp_path / "other"
    shutil.copytree(get_dataset(store, dataset_id).location, location)
    store.close()
    path = mistaken.paths[1]
    if not has_it:
        (location / path).rename((location / path).with_name("another.png"))
    other = other_run(trained, location)
    app = open_view(picture=path)
    assert len(titles(app)) == 2
    app.selectbox(key="choose-run").set_value(other).run()

    assert not app.exception
    assert not app.error
    assert len(titles(app)) == 2
    assert ("picture" in app.query_params) is has_it
    assert (escape_markdown(path) in said(app)) is has_it


def test_a_file_that_is_no_picture_is_named(open_view, tmp_path):
    (tmp_path / "note.png").write_text("no picture")
    app = open_view(picture=str(tmp_path / "note.png"))
    assert "not-an-image" in said(app)


def test_pictures_that_are_gone_are_said(trained, open_view, mistaken):
    place, dataset_id, _ = trained
    folder = give_own_pictures(place, dataset_id)
    (folder / mistaken.paths[0]).unlink()
    app = open_view(picture=mistaken.paths[0])
    assert len(app.error) == 1
    store = open_store(place)
    remove_dataset(store, dataset_id)
    store.close()
    app = open_view()
    assert "no longer in this workspace" in said(app)
    assert not app.error


def test_without_predictions_other_pictures_can_be_chosen(open_view, files, tmp_path):
    files.predictions.unlink()
    app = open_view()
    assert not app.error
    coloured_square("blue", 7).save(tmp_path / "own.png")
    next(box for box in app.text_input if box.label == "Path").set_value(
        str(tmp_path / "own.png")
    ).run()
    assert "The network takes it for" in said(app)


def test_a_network_without_class_map_is_explained_by_occlusion(open_view, files, mistaken):
    network = NetworkConfig(layers=(Flatten(), Dense(units=4)))
    files.lite_model.write_bytes(to_lite(build(network, (28, 28, 3), 3)))
    app = open_view()
    assert "Occlusion: a grey square of 5 × 5 px" in said(app)
    assert len(titles(app)) == 2


def test_filters_are_asked_for_by_a_click_and_stay(trained, open_view, files):
    app = open_view()
    assert not app.get("plotly_chart")
    next(button for button in app.button if button.label == "Show the filters").click().run()
    assert not app.exception
    store = open_store(trained[0])
    job = latest_inspection(store, runs.get_run(store, trained[2]), request_filters(files))
    assert job is not None
    deadline = time.monotonic() + WORKER_SECONDS
    while not (ended := jobs.get_job(store, job.id)).state.final:  # the page has seen to a worker
        assert time.monotonic() < deadline
        time.sleep(0.1)
    store.close()
    assert ended.state is RunState.COMPLETED, ended.message
    assert read_inspection(files, request_filters(files)) is not None
    assert len(app.run().get("plotly_chart")) == 1


def test_maps_that_are_there_are_shown_for_the_layer_in_the_address(
    trained, open_view, files, mistaken
):
    place, dataset_id, run_id = trained
    store = open_store(place)
    picture = get_dataset(store, dataset_id).location / mistaken.paths[0]
    for layer in ("conv_1", "probabilities"):  # before a page starts a scheduler
        request = request_maps(files, layer, picture)
        job_id = submit_inspection(store, runs.get_run(store, run_id), request)
        assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
        work(place, job_id, own_process=False)
    for layer in ("conv_1", "probabilities"):
        app = open_view(picture=mistaken.paths[0], layer=layer)
        assert len(app.get("plotly_chart")) == 1
    store.close()
    other = open_view(picture=mistaken.paths[1], layer="conv_1")
    assert [button for button in other.button if button.label == "Show the maps"]
    assert not other.get("plotly_chart")


def test_a_layer_that_is_chosen_stands_in_the_address_and_an_unknown_one_does_not(open_view):
    app = open_view(layer="nonsense")
    assert [button for button in app.button if button.label == "Show the filters"]
    assert "layer" not in app.query_params
    app.selectbox(key="addressed-layer").set_value("conv_1").run()
    assert app.query_params["layer"] == "conv_1"
    assert [button for button in app.button if button.label == "Show the maps"]


def test_a_failed_look_is_said_and_can_be_asked_again(trained, open_view, files):
    place, dataset_id, run_id = trained
    store = open_store(place)
    request = request_filters(files).to_json()
    job_id = jobs.submit_job(store, JobKind.INSPECT, dataset_id, request, run_id=run_id)
    jobs.finish(store, job_id, RunState.FAILED, reason="unexpected", message="It broke.")
    store.close()
    app = open_view()
    assert "It broke" in said(app)
    assert [button for button in app.button if button.label == "Show the filters"]


def test_without_the_keras_file_there_is_a_sentence(open_view, files):
    files.keras_model.unlink()
    assert "no model.keras" in said(open_view())
