"""Training behind a backbone: features computed once, views, fine-tuning."""

import os

import keras
import numpy as np
import pytest

from cnnlab.config import RunConfig, change_config
from cnnlab.datasets.splits import Split
from cnnlab.inference.feature_cache import FeatureCache
from cnnlab.inference.model import load_model
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.states import RunState
from cnnlab.training.frozen_features import cached_features, uses_cached_features
from cnnlab.training.preparing import prepare_data
from cnnlab.training.stages import thaw
from cnnlab.workspace import RunFiles
from tests.training.test_checkpoints import interrupt_in_epoch, losses
from tests.training.test_run import THIS_PROCESS, carry_out, claimed


def small(**changes: object) -> RunConfig:
    return change_config(
        recipe("transfer").config,
        {
            "data.size": 32,
            # Untrained, the MobileNets' features vanish; these do not.
            "network.backbone.name": "efficientnet_v2_b0",
            "network.backbone.pretrained": False,
            "training.epochs": 3,
            "training.batch_size": 8,
            **{name.replace("__", "."): value for name, value in changes.items()},
        },
    )


def prepared(store, workspace, dataset, config):
    return prepare_data(store, workspace, dataset, config, lambda *_: None, lambda: False)


def features_of(store, workspace, dataset, config, report=lambda *_: None):
    data = prepared(store, workspace, dataset, config)
    return data, cached_features(store, workspace, config, data, None, report)


def test_a_run_on_cached_features_exports_the_whole_network(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    run_id = claimed(store, dataset.id, small())
    state, _ = carry_out(store, workspace, run_id)
    assert state is RunState.COMPLETED
    results = runs.get_run(store, run_id).results
    assert results["epochs"] == 3
    assert results["export_difference"] <= 1e-4
    assert results["parameters"]["trainable"] == 3 * (1280 + 1)
    files = RunFiles(workspace.run_folder(run_id))
    assert load_model(files).facts.class_names == ("blue", "green", "red")
    assert keras.models.load_model(files.keras_model, compile=False).input_shape == (
        None,
        32,
        32,
        3,
    )


def test_features_of_pooled_and_whole_maps_equal_those_of_keras(store, workspace, class_folders):
    from cnnlab.networks.builder import build_features

    dataset = add_dataset(store, workspace, class_folders)
    dense = [{"kind": "flatten"}, {"kind": "dense", "units": 4}]
    for config in (small(), small(network__layers=dense, data__size=64)):
        data, features = features_of(store, workspace, dataset, config)
        pooled = config.network.stack[0].kind == "global_pool"
        side = config.data.size
        model = build_features(config.network, (side, side, 3), config.training.seed)
        numbers = np.arange(5)
        expected = model.predict_on_batch(data.images[Split.TRAIN][numbers].astype(np.float32))
        if pooled:
            expected = expected.mean(axis=(1, 2), keepdims=True)
        found = features[Split.TRAIN][numbers]
        assert found.shape == expected.shape
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(found, expected, rtol=5e-3, atol=1e-5)


def test_features_are_computed_once_and_shared_by_content(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    computed: list[tuple[int, int]] = []

    def report(phase: str, done: int, total: int) -> None:
        computed.append((done, total))

    features_of(store, workspace, dataset, small(), report)
    assert sum(done == total for done, total in computed) == 2  # training and validation pictures
    computed.clear()
    features_of(store, workspace, dataset, small(training__epochs=9, split__seed=3), report)
    assert [entry for entry in computed if entry[1] > 20] == []  # test pictures at most
    folders = [folder for folder in workspace.features_folder.iterdir() if folder.is_dir()]
    assert len(folders) == 1
    features_of(store, workspace, dataset, small(data__resize="crop"), report)
    assert len([folder for folder in workspace.features_folder.iterdir() if folder.is_dir()]) == 2


def test_views_are_changed_pictures_and_the_first_is_the_unchanged_one(
    store, workspace, class_folders
):
    dataset = add_dataset(store, workspace, class_folders)
    config = small(network__backbone__views=2, augmentation__brightness=0.5)
    data, features = features_of(store, workspace, dataset, config)
    _, plain = features_of(store, workspace, dataset, small())
    train = features[Split.TRAIN]
    assert (train.views, features[Split.VALIDATION].views) == (3, 1)
    numbers = np.arange(len(train))
    np.testing.assert_array_equal(train[numbers], plain[Split.TRAIN][numbers])
    drawn = train.draw(numbers, config.augmentation, np.random.default_rng(0))
    same = (drawn == train[numbers]).all(axis=(1, 2, 3)).mean()
    assert 0.1 < same < 0.7  # about a third
    assert len(train.features.places) == 3 * len(data.images[Split.TRAIN])


def test_features_stay_within_their_budget(workspace):
    def rows(name: str, count: int):
        def make(file):
            raise AssertionError("nothing is missing")

        cache = FeatureCache(workspace, name)
        folder = workspace.features_folder / name
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "000001.npy", np.zeros((count, 1, 1, 500), np.float16))
        (folder / "000001.txt").write_text("\n".join(f"k{number}" for number in range(count)))
        return cache.rows(
            [f"k{number}" for number in range(count)],
            lambda numbers: np.zeros((len(numbers), 8, 8, 3), np.uint8),
            make_model=make,
            budget_bytes=100,
        )

    assert rows("one", 3).shape == (3, 1, 1, 500)
    cache = FeatureCache(workspace, "two")
    (workspace.features_folder / "two").mkdir()
    cache._make_room(500, 2000)
    assert not (workspace.features_folder / "one").exists()


def test_thawing_leaves_the_first_layers_and_normalisation_as_they_are():
    backbone = keras.applications.MobileNetV2(
        input_shape=(32, 32, 3), include_top=False, weights=None, alpha=0.35
    )
    backbone.trainable = False
    thaw(backbone, 20)
    trained = [layer for layer in backbone.layers if layer.trainable and layer.weights]
    assert trained
    assert all(layer in backbone.layers[-20:] for layer in trained)
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in trained)


