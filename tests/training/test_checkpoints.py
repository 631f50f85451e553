"""Going on after an interruption as if nothing had happened."""

import keras
import numpy as np
import pandas as pd
import pytest

from cnnlab.config import change_config
from cnnlab.errors import RunError
from cnnlab.networks.builder import build
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.states import RunState
from cnnlab.training.checkpoints import read_checkpoint, restore_checkpoint, save_checkpoint
from cnnlab.training.compiling import compile_model
from cnnlab.workspace import RunFiles
from tests.training.test_run import THIS_PROCESS, carry_out, claimed, small_config

BLOCKS = change_config(
    recipe("cifar-blocks").config,
    {
        "data.size": 28,
        "network.width": 0.25,
        "training.epochs": 4,
        "training.batch_size": 8,
        "training.early_stopping": False,
        "training.weight_average": 0.9,
        "augmentation.flip_horizontal": True,
    },
)
"""Dropout, batch normalisation, Adam, averages: more than a plain file of weights holds."""


def compiled():
    model = build(BLOCKS.network, (28, 28, 3), 3)
    compile_model(model, BLOCKS.training, 3)
    return model


def train(model: keras.Model, steps: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        pictures = rng.uniform(0, 255, (4, 28, 28, 3)).astype(np.float32)
        model.train_on_batch(pictures, np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])


