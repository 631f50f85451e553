"""Looks inside a network: first filters, feature maps of any layer, and the job that makes them."""

from pathlib import Path

import keras
import numpy as np
import pytest

from cnnlab.config import (
    Backbone,
    BackboneName,
    Convolution,
    Dense,
    Flatten,
    GlobalPooling,
    NetworkConfig,
    Scaling,
)
from cnnlab.errors import RunError
from cnnlab.networks.builder import build
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import get_dataset, remove_dataset
from cnnlab.runs.inspections import (
    FILTERS,
    Inspection,
    InspectionRequest,
    keep_upload,
    latest_inspection,
    layer_names,
    read_inspection,
    request_filters,
    request_maps,
    result_file,
    submit_inspection,
)
from cnnlab.runs.jobs import Job
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.training.inspection import feature_maps, first_filters
from cnnlab.worker import work
from cnnlab.workspace import RunFiles
from tests.pictures import coloured_square

PLAIN = NetworkConfig(
    layers=(Convolution(filters=80, kernel=3), Flatten(), Dense(units=5, activation="relu"))
)


@pytest.fixture(scope="module")
def plain() -> keras.Model:
    return build(PLAIN, (10, 10, 3), 3, seed=1)


@pytest.fixture(scope="module")
def behind_backbone(tmp_path_factory) -> keras.Model:
    """A network behind a small backbone, saved and loaded."""
    network = NetworkConfig(
        scaling=Scaling.BACKBONE,
        backbone=Backbone(name=BackboneName.MOBILENET_V2_035, pretrained=False),
        layers=(GlobalPooling(),),
    )
    file = tmp_path_factory.mktemp("backbone") / "model.keras"
    build(network, (32, 32, 3), 2, seed=1).save(file)
    return keras.models.load_model(file, compile=False)


@pytest.fixture
def opened(trained):
    """The store, the run and the files of a finished run."""
    place, _, run_id = trained
    store = open_store(place)
    yield store, runs.get_run(store, run_id), RunFiles(place.run_folder(run_id))
    store.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    coloured_square("red", 7).save(tmp_path / "red.png")
    return tmp_path / "red.png"


def pixels(side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)


def carried_out(trained, store: Store, request: InspectionRequest) -> Job:
    place, _, run_id = trained
    job_id = submit_inspection(store, runs.get_run(store, run_id), request)
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(place, job_id, own_process=False)
    return jobs.get_job(store, job_id)


def test_filters_are_the_kernels_of_the_first_convolution(plain):
    found = first_filters(plain)
    kernels = plain.get_layer(found.layer).get_weights()[0]
    assert found.shape == (3, 3, 3, 80)
    assert found.pictures.shape == (64, 3, 3, 3)  # no more than that
    norms = np.sqrt((kernels**2).sum(axis=(0, 1, 2)))
    assert norms[found.channels].tolist() == sorted(norms, reverse=True)[:64]
    first = kernels[..., found.channels[0]]
    scaled = (first - first.min()) / (first.max() - first.min()) * 255
    np.testing.assert_allclose(found.pictures[0], scaled, atol=1)
    assert found.low[0] == pytest.approx(first.min())
    assert found.high[0] == pytest.approx(first.max())


def test_a_network_without_convolutions_has_no_filters():
    model = build(NetworkConfig(layers=(Flatten(), Dense(units=4))), (10, 10, 3), 2)
    with pytest.raises(RunError) as refusal:
        first_filters(model)
    assert refusal.value.reason == "no-filters"


def test_maps_of_a_layer_are_what_it_gives_most_active_first(plain):
    shown = pixels(10)
    found = feature_maps(plain, "conv_1", shown)
    expected = keras.Model(plain.input, plain.get_layer("conv_1").output)(shown[None] / 1.0)[0]
    expected = np.asarray(expected)
    assert found.shape == (8, 8, 80)
    assert found.pictures.shape == (64, 8, 8, 1)
    means = np.abs(expected).mean(axis=(0, 1))
    assert means[found.channels].tolist() == sorted(means, reverse=True)[:64]
    for picture, channel, low, high in zip(
        found.pictures, found.channels, found.low, found.high, strict=True
    ):
        own = expected[..., channel]
        assert (own.min(), own.max()) == (pytest.approx(low), pytest.approx(high))
        assert picture.max() == (255 if high > low else 0)


