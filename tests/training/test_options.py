"""What the options of a training do to its batches, its metrics and its logs."""

import csv

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cnnlab.config import AugmentationConfig, Monitor, Optimizer, TrainingConfig, change_config
from cnnlab.networks.recipes import recipe
from cnnlab.runs import runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.states import RunState
from cnnlab.training.batches import LabelledPixels, TrainingFeed, class_weights, mix
from cnnlab.training.compiling import BalancedAccuracy
from cnnlab.training.logs import log_name
from cnnlab.training.optimizers import Adam, AdamW, make_optimizer
from cnnlab.workspace import RunFiles
from tests.pictures import write_class_folders
from tests.training.test_run import carry_out, claimed, small_config

PLAIN = AugmentationConfig()


def labelled(counts: tuple[int, ...], size: int = 8) -> LabelledPixels:
    labels = np.repeat(np.arange(len(counts)), counts)
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), size, size, 3))
    return LabelledPixels(pixels.astype(np.uint8), np.arange(len(labels)), labels)


def batches_of(images: LabelledPixels, classes: int, **options: object):
    feed = TrainingFeed(images, classes, TrainingConfig(batch_size=4, **options), PLAIN)
    return list(feed.batches())


def test_class_weights_let_all_classes_count_the_same():
    images = labelled((12, 3, 0))
    weights = class_weights(images.labels, 3)
    assert weights[0] * 12 == pytest.approx(weights[1] * 3)
    assert weights[2] == 0
    assert weights[images.labels].mean() == pytest.approx(1)
    batches = batches_of(images, 3, class_weights=True)
    for _, targets, given in batches:
        np.testing.assert_allclose(given, weights[targets.argmax(axis=1)])


def test_without_class_weights_a_batch_has_none():
    assert {len(batch) for batch in batches_of(labelled((5, 5)), 2)} == {2}