def test_training_goes_on_bit_for_bit_where_the_checkpoint_was_written(tmp_path):
    keras.utils.set_random_seed(0)
    model = compiled()
    train(model, 3, seed=1)
    save_checkpoint(tmp_path / "c.npz", model, epoch=3, stage="main", state={"a": 1})
    train(model, 3, seed=2)
    keras.utils.set_random_seed(99)
    again = compiled()
    train(again, 1, seed=7)
    checkpoint = read_checkpoint(tmp_path / "c.npz")
    assert (checkpoint.epoch, checkpoint.stage, checkpoint.state) == (3, "main", {"a": 1})
    restore_checkpoint(again, checkpoint)
    train(again, 3, seed=2)
    for one, two in zip(model.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    model = compiled()
    model.optimizer.build(model.trainable_variables)
    save_checkpoint(tmp_path / "c.npz", model, epoch=1, stage="main", state={})
    other = build(recipe("cifar-blocks").config.network, (32, 32, 3), 3)
    compile_model(other, BLOCKS.training, 3)
    with pytest.raises(RunError, match="another network"):
        restore_checkpoint(other, read_checkpoint(tmp_path / "c.npz"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", None])
def test_a_missing_or_damaged_checkpoint_is_named(tmp_path, content):
    file = tmp_path / "c.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RunError) as refused:
        read_checkpoint(file)
    assert refused.value.reason == ("no-checkpoint" if content is None else "damaged-checkpoint")


def losses(store, run_id):
    return [
        (row["epoch"], row["loss"], row["validation_loss"])
        for row in runs.epoch_records(store, run_id)
    ]


def interrupt_in_epoch(monkeypatch, store, job_id: int, epoch: int) -> None:
    original = jobs.report

    def report(store_, id_, progress):
        if progress.get("phase") == "training" and progress["epoch"] == epoch and id_ == job_id:
            jobs.request_stop(store, job_id)
        return original(store_, id_, progress)

    monkeypatch.setattr(jobs, "report", report)
    monkeypatch.setattr("cnnlab.training.callbacks.STOP_CHECK_SECONDS", 0.0)


def test_a_stopped_run_resumes_and_ends_as_if_it_had_never_stopped(
    store, workspace, class_folders, monkeypatch
):
    dataset = add_dataset(store, workspace, class_folders)
    whole = claimed(store, dataset.id, BLOCKS)
    carry_out(store, workspace, whole)

    run_id = claimed(store, dataset.id, BLOCKS)
    first_job = runs.get_run(store, run_id).job.id
    interrupt_in_epoch(monkeypatch, store, first_job, 3)
    state, message = carry_out(store, workspace, run_id)
    jobs.finish(store, first_job, state, message=message)
    assert state is RunState.STOPPED
    assert [epoch for epoch, *_ in losses(store, run_id)] == [1, 2]

    resumed = runs.resume_run(store, run_id)
    assert resumed.state is RunState.QUEUED
    assert resumed.job.id != first_job
    assert jobs.claim(store, resumed.job.id, THIS_PROCESS)
    state, _ = carry_out(store, workspace, run_id)
    assert state is RunState.COMPLETED
    np.testing.assert_allclose(losses(store, run_id), losses(store, whole), rtol=1e-5)
    one, two = (runs.get_run(store, each).results for each in (run_id, whole))
    assert one["metrics"] == pytest.approx(two["metrics"], rel=1e-4)
    assert one["best_epoch"] == two["best_epoch"]
    lines = RunFiles(workspace.run_folder(run_id)).epochs.read_text().splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("epoch,")


def test_training_longer_starts_a_new_run_from_the_last_epoch(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    whole = claimed(store, dataset.id, BLOCKS)
    carry_out(store, workspace, whole)

    short = change_config(BLOCKS, {"training.epochs": 2})
    run_id = claimed(store, dataset.id, short)
    state, _ = carry_out(store, workspace, run_id)
    jobs.finish(store, runs.get_run(store, run_id).job.id, state)
    longer = runs.train_longer(store, run_id, 2)
    run = runs.get_run(store, longer)
    assert run.continues == run_id
    assert run.config.training.epochs == 4
    jobs.claim(store, run.job.id, THIS_PROCESS)
    carry_out(store, workspace, longer)
    np.testing.assert_allclose(losses(store, longer), losses(store, whole), rtol=1e-5)
    results = runs.get_run(store, longer).results
    assert results["best_epoch"] == runs.get_run(store, whole).results["best_epoch"]
    assert runs.get_run(store, run_id).results["epochs"] == 2


def test_training_longer_after_an_early_stop_has_its_patience_anew(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    early = {"patience": 2, "start_epoch": 1}
    config = change_config(
        BLOCKS,
        {
            "training.epochs": 30,
            "training.learning_rate": 1e-7,
            "training.monitor": "accuracy",
            "training.early_stopping": early,
        },
    )
    run_id = claimed(store, dataset.id, config)
    state, message = carry_out(store, workspace, run_id)
    assert "Stopped early" in message
    done = len(runs.epoch_records(store, run_id))
    jobs.finish(store, runs.get_run(store, run_id).job.id, state)
    longer = runs.train_longer(store, run_id, 2)
    jobs.claim(store, runs.get_run(store, longer).job.id, THIS_PROCESS)
    carry_out(store, workspace, longer)
    assert len(runs.epoch_records(store, longer)) == done + 2


def test_a_worker_that_died_after_the_last_epoch_leaves_a_run_that_can_be_finished(
    store, workspace, class_folders, monkeypatch
):
    from cnnlab.training.run import TrainingRun

    dataset = add_dataset(store, workspace, class_folders)
    run_id = claimed(store, dataset.id, change_config(BLOCKS, {"training.epochs": 2}))

    def killed(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(TrainingRun, "_keep", killed)
        with pytest.raises(MemoryError):
            carry_out(store, workspace, run_id)
    jobs.finish(store, runs.get_run(store, run_id).job.id, RunState.INTERRUPTED)
    jobs.claim(store, runs.resume_run(store, run_id).job.id, THIS_PROCESS)
    state, _ = carry_out(store, workspace, run_id)
    assert state is RunState.COMPLETED
    run = runs.get_run(store, run_id)
    records = runs.epoch_records(store, run_id)
    best = records[run.results["best_epoch"] - 1]
    assert len(records) == 2
    assert run.metrics["validation_accuracy"] == pytest.approx(best["validation_accuracy"])


def test_going_on_with_changed_data_is_told_or_refused(
    store, workspace, class_folders, monkeypatch
):
    from cnnlab.datasets.edits import Edit
    from cnnlab.runs.corrections import correct
    from cnnlab.runs.scans import scan_dataset

    dataset = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, dataset)
    run_id = claimed(store, dataset.id, change_config(BLOCKS, {"training.epochs": 1}))
    state, _ = carry_out(store, workspace, run_id)
    jobs.finish(store, runs.get_run(store, run_id).job.id, state)
    file = RunFiles(workspace.run_folder(run_id)).split
    split = pd.read_parquet(file)
    split.loc[split.index[split["split"] == "train"][:3], "split"] = "validation"
    split.to_parquet(file)
    longer = runs.train_longer(store, run_id, 1)
    jobs.claim(store, runs.get_run(store, longer).job.id, THIS_PROCESS)
    carry_out(store, workspace, longer)
    said = [event.message for event in runs.run_events(store, longer)]
    assert any("3 pictures were used differently in the first part" in message for message in said)
    correct(store, workspace, dataset, [f"red/{n:03}.png" for n in range(20)], Edit.EXCLUDE)
    third = runs.train_longer(store, run_id, 1)
    jobs.claim(store, runs.get_run(store, third).job.id, THIS_PROCESS)
    with pytest.raises(RunError, match="classes of the data set are others"):
        carry_out(store, workspace, third)


def test_only_what_was_stopped_or_interrupted_can_be_resumed(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    run_id = runs.submit_run(store, dataset.id, small_config())
    with pytest.raises(RunError, match="which is queued"):
        runs.resume_run(store, run_id)
    jobs.request_stop(store, runs.get_run(store, run_id).job.id)
    assert runs.resume_run(store, run_id).state is RunState.QUEUED
    jobs.finish(store, runs.get_run(store, run_id).job.id, RunState.FAILED)
    assert runs.resume_run(store, run_id).state is RunState.QUEUED
    jobs.finish(store, runs.get_run(store, run_id).job.id, RunState.COMPLETED)
    with pytest.raises(RunError, match="Train it longer"):
        runs.resume_run(store, run_id)
    with pytest.raises(RunError, match="no finished epoch"):
        runs.train_longer(store, run_id, 3)
