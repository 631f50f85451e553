"""The map of a data set: by a backbone where its weights are, else by colours and edges."""

import os
from pathlib import Path

import numpy as np
import pytest

from cnnlab.config import BackboneName
from cnnlab.datasets.embedding import read_map
from cnnlab.errors import DatasetError
from cnnlab.inference.features import picture_features
from cnnlab.inference.weights import find_weights
from cnnlab.runs.audits import AuditFiles
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.scans import scan_dataset
from cnnlab.training.backbones import export_map_backbone
from cnnlab.training.image_map import map_dataset


@pytest.fixture
def without_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "nothing"))


@pytest.fixture(scope="module")
def backbone(tmp_path_factory) -> Path:
    if find_weights(BackboneName.MOBILENET_V2, 160) is None:
        pytest.skip("MobileNetV2's weights are not in Keras' cache on this machine")
    file = tmp_path_factory.mktemp("backbone") / "backbone.tflite"
    export_map_backbone(file, find_weights(BackboneName.MOBILENET_V2, 160))
    return file


def scanned(store, workspace, folder):
    dataset = add_dataset(store, workspace, folder)
    index, _ = scan_dataset(store, workspace, dataset)
    return dataset, index


def test_without_weights_colours_and_edges_lay_out_the_pictures(
    store, workspace, class_folders, without_weights
):
    dataset, index = scanned(store, workspace, class_folders)
    phases: dict[str, int] = {}
    made = map_dataset(
        workspace, dataset, index, lambda phase, done, total: phases.update({phase: done})
    )
    assert made.features == "histograms"
    assert set(made.frame["content_hash"]) == set(index.usable["content_hash"])
    assert "laying out the map" in phases
    kept = read_map(AuditFiles(workspace.audit_folder(dataset.id)).map)
    np.testing.assert_array_equal(kept.frame["x"], made.frame["x"])
    by_class = index.usable.merge(made.frame, on="content_hash").groupby("class")
    centres, spread = by_class[["x", "y"]].mean(), by_class[["x", "y"]].std().to_numpy().max()
    apart = np.linalg.norm(centres.to_numpy()[:, None] - centres.to_numpy()[None], axis=2)
    assert apart[np.triu_indices(3, 1)].min() > 2 * spread


def test_no_picture_is_no_map(store, workspace, tmp_path, without_weights):
    (tmp_path / "set" / "cat").mkdir(parents=True)
    (tmp_path / "set" / "cat" / "broken.png").write_bytes(b"")
    dataset, index = scanned(store, workspace, tmp_path / "set")
    with pytest.raises(DatasetError) as refused:
        map_dataset(workspace, dataset, index)
    assert refused.value.reason == "no-images"


def test_weights_are_looked_for_where_keras_keeps_them_and_never_downloaded(
    without_weights, tmp_path
):
    assert find_weights(BackboneName.MOBILENET_V2, 160) is None
    assert not (tmp_path / "nothing").exists()
    file = tmp_path / "nothing" / "models"
    file.mkdir(parents=True)
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_160_no_top.h5"
    (file / name).write_bytes(b"weights")
    assert find_weights(BackboneName.MOBILENET_V2, 160) == file / name


def test_features_equal_those_of_keras(backbone, class_folders):
    import keras

    from cnnlab.config import Colour, Resize
    from cnnlab.datasets.images import load, prepare

    paths = ["red/000.png", "green/001.png", "blue/002.png"]
    features, read = picture_features(backbone, class_folders, paths)
    assert features.shape == (3, 1280)
    assert list(read) == [0, 1, 2]
    network = keras.applications.MobileNetV2(
        input_shape=(160, 160, 3),
        include_top=False,
        weights=str(find_weights(BackboneName.MOBILENET_V2, 160)),
        pooling="avg",
    )
    pixels = np.stack(
        [prepare(load(class_folders / p), 160, Resize.SQUASH, Colour.RGB) for p in paths]
    )
    expected = network.predict(pixels / 127.5 - 1.0, verbose=0)
    np.testing.assert_allclose(features, expected, atol=1e-3)


def test_pictures_that_are_gone_are_left_out_of_the_features(backbone, class_folders):
    paths = [f"red/{number:03}.png" for number in range(20)]
    (class_folders / "red" / "007.png").unlink()
    reported = []
    features, read = picture_features(
        backbone, class_folders, paths, lambda done, total: reported.append((done, total))
    )
    assert list(read) == [number for number in range(20) if number != 7]
    assert len(features) == 19
    assert reported[-1] == (20, 20)
    nothing, none = picture_features(backbone, class_folders, [])
    assert len(nothing) == len(none) == 0


def test_with_weights_the_backbone_is_exported_once_and_used(
    backbone, store, workspace, class_folders
):
    assert os.environ.get("KERAS_HOME") or find_weights(BackboneName.MOBILENET_V2, 160)
    dataset, index = scanned(store, workspace, class_folders)
    made = map_dataset(workspace, dataset, index)
    assert made.features == "mobilenet_v2"
    assert len(made.frame) == 60
    (file,) = workspace.root.rglob("*mobilenet_v2*.tflite")
    before = file.stat().st_mtime_ns
    map_dataset(workspace, dataset, index)
    assert file.stat().st_mtime_ns == before
