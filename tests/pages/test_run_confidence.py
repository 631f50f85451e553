"""The view "Confidence" of the Run page."""

import numpy as np
import pytest

from cnnlab.evaluation.predictions import Predictions, write_predictions
from cnnlab.workspace import RunFiles
from tests.pages.conftest import Open, said


def words(app) -> str:
    """All that is said, without the marks that keep Markdown from reading it."""
    return said(app).replace("\\", "")


def give_predictions(place, run_id, splits, confidence=0.97):
    """Pictures of which every fifth is mistaken, all with one confidence."""
    count = len(splits)
    right = np.arange(count) % 5 > 0
    rest = (1 - confidence) / 2
    probabilities = np.where(
        right[:, None], [confidence, rest, rest], [rest, confidence, rest]
    ).astype(np.float32)
    predictions = Predictions(
        class_names=("blue", "green", "red"),
        paths=tuple(f"blue/{number:03}.png" for number in range(count)),
        splits=np.array(splits),
        true=np.zeros(count, dtype=np.int64),
        probabilities=probabilities,
    )
    write_predictions(predictions, RunFiles(place.run_folder(run_id)).predictions)


def test_over_confidence_is_said_first(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, ["validation"] * 100 + ["test"] * 100)
    app = open_page(place, "run", run=run_id, view="confidence")
    assert not app.exception
    assert "too sure of itself, by 17.0 points" in words(app)
    assert "Where it says about 97.0%, it is right in 80.0% of 100 pictures" in words(app)
    assert "judged by 100 test pictures" in words(app)
    assert len(app.get("plotly_chart")) == 2


@pytest.mark.parametrize(
    ("asked", "answered"), [("0.5", "answers all pictures"), ("0.99", "none of the 100")]
)
def test_the_address_sets_the_threshold(trained, open_page: Open, asked, answered):
    place, _, run_id = trained
    give_predictions(place, run_id, ["validation"] * 100 + ["test"] * 100)
    app = open_page(place, "run", run=run_id, view="confidence", threshold=asked)
    assert app.slider[0].value == round(100 * float(asked))
    assert answered in words(app)


def test_a_threshold_that_is_no_number_is_left_aside(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id, view="confidence", threshold="high")
    assert not app.exception
    assert app.slider[0].value == 90


def test_validation_pictures_alone_are_halved(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, ["validation"] * 60)
    app = open_page(place, "run", run=run_id, view="confidence")
    assert "the same 60 pictures, each half with the other half's temperature" in words(app)


def test_damaged_predictions_are_said(trained, open_page: Open):
    place, _, run_id = trained
    RunFiles(place.run_folder(run_id)).predictions.write_bytes(b"no parquet")
    app = open_page(place, "run", run=run_id, view="confidence")
    assert not app.exception
    assert "cannot be read" in words(app)


def test_a_threshold_that_is_moved_changes_the_sentence_and_the_address(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, ["validation"] * 100 + ["test"] * 100)
    app = open_page(place, "run", run=run_id, view="confidence")
    assert "From 90% on it answers all pictures" in words(app)
    app.slider[0].set_value(98).run()
    assert "From 98% on it answers none of the 100 pictures" in words(app)
    assert app.query_params["threshold"] == "0.98"


def test_probabilities_that_are_no_numbers_are_said(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, ["test"] * 30, confidence=np.nan)
    app = open_page(place, "run", run=run_id, view="confidence")
    assert not app.exception
    assert "For 30 of the pictures the network gave no probabilities" in words(app)


def test_one_picture_is_too_few(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, ["validation"])
    app = open_page(place, "run", run=run_id, view="confidence")
    assert not app.exception
    assert "too few pictures" in words(app)