def test_mixup_blends_pictures_and_targets_by_the_same_share():
    rng = np.random.default_rng(3)
    pictures = np.stack([np.full((2, 2, 3), value, np.uint8) for value in (0, 250)])
    targets = np.eye(2, dtype=np.float32)
    for _ in range(20):
        blended, aims, _ = mix(pictures, targets, None, 0.4, rng)
        assert blended.dtype == np.uint8
        np.testing.assert_allclose(aims.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(blended[:, 0, 0, 0] / 250, aims[:, 1], atol=0.003)


def test_mixup_with_class_weights_is_the_mean_of_the_weighted_losses():
    rng = np.random.default_rng(3)
    targets, weights = np.eye(2, dtype=np.float32), np.array([10.0, 0.5], np.float32)
    said = np.log(np.array([0.3, 0.7]))
    for _ in range(20):
        _, aims, blended = mix(np.zeros((2, 1), np.float32), targets, weights, 0.4, rng)
        share = blended[0] if blended[0] == blended[1] else (blended[0] - 0.5) / 9.5
        if blended[0] == blended[1]:
            continue  # the batch was mixed with itself
        expected = -(share * 10.0 * said[0] + (1 - share) * 0.5 * said[1])
        assert -blended[0] * (aims[0] @ said) == pytest.approx(expected, rel=1e-4)


def test_mixup_is_the_same_for_the_same_seed_and_differs_between_batches():
    images = labelled((16, 16))
    one, two = (batches_of(images, 2, mixup=0.4, seed=5) for _ in range(2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])
    shares = {round(float(aim), 4) for _, aims in one for aim in aims[:, 0] if 0.5 < aim < 1}
    assert len(shares) > 1, "each batch draws a share of its own"


@pytest.mark.parametrize("name", list(Optimizer))
def test_every_optimizer_gets_its_settings(name):
    training = TrainingConfig(optimizer=name, learning_rate=0.02, momentum=0.7, weight_decay=0.01)
    optimizer = make_optimizer(training)
    assert float(optimizer.learning_rate) == pytest.approx(0.02)
    if name is Optimizer.SGD:
        assert (optimizer.momentum, optimizer.nesterov) == (0.7, True)
    decay = 0.01 if name in (Optimizer.SGD, Optimizer.ADAMW) else None
    assert optimizer.weight_decay == decay


@pytest.mark.parametrize(
    ("own", "kept"), [(Adam, keras.optimizers.Adam), (AdamW, keras.optimizers.AdamW)]
)
def test_adam_in_one_pass_learns_what_keras_adam_learns(own, kept):
    learned = []
    for optimizer in (own(0.01), kept(0.01)):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5), keras.layers.Dense(2)])
        model.compile(optimizer=optimizer, loss="mse", jit_compile=False)
        rng = np.random.default_rng(3)
        model.fit(rng.normal(size=(64, 6)), rng.normal(size=(64, 2)), epochs=5, verbose=0)
        learned.append(model.get_weights())
    for one, other in zip(*learned, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_that_occur():
    metric = BalancedAccuracy(3)
    true = np.eye(3, dtype=np.float32)[[0, 0, 0, 1]]
    metric.update_state(true[:2], np.eye(3, dtype=np.float32)[[0, 0]])
    metric.update_state(true[2:], np.eye(3, dtype=np.float32)[[1, 2]])
    assert float(metric.result()) == pytest.approx((2 / 3 + 0) / 2)
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize(
    "monitor", [Monitor.VALIDATION_MACRO_F1, Monitor.VALIDATION_BALANCED_ACCURACY, Monitor.LOSS]
)
def test_the_best_epoch_can_be_chosen_by_any_figure(store, workspace, class_folders, monitor):
    dataset = add_dataset(store, workspace, class_folders)
    config = small_config(training__monitor=monitor.value, training__epochs=3)
    run_id = claimed(store, dataset.id, config)
    carry_out(store, workspace, run_id)
    records = runs.epoch_records(store, run_id)
    values = [record[monitor.value] for record in records]
    best = max(values) if monitor.higher_is_better else min(values)
    assert runs.get_run(store, run_id).results["best_epoch"] == 1 + values.index(best)


def test_the_rate_falls_when_the_figure_stays(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    config = small_config(
        training__schedule="reduce_on_plateau",
        training__monitor="validation_loss",
        training__plateau_patience=1,
        training__plateau_factor=0.1,
        training__learning_rate=1e-3,
        training__epochs=6,
    )
    run_id = claimed(store, dataset.id, config)
    carry_out(store, workspace, run_id)
    records = runs.epoch_records(store, run_id)
    best, rate = None, 1e-3
    for record in records:
        assert record["learning_rate"] == pytest.approx(rate, rel=1e-5)
        if best is None or record["validation_loss"] < best:
            best = record["validation_loss"]
        else:
            rate *= 0.1


def test_uneven_classes_train_with_weights_mixup_and_cosine(store, workspace, tmp_path):
    folder = write_class_folders(tmp_path / "uneven")
    for number in range(6, 20):
        (folder / "red" / f"{number:03}.png").unlink()
    dataset = add_dataset(store, workspace, folder)
    config = small_config(
        training__class_weights=True,
        training__mixup=0.2,
        training__schedule="cosine",
        training__optimizer="sgd",
        training__learning_rate=0.05,
    )
    run_id = claimed(store, dataset.id, config)
    state, _ = carry_out(store, workspace, run_id)
    assert state is RunState.COMPLETED
    assert [row["seconds"] > 0 for row in runs.epoch_records(store, run_id)] == [True, True]


def test_logs_for_tensorboard_and_a_table_hold_every_epoch(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    config = change_config(
        recipe("conv-grid(1,8,1)").config,
        {"data.size": 16, "training.epochs": 2, "training.batch_size": 16},
    )
    run_id = claimed(store, dataset.id, config)
    carry_out(store, workspace, run_id)
    created = int(runs.get_run(store, run_id).created_at)
    folder = workspace.tensorboard_folder / f"1-conv-8-nodes-1-dense-{created}"
    logged = EventAccumulator(str(folder / "validation"))
    logged.Reload()
    records = runs.epoch_records(store, run_id)
    assert len(logged.Tensors("epoch_loss")) == 2
    with RunFiles(workspace.run_folder(run_id)).epochs.open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [record["loss"] for record in records]


@pytest.mark.parametrize(
    ("recipe_name", "pattern", "expected"),
    [
        ("conv-grid(3,64,0)", None, "3-conv-64-nodes-0-dense-1700000000"),
        ("conv-grid(2,64,1)", "Cats-vs-Dogs-cnn-64x2-{time}", "Cats-vs-Dogs-cnn-64x2-1700000000"),
        ("quick", None, "quick-1700000000"),
        ("quick", "../{run}/x", "-quick-1-x"),
        ("quick", "...", "quick-1"),
        ("quick", "mine", "mine-quick-1"),
    ],
)
def test_logs_are_named_as_in_the_study_and_stay_in_their_folder(recipe_name, pattern, expected):
    config = change_config(recipe(recipe_name).config, {"training.log_name": pattern})
    assert log_name(config, "quick-1", 1_700_000_000.9) == expected


def test_a_batch_larger_than_the_set_is_one_batch_and_says_so(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    run_id = claimed(store, dataset.id, small_config(training__batch_size=1000))
    state, _ = carry_out(store, workspace, run_id)
    assert state is RunState.COMPLETED
    said = [event.message for event in runs.run_events(store, run_id)]
    assert any("A batch of 1000 is larger than the training set" in message for message in said)


def test_a_run_keeps_its_baselines_beside_its_figures(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    run_id = claimed(store, dataset.id, small_config())
    carry_out(store, workspace, run_id)
    steps = {step["name"]: step for step in runs.get_run(store, run_id).results["baselines"]}
    assert set(steps) == {"majority", "histogram", "neighbour"}
    assert steps["histogram"]["validation_accuracy"] == 1.0  # plain colours
    assert keras.config.dtype_policy().name == "float32"
