"""The preview shows what training will see, picture by picture."""

import numpy as np
import pytest

from cnnlab.config import AugmentationConfig, Colour, DataConfig, RunConfig, Scaling
from cnnlab.datasets.order import batch_generator, epoch_order
from cnnlab.datasets.preview import (
    choose_by_class,
    choose_examples,
    first_pictures,
    prepare_rows,
    scaled_range,
)
from cnnlab.datasets.scan import scan
from cnnlab.datasets.splits import Split, assign_splits
from tests.pictures import write_class_folders


@pytest.fixture
def root(tmp_path):
    return write_class_folders(tmp_path / "colours")


@pytest.fixture
def assignment(root):
    return assign_splits(scan(root), CONFIG.split)


CONFIG = RunConfig(
    recipe="none",
    data=DataConfig(size=16),
    training={"batch_size": 8, "seed": 4},
    split={"validation": 0.2, "test": 0.1},
)
AUGMENTED = CONFIG.model_copy(update={"augmentation": AugmentationConfig(flip_horizontal=True)})


def training_paths(assignment):
    frame = assignment.frame[assignment.frame["split"] == "train"]
    return frame["path"].to_numpy()


def test_first_pictures_are_those_of_the_first_epoch_in_its_order(root, assignment):
    shown = first_pictures(root, assignment, CONFIG, count=20)
    paths = training_paths(assignment)
    assert shown.paths == tuple(paths[epoch_order(4, 0, len(paths))[:20]])
    assert shown.classes == tuple(path.split("/")[0] for path in shown.paths)
    assert shown.pixels.shape == (20, 16, 16, 3)


def test_first_pictures_are_augmented_as_the_first_batches_are(root, assignment):
    from cnnlab.datasets.augmentation import augment

    plain = first_pictures(root, assignment, CONFIG, count=16)
    shown = first_pictures(root, assignment, AUGMENTED, count=16)
    expected = [
        augment(plain.pixels[part], AUGMENTED.augmentation, batch_generator(4, 0, number))
        for number, part in enumerate([slice(0, 8), slice(8, 16)])
    ]
    np.testing.assert_array_equal(shown.pixels, np.concatenate(expected))
    assert (shown.pixels != plain.pixels).any()


def test_a_small_set_shows_what_there_is(root, assignment):
    shown = first_pictures(root, assignment, CONFIG, count=1000)
    assert len(shown.paths) == len(training_paths(assignment)) == 42
    assert len(set(shown.paths)) == 42


def test_pictures_that_went_away_are_left_out(root, assignment):
    (root / training_paths(assignment)[0]).unlink()
    shown = first_pictures(root, assignment, CONFIG, count=64)
    assert len(shown.paths) == len(shown.classes) == len(shown.pixels) == 41
    nothing = prepare_rows(root, assignment.frame.iloc[:0], DataConfig(size=8, colour=Colour.GREY))
    assert nothing.pixels.shape == (0, 8, 8, 1)
    assert nothing.value_range == (0, 0)


def test_examples_come_from_the_split_and_class_asked_for(assignment):
    examples = choose_examples(assignment, Split.VALIDATION, count=5, seed=1)
    assert set(examples["split"]) == {"validation"}
    assert len(examples) == 5
    again = choose_examples(assignment, Split.VALIDATION, count=5, seed=1)
    assert list(again["path"]) == list(examples["path"])
    assert len(choose_examples(assignment, Split.TEST, count=50, seed=1)) == 6

    by_class = choose_by_class(assignment, per_class=3, seed=2)
    assert list(by_class["class"]) == ["blue"] * 3 + ["green"] * 3 + ["red"] * 3
    assert set(by_class["split"]) == {"train"}
    assert list(choose_by_class(assignment, per_class=3, seed=3)["path"]) != list(by_class["path"])


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [(Scaling.NONE, (0, 255)), (Scaling.UNIT, (0, 1)), (Scaling.SIGNED, (-1, 1))],
)
def test_the_range_is_told_as_the_network_sees_it(scaling, expected):
    assert scaled_range(0, 255, scaling) == expected


def test_a_first_batch_larger_than_the_sheet_is_augmented_as_a_whole(root, assignment):
    from cnnlab.datasets.augmentation import augment

    augmentation = AugmentationConfig(
        flip_horizontal=True,
        rotation=0.1,
        zoom=0.2,
        shift=0.2,
        contrast=0.3,
        brightness=0.4,
        erasing=0.5,
    )
    training = CONFIG.training.model_copy(update={"batch_size": 30})
    plain = CONFIG.model_copy(update={"training": training})
    changed = plain.model_copy(update={"augmentation": augmentation})
    whole = first_pictures(root, assignment, plain, count=30).pixels
    expected = augment(whole, augmentation, batch_generator(4, 0, 0))
    shown = first_pictures(root, assignment, changed, count=12).pixels
    np.testing.assert_array_equal(shown, expected[:12])
