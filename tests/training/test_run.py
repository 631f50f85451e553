"""A training as the worker carries it out, in this very process."""

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from cnnlab.config import RunConfig, change_config
from cnnlab.datasets.edits import Edit
from cnnlab.datasets.images import load, prepare
from cnnlab.datasets.photos import Photo
from cnnlab.datasets.pixel_cache import PixelCache
from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import read_predictions
from cnnlab.inference.classify import classify
from cnnlab.inference.model import LiteModel, load_model
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.corrections import correct
from cnnlab.runs.datasets import add_dataset, get_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.settings import set_pixel_budget
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.training.run import TrainingRun, rate_in_words
from cnnlab.training.stages import FINE_TUNING, MAIN, Stage
from cnnlab.worker import work
from cnnlab.workspace import RunFiles, Workspace, open_workspace
from tests.pictures import write_class_folders

THIS_PROCESS = ProcessIdentity(1, 1.0)


def small_config(**changes: object) -> RunConfig:
    return change_config(
        recipe("quick").config,
        {
            "data.size": 28,
            "network.width": 0.25,
            "training.epochs": 2,
            "training.batch_size": 8,
            "training.early_stopping": False,
            **{name.replace("__", "."): value for name, value in changes.items()},
        },
    )


def claimed(store: Store, dataset_id: str, config: RunConfig) -> str:
    run_id = runs.submit_run(store, dataset_id, config)
    assert jobs.claim(store, runs.get_run(store, run_id).job.id, THIS_PROCESS)
    return run_id


def carry_out(store: Store, place: Workspace, run_id: str) -> tuple[RunState, str | None]:
    return TrainingRun(store, place, runs.get_run(store, run_id).job).execute()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Workspace, str]]:
    folder = tmp_path_factory.mktemp("run")
    place = open_workspace(folder / "workspace")
    store = open_store(place)
    dataset = add_dataset(store, place, write_class_folders(folder / "colours"))
    run_id = claimed(store, dataset.id, small_config())
    state, _ = carry_out(store, place, run_id)
    assert state is RunState.COMPLETED
    yield store, place, run_id
    store.close()


@pytest.fixture(scope="module")
def model(finished: tuple[Store, Workspace, str]) -> LiteModel:
    _, place, run_id = finished
    return load_model(RunFiles(place.run_folder(run_id)))


def test_finished_run_leaves_every_file_of_a_run(finished):
    _, place, run_id = finished
    files = RunFiles(place.run_folder(run_id))
    for file in (
        files.config,
        files.split,
        files.keras_model,
        files.lite_model,
        files.model_facts,
        files.predictions,
        files.features,
    ):
        assert file.stat().st_size > 0
    assert not files.best_weights.exists()
    assert not [path for path in files.folder.iterdir() if path.name.startswith(".")]


def test_results_hold_the_figures_of_the_saved_model(finished):
    store, place, run_id = finished
    run = runs.get_run(store, run_id)
    predictions = read_predictions(RunFiles(place.run_folder(run_id)).predictions)
    validation = predictions.select("validation")
    expected = float(np.mean(validation.predicted == validation.true))
    assert run.metrics["validation_accuracy"] == pytest.approx(expected)
    assert run.results["best_epoch"] in (1, 2)
    assert run.results["epochs"] == 2
    assert run.results["export_difference"] <= 1e-4
    assert {"test_accuracy", "validation_loss"} <= set(run.metrics)


def test_keras_and_lite_models_agree_on_held_out_pictures(finished, model):
    _, place, run_id = finished
    files = RunFiles(place.run_folder(run_id))
    predictions = read_predictions(files.predictions)
    root = place.root.parent / "colours"
    pixels = np.stack([prepare_as(model, root / path) for path in predictions.paths])
    loaded = keras.models.load_model(files.keras_model, compile=False)
    expected = loaded.predict(pixels.astype(np.float32), verbose=0)
    np.testing.assert_allclose(model.predict(pixels).probabilities, expected, atol=1e-5)
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-5)


