"""Baselines of trainings on the same pictures: the same figures, and never those of others."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.baselines import ladder
from cnnlab.training.baselines import baselines_of
from cnnlab.training.batches import LabelledPixels

SIZE, COUNT = 16, 40


def images_of(file: Path, labels: np.ndarray) -> dict[Split, LabelledPixels]:
    pixels = np.memmap(file, dtype=np.uint8, mode="r", shape=(COUNT, SIZE, SIZE, 3))
    parts = {Split.TRAIN: range(24), Split.VALIDATION: range(24, 40), Split.TEST: range(0)}
    return {
        split: LabelledPixels(pixels, np.array(rows, dtype=np.int64), labels[list(rows)])
        for split, rows in parts.items()
    }


@pytest.fixture
def pixel_file(tmp_path: Path) -> Path:
    file = tmp_path / "pixels"
    np.random.default_rng(0).integers(0, 255, (COUNT, SIZE, SIZE, 3), np.uint8).tofile(file)
    return file


def test_second_training_on_the_same_pictures_gets_the_same_figures(pixel_file):
    labels = np.arange(COUNT) % 2
    first = baselines_of(images_of(pixel_file, labels), 2, seed=0)
    first[0]["title"] = "changed by the one who got it"
    again = baselines_of(images_of(pixel_file, labels), 2, seed=0)
    train, validation, _ = images_of(pixel_file, labels).values()
    steps = ladder(train, train.labels, {"validation": (validation, validation.labels)}, 2, seed=0)
    assert again == [step.to_json() for step in steps]


def test_other_labels_pictures_or_classes_get_their_own(pixel_file, tmp_path):
    labels = np.arange(COUNT) % 2
    images = images_of(pixel_file, labels)
    known = baselines_of(images, 2, seed=0)
    mostly = np.where(np.arange(COUNT) < 35, 0, 1)
    assert baselines_of(images_of(pixel_file, mostly), 2, seed=0)[0] != known[0]
    bright = tmp_path / "brighter"
    np.repeat(labels * 200, SIZE * SIZE * 3).astype(np.uint8).tofile(bright)
    nearest = baselines_of(images_of(bright, labels), 2, seed=0)[1]
    assert nearest["validation_accuracy"] == 1.0
    assert baselines_of(images, 2, seed=0) == known
