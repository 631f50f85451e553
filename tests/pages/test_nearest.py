"""The nearest training pictures, in the dialog that shows a picture in full."""

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.evaluation.predictions import read_predictions
from cnnlab.inference.training_features import TrainingFeatures, write_training_features
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.pages.conftest import Open, said


@pytest.fixture
def open_picture(trained, open_page: Open) -> Callable[[], AppTest]:
    """Open the first of the least certain pictures in full."""
    place, _, run_id = trained

    def open_() -> AppTest:
        app = open_page(place, "run", run=run_id, view="pictures", kind="doubts")
        next(button for button in app.button if button.key.startswith("open-")).click().run()
        assert not app.exception
        return app

    return open_


@pytest.fixture
def known(trained) -> TrainingFeatures:
    """Every picture of the set is a training picture, and each class has a direction of its own."""
    place, dataset_id, run_id = trained
    store = open_store(place)
    folder = get_dataset(store, dataset_id).location
    store.close()
    files = RunFiles(place.run_folder(run_id))
    predictions = read_predictions(files.predictions)
    directions = np.eye(3, dtype=np.float32)
    paths = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.png"))
    labels = np.array([predictions.class_names.index(path.split("/")[0]) for path in paths])
    known = TrainingFeatures(
        paths=tuple(paths), labels=labels.astype(np.int64), features=directions[labels]
    )
    write_training_features(known, files.training_features)
    np.save(files.features, directions[predictions.predicted])
    return known


def test_those_that_the_network_sees_as_most_alike_stand_side_by_side(known, open_picture):
    app = open_picture()
    assert not app.error
    assert "6 of 6 are" in said(app)
    neighbours = [each.value for each in app.caption if each.value.endswith("· 0.00")]
    assert len(neighbours) == 6
    assert len({each.split("·")[0] for each in neighbours}) == 1  # all of the same class


def test_a_run_that_kept_no_features_says_how_to_get_them(trained, open_picture):
    place, _, run_id = trained
    RunFiles(place.run_folder(run_id)).training_features.unlink(missing_ok=True)
    assert "Train it again to see its nearest training pictures." in said(open_picture())


def test_training_pictures_that_are_gone_keep_their_names(trained, known, open_picture):
    place, _, run_id = trained
    gone = TrainingFeatures(
        paths=tuple(f"red/gone-{number}.png" for number in range(len(known.paths))),
        labels=known.labels,
        features=known.features,
    )
    write_training_features(gone, RunFiles(place.run_folder(run_id)).training_features)
    app = open_picture()
    assert not app.error
    assert "gone" in said(app)


@pytest.mark.parametrize("damage", ["features", "shape", "training"])
def test_damaged_features_are_said_in_words_below_the_picture(trained, known, open_picture, damage):
    place, _, run_id = trained
    files = RunFiles(place.run_folder(run_id))
    if damage == "features":
        files.features.write_bytes(b"damaged")
    elif damage == "shape":
        np.save(files.features, np.zeros((5, 3), dtype=np.float32))
    else:
        files.training_features.write_bytes(b"damaged")
    app = open_picture()
    assert len(app.error) == 1
    assert "rain" in app.error[0].value
    assert app.dataframe  # the facts of the picture are there all the same