def test_stored_features_are_those_of_the_predicted_pictures(finished, model):
    _, place, run_id = finished
    files = RunFiles(place.run_folder(run_id))
    predictions, features = read_predictions(files.predictions), np.load(files.features)
    assert len(features) == len(predictions.paths)
    first = prepare_as(model, place.root.parent / "colours" / predictions.paths[0])
    np.testing.assert_allclose(features[0], model.predict(first[None]).features[0], atol=1e-5)


def test_classifying_a_file_gives_the_stored_probabilities(finished, model):
    _, place, run_id = finished
    predictions = read_predictions(RunFiles(place.run_folder(run_id)).predictions)
    root = place.root.parent / "colours"
    photos = [Photo(name=path, source=root / path) for path in predictions.paths]
    answers = list(classify(model, photos))
    assert [answer.name for answer in answers] == list(predictions.paths)
    np.testing.assert_allclose(
        np.stack([answer.probabilities for answer in answers]),
        predictions.probabilities,
        atol=1e-5,
    )


def test_epochs_are_recorded_with_their_figures(finished):
    store, _, run_id = finished
    epochs = runs.epoch_records(store, run_id)
    assert [record["epoch"] for record in epochs] == [1, 2]
    names = {"loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate"}
    assert names <= set(epochs[0])


