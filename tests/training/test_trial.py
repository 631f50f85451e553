"""A few steps before a run: pace, memory, precision, and a learning rate."""

import keras
import numpy as np
import pytest

from cnnlab.config import Optimizer, Precision, change_config
from cnnlab.datasets.splits import Split
from cnnlab.errors import RunError
from cnnlab.networks.builder import build
from cnnlab.networks.description import describe
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import RunState
from cnnlab.runs.trials import Question, TrialRequest, latest_trial, submit_trial, trial_result
from cnnlab.training import memory, trial
from cnnlab.training.batches import TrainingFeed
from cnnlab.training.callbacks import Conductor
from cnnlab.training.compiling import compile_model
from cnnlab.training.rate_finder import STEPS, find_rate, smooth, suggest
from cnnlab.training.trial import choose, deserves_trial, try_steps
from cnnlab.worker import work
from tests.training.test_options import labelled
from tests.training.test_run import carry_out, claimed, small_config

CONFIG = small_config(training__batch_size=4)


def make_model(precision: Precision):
    return build(CONFIG.network, (28, 28, 3), 2, precision=precision)


def two_splits():
    images = labelled((24, 24), size=28)
    return {Split.TRAIN: images, Split.VALIDATION: labelled((4, 4), size=28)}


def test_a_trial_measures_each_precision_and_predicts_the_run(monkeypatch):
    both = (Precision.FLOAT32, Precision.BFLOAT16)
    monkeypatch.setattr(trial, "candidates", lambda precision: both)
    monkeypatch.setattr(trial, "SECONDS", 0.05)
    told = []
    prediction = try_steps(
        CONFIG, two_splits(), 2, make_model, progress=lambda *step: told.append(step)
    )
    assert told[0] == (1, 12)
    assert told[-1] == (12, 12)
    assert told == sorted(told)
    assert set(prediction.seconds_per_step) == {"float32", "mixed_bfloat16"}
    assert prediction.steps >= trial.FEWEST_STEPS
    step = prediction.seconds_per_step[prediction.precision.value]
    assert prediction.seconds_per_epoch == pytest.approx(step * (12 + 2 / 3))
    assert prediction.seconds == pytest.approx(2 * prediction.seconds_per_epoch)
    assert prediction.memory_bytes > 100e6  # TensorFlow alone


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0.4] * 4, False),
        ([0.5] * 4, True),
        ([3.0] * 3, False),
        ([3.0] * 4, True),
        ([12.0], True),  # a large network's only step
    ],
)
def test_slow_steps_are_measured_less_often(times, expected):
    assert trial.enough(times) is expected


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"float32": 1.0, "mixed_bfloat16": 0.6}, Precision.BFLOAT16),
        ({"float32": 1.0, "mixed_bfloat16": 0.95}, Precision.FLOAT32),
        ({"float32": 1.0, "mixed_bfloat16": 1.6}, Precision.FLOAT32),
        ({"mixed_float16": 1.0}, Precision.FLOAT16),
    ],
)
def test_a_coarser_precision_must_be_clearly_faster(measured, expected):
    assert choose(measured) is expected


def test_a_named_precision_is_not_measured_against_others():
    assert trial.candidates(Precision.BFLOAT16) == (Precision.BFLOAT16,)


def test_only_long_runs_deserve_a_trial():
    quick, wide = recipe("quick"), recipe("scenes-pooling")
    assert not deserves_trial(CONFIG, describe(CONFIG.network, (28, 28, 3), 3), 1000)
    assert not deserves_trial(quick.config, quick.describe(), 100)
    assert deserves_trial(wide.config, wide.describe(), 5000)