def test_a_vector_is_one_picture(plain):
    found = feature_maps(plain, "dense_3", pixels(10))
    assert found.shape == (5,)
    assert found.pictures.shape == (1, 2, 3, 1)


def test_layers_within_a_backbone_are_reached(behind_backbone):
    found = first_filters(behind_backbone)
    assert found.layer == "Conv1"
    assert found.pictures.shape[1:] == (3, 3, 3)
    inner = feature_maps(behind_backbone, "backbone/Conv1", pixels(32))
    backbone = behind_backbone.get_layer("backbone")
    expected = keras.Model(backbone.input, backbone.get_layer("Conv1").output)(
        pixels(32)[None] / np.float32(127.5) - 1
    )
    expected = np.asarray(expected)[0]
    assert inner.shape == expected.shape
    top = inner.channels[0]
    assert inner.high[0] == pytest.approx(expected[..., top].max(), rel=1e-4)
    whole = feature_maps(behind_backbone, "backbone", pixels(32))
    assert whole.shape == (1, 1, 1280)


@pytest.mark.parametrize("name", ["conv_9", "backbone/Conv1", "pixels", ""])
def test_unknown_layers_are_refused_with_those_there_are(plain, name):
    with pytest.raises(RunError) as refusal:
        feature_maps(plain, name, pixels(10))
    assert refusal.value.reason == "unknown-layer"
    assert "conv_1" in str(refusal.value)


def test_every_layer_of_a_finished_run_can_be_looked_at(opened):
    _, run, files = opened
    layers = layer_names(run.config, 3, files)
    assert all(layer.shape for layer in layers)
    model = keras.models.load_model(files.keras_model, compile=False)
    for layer in layers:
        assert feature_maps(model, layer.name, pixels(28)).shape == layer.shape
    assert layers[-1].shape == (3,)


def test_the_job_leaves_filters_and_maps_in_the_runs_folder(trained, opened, picture):
    store, run, files = opened
    request = request_filters(files)
    assert read_inspection(files, request) is None
    job = carried_out(trained, store, request)
    assert job.state is RunState.COMPLETED
    assert job.kind is JobKind.INSPECT
    assert latest_inspection(store, run, request).id == job.id
    found = read_inspection(files, request)
    assert isinstance(found, Inspection)
    assert found.pictures.dtype == np.uint8
    upload = keep_upload(files, picture.read_bytes())
    maps = request_maps(files, layer_names(run.config, 3, files)[1].name, upload)
    assert maps.key != request.key
    assert carried_out(trained, store, maps).state is RunState.COMPLETED
    assert read_inspection(files, maps).layer == maps.layer
    assert not list(files.views_folder.glob(".*"))


def test_failures_of_the_job_have_names(trained, opened, picture):
    store, _, files = opened
    dataset_id = trained[1]
    unknown = carried_out(trained, store, request_maps(files, "nothing", picture))
    assert (unknown.state, unknown.reason) == (RunState.FAILED, "unknown-layer")
    asked = request_maps(files, "conv_1", picture)
    picture.write_bytes(b"no picture")
    assert carried_out(trained, store, asked).reason == "picture-changed"
    asked = request_maps(files, "conv_1", picture)
    assert carried_out(trained, store, asked).reason == "not-an-image"
    files.keras_model.write_bytes(b"damaged")
    assert carried_out(trained, store, request_filters(files)).reason == "damaged-model"
    files.keras_model.unlink()
    assert carried_out(trained, store, request_filters(files)).reason == "no-model"
    remove_dataset(store, get_dataset(store, dataset_id).id)
    assert carried_out(trained, store, request_filters(files)).reason == "no-model"


def test_damaged_answers_are_named(opened):
    _, _, files = opened
    request = InspectionRequest(FILTERS)
    for damage in (b"", b"PK\x03\x04", b"nothing"):
        files.views_folder.mkdir(exist_ok=True)
        result_file(files, request).write_bytes(damage)
        with pytest.raises(RunError) as refusal:
            read_inspection(files, request)
        assert refusal.value.reason == "view-damaged"