def test_same_seed_gives_the_same_figures(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    losses = []
    for _ in range(2):
        run_id = claimed(store, dataset.id, small_config())
        carry_out(store, workspace, run_id)
        losses.append([record["loss"] for record in runs.epoch_records(store, run_id)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_stop_request_ends_training_within_one_batch_and_keeps_the_best_model(
    store, workspace, class_folders, monkeypatch
):
    """The request comes after the first epoch; the pictures of the second are never all used."""
    dataset = add_dataset(store, workspace, class_folders)
    run_id = claimed(store, dataset.id, small_config(training__epochs=50))
    job_id = runs.get_run(store, run_id).job.id
    batches: list[int] = []
    original = jobs.report

    def report(store_, id_, progress):
        if progress.get("phase") == "training":
            batches.append((progress["epoch"], progress["batch"]))
            if progress["epoch"] == 2:
                jobs.request_stop(store, job_id)
        return original(store_, id_, progress)

    monkeypatch.setattr(jobs, "report", report)
    monkeypatch.setattr("cnnlab.training.callbacks.STOP_CHECK_SECONDS", 0.0)
    monkeypatch.setattr("cnnlab.training.callbacks.REPORT_SECONDS", 0.0)
    state, message = carry_out(store, workspace, run_id)
    assert state is RunState.STOPPED
    assert "best model" in message
    assert batches[-1] in [(2, 1), (2, 2)]
    run = runs.get_run(store, run_id)
    assert run.results["epochs"] == run.results["best_epoch"] == 1
    assert RunFiles(workspace.run_folder(run_id)).lite_model.exists()


def test_loss_that_is_no_number_is_named_with_its_cure(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    linear = {"kind": "dense", "units": 64, "activation": "linear"}
    config = small_config(
        network__layers=[{"kind": "flatten"}, linear, linear, linear],
        network__scaling="none",
        training__optimizer="sgd",
        training__schedule="constant",
        training__learning_rate=10.0,
        training__weight_decay=0.0,
        training__epochs=30,
    )
    run_id = claimed(store, dataset.id, config)
    with pytest.raises(RunError, match="learning rate 10 is probably too high"):
        carry_out(store, workspace, run_id)


def test_early_stopping_says_why(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    config = small_config(
        training__epochs=40, training__early_stopping={"patience": 2, "start_epoch": 1}
    )
    run_id = claimed(store, dataset.id, config)
    state, message = carry_out(store, workspace, run_id)
    assert state is RunState.COMPLETED
    assert "has not become better for 2 epochs" in message
    assert len(runs.epoch_records(store, run_id)) < 40


def test_full_disk_ends_the_run_with_a_sentence_and_the_rest_unharmed(small_disk, class_folders):
    place = open_workspace(small_disk / "workspace")
    store = open_store(place)
    dataset = add_dataset(store, place, class_folders)
    run_id = claimed(store, dataset.id, small_config(network__width=2.0))  # larger than the disk
    work(place, runs.get_run(store, run_id).job.id, own_process=False)
    run = runs.get_run(store, run_id)
    assert run.state is RunState.FAILED
    assert run.job.reason == "disk-full"
    assert "Free some space" in run.job.message
    assert run.dataset_id == dataset.id
    assert not RunFiles(place.run_folder(run_id)).keras_model.exists()
    store.close()


def test_configuration_is_kept_beside_the_run(finished):
    _, place, run_id = finished
    document = json.loads(RunFiles(place.run_folder(run_id)).config.read_text())
    assert document["data"]["size"] == 28


def prepare_as(model: LiteModel, path: Path) -> np.ndarray:
    data = model.facts.data
    return prepare(load(path), data.size, data.resize, data.colour)


# --- what the user chose and corrected ---


def split_file(place: Workspace, run_id: str) -> pd.DataFrame:
    return pd.read_parquet(RunFiles(place.run_folder(run_id)).split)


def test_a_run_uses_the_corrections_and_records_them(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    (class_folders / "red" / "broken.png").write_bytes(b"")
    index, _ = scan_dataset(store, workspace, dataset)
    correct(store, workspace, dataset, ["red/000.png", "green/001.png"], Edit.EXCLUDE)
    correct(store, workspace, dataset, ["red/002.png"], Edit.RELABEL, "blue")

    run_id = claimed(store, dataset.id, small_config(training__epochs=1))
    carry_out(store, workspace, run_id)

    frame = split_file(workspace, run_id).set_index("path")
    assert len(frame) == 58
    assert not {"red/000.png", "green/001.png"} & set(frame.index)
    assert frame["class"]["red/002.png"] == "blue"
    data = runs.get_run(store, run_id).results["data"]
    assert data["fingerprint"] == get_dataset(store, dataset.id).fingerprint != index.fingerprint
    assert (data["pictures"], data["excluded"], data["relabelled"], data["problems"]) == (
        *(58, 2, 1),
        1,
    )


def test_a_run_takes_the_classes_and_as_many_pictures_as_asked_for(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    config = small_config(data__classes=["blue", "red"], data__limit=12, training__epochs=1)
    run_id = claimed(store, dataset.id, config)
    carry_out(store, workspace, run_id)
    assert split_file(workspace, run_id)["class"].value_counts().to_dict() == {
        "blue": 12,
        "red": 12,
    }
    model = load_model(RunFiles(workspace.run_folder(run_id)))
    assert tuple(model.facts.class_names) == ("blue", "red")
    (pixels,) = workspace.pixels_folder.glob("*.npy")
    assert np.load(pixels, mmap_mode="r").shape == (24, 28, 28, 3)


def test_pictures_beyond_the_budget_are_streamed_to_the_same_figures(
    store, workspace, class_folders
):
    dataset = add_dataset(store, workspace, class_folders)
    losses = []
    for budget in (1.0, 0.0):
        set_pixel_budget(store, budget)
        run_id = claimed(store, dataset.id, small_config())
        carry_out(store, workspace, run_id)
        losses.append([record["loss"] for record in runs.epoch_records(store, run_id)])
        if budget:
            assert PixelCache(workspace).clear() > 0
    assert PixelCache(workspace).files() == []
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_a_set_taken_from_the_validation_pictures_is_tested_on(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    config = small_config(
        split__validation=0.4, split__test=0.0, split__test_from_validation=0.5, training__epochs=1
    )
    run_id = claimed(store, dataset.id, config)
    carry_out(store, workspace, run_id)
    assert split_file(workspace, run_id)["split"].value_counts().to_dict() == {
        "train": 36,
        "validation": 12,
        "test": 12,
    }
    assert "test_accuracy" in runs.get_run(store, run_id).results["metrics"]


def test_an_explosion_names_the_rate_of_its_part():
    training = change_config(
        recipe("transfer").config,
        {"training.fine_tuning.epochs": 2, "training.fine_tuning.learning_rate": 0.5},
    ).training
    main, tuning = (Stage(name, 0, 1, 0) for name in (MAIN, FINE_TUNING))
    assert rate_in_words(main, training) == f"the learning rate {training.learning_rate:g}"
    assert rate_in_words(tuning, training) == "the learning rate 0.5 of the fine-tuning"