def test_a_long_run_keeps_its_prediction_beside_what_happened(
    store, workspace, class_folders, monkeypatch
):
    monkeypatch.setattr(trial, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(trial, "SECONDS", 0.05)
    dataset = add_dataset(store, workspace, class_folders)
    run_id = claimed(store, dataset.id, small_config(training__precision="mixed_bfloat16"))
    state, _ = carry_out(store, workspace, run_id)
    results = runs.get_run(store, run_id).results
    assert state is RunState.COMPLETED
    assert results["precision"] == results["prediction"]["precision"] == "mixed_bfloat16"
    assert results["prediction"]["seconds_per_epoch"] > 0
    assert results["seconds_per_epoch"] > 0
    assert results["peak_memory_bytes"] > 100e6
    assert results["export_difference"] <= 1e-4  # the export is in float32


def test_float16_trains_with_a_scaled_loss_so_that_small_gradients_do_not_vanish():
    model = make_model(Precision.FLOAT16)
    compile_model(model, CONFIG.training, 2)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    conductor = Conductor(
        CONFIG.training,
        TrainingFeed(two_splits()[Split.TRAIN], 2, CONFIG.training, CONFIG.augmentation),
        lambda: False,
    )
    conductor.set_model(model)
    conductor.on_train_batch_begin(0)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-2 / 25)


def test_a_trial_job_leaves_its_answer(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    for question, expected in ((Question.PACE, "seconds_per_epoch"), (Question.RATE, "rates")):
        request = TrialRequest(question, CONFIG)
        assert latest_trial(store, dataset.id, request) is None
        job_id = submit_trial(store, dataset.id, request)
        assert submit_trial(store, dataset.id, request) == job_id
        jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
        work(workspace, job_id, own_process=False)
        found = latest_trial(store, dataset.id, request)
        assert found is not None
        assert found.state is RunState.COMPLETED, found.message
        assert expected in (trial_result(found) or {})


def test_a_trial_of_what_cannot_be_trained_fails_by_name(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    config = change_config(CONFIG, {"data.classes": ["red", "violet"]})
    job_id = submit_trial(store, dataset.id, TrialRequest(Question.PACE, config))
    jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(workspace, job_id, own_process=False)
    job = jobs.get_job(store, job_id)
    assert job.state is RunState.FAILED
    assert "violet" in (job.message or "")


def test_the_rate_finder_suggests_a_rate_below_the_one_where_the_loss_runs_away():
    rng = np.random.default_rng(0)
    images = labelled((40, 40), size=28)
    bright = images.labels[:, None, None, None] * 120 + rng.integers(0, 100, (80, 28, 28, 3))
    images = type(images)(bright.astype(np.uint8), images.rows, images.labels)
    config = change_config(CONFIG, {"training.optimizer": Optimizer.ADAM.value})
    seen = []
    found = find_rate(
        make_model(Precision.FLOAT32),
        config,
        images,
        2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert len(found.rates) == len(found.losses) == len(seen) <= STEPS
    assert list(found.rates) == sorted(found.rates)
    assert found.suggestion is not None
    assert 1e-6 < found.suggestion < found.rates[int(np.argmin(found.losses))]


def test_nothing_is_suggested_where_the_loss_never_falls():
    rates = np.geomspace(1e-6, 1, 50)
    assert suggest(rates, np.linspace(1, 5, 50)) is None
    assert suggest([], []) is None
    assert suggest([1e-3, 1e-2, 1e-1], [1.0, 0.5, 3.0]) == pytest.approx(1e-3)


def test_smoothing_starts_at_the_first_value():
    assert smooth([2.0, 2.0, 2.0]) == pytest.approx([2.0, 2.0, 2.0])


def test_a_training_that_cannot_fit_names_the_option_to_lower(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 8 * 10**9)
    large = change_config(
        recipe("scenes-pooling").config, {"training.batch_size": 4096, "data.size": 512}
    )
    network = describe(large.network, (512, 512, 3), 6)
    with pytest.raises(RunError, match=r"Lower training\.batch_size \(now 4096\)"):
        memory.require_memory(large, network, 5000)
    memory.require_memory(large, network, 1)  # no batch is larger than the set
    wide = change_config(recipe("conv-32").config, {"network.width": 16.0})
    network = describe(wide.network, (224, 224, 3), 2)
    with pytest.raises(RunError, match=r"Lower network\.width \(now 16\)"):
        memory.require_memory(wide, network, 5000)
    usual = recipe("quick")
    memory.require_memory(usual.config, usual.describe(), 5000)