def test_fine_tuning_follows_and_resumes_inside_it_after_a_stop(
    store, workspace, class_folders, monkeypatch
):
    dataset = add_dataset(store, workspace, class_folders)
    tuning = {"epochs": 3, "layers": 30, "learning_rate": 1e-4}
    config = small(training__epochs=1, training__fine_tuning=tuning)
    whole = claimed(store, dataset.id, config)
    state, _ = carry_out(store, workspace, whole)
    assert state is RunState.COMPLETED
    records = runs.epoch_records(store, whole)
    assert [record["epoch"] for record in records] == [1, 2, 3, 4]
    assert [record["learning_rate"] for record in records[1:]] == pytest.approx([1e-4] * 3)
    assert runs.get_run(store, whole).results["export_difference"] <= 1e-4

    run_id = claimed(store, dataset.id, config)
    job_id = runs.get_run(store, run_id).job.id
    interrupt_in_epoch(monkeypatch, store, job_id, 3)
    state, _ = carry_out(store, workspace, run_id)
    jobs.finish(store, job_id, state)
    jobs.claim(store, runs.resume_run(store, run_id).job.id, THIS_PROCESS)
    state, _ = carry_out(store, workspace, run_id)
    assert state is RunState.COMPLETED
    np.testing.assert_allclose(losses(store, run_id), losses(store, whole), rtol=1e-4)


def test_missing_weights_fail_by_name(store, workspace, class_folders, monkeypatch, tmp_path):
    from cnnlab.errors import RunError

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("CNNLAB_WEIGHTS_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("cnnlab.datasets.downloads.TRIES", 1)
    dataset = add_dataset(store, workspace, class_folders)
    run_id = claimed(store, dataset.id, small(network__backbone__pretrained=True))
    with pytest.raises(RunError, match="put it into"):
        carry_out(store, workspace, run_id)


@pytest.mark.real_data
def test_imagenet_weights_tell_colours_apart_at_once(store, workspace, class_folders):
    from cnnlab.config import BackboneName
    from cnnlab.inference.weights import find_weights

    if not os.environ.get("KERAS_HOME") or not find_weights(BackboneName.MOBILENET_V2_035, 96):
        pytest.skip("no MobileNetV2 weights in Keras' cache on this machine")
    dataset = add_dataset(store, workspace, class_folders)
    config = small(
        network__backbone={"name": "mobilenet_v2_035"}, data__size=96, training__epochs=6
    )
    assert uses_cached_features(config)
    run_id = claimed(store, dataset.id, config)
    carry_out(store, workspace, run_id)
    assert runs.get_run(store, run_id).metrics["validation_accuracy"] == 1.0
