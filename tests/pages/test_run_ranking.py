"""The panel of ROC and precision-recall on the Run page."""

import numpy as np

from cnnlab.evaluation.predictions import Predictions, write_predictions
from cnnlab.workspace import RunFiles
from tests.pages.conftest import Open, said

NAMES = ("blue", "green", "red")


def give_predictions(place, run_id, true, fill=None):
    """Random probabilities; no picture is of the class "red" unless asked for."""
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), len(true)).astype(np.float32)
    if fill is not None:
        probabilities[0] = fill
    predictions = Predictions(
        class_names=NAMES,
        paths=tuple(f"{number:03}.png" for number in range(len(true))),
        splits=np.full(len(true), "test"),
        true=np.array(true),
        probabilities=probabilities,
    )
    write_predictions(predictions, RunFiles(place.run_folder(run_id)).predictions)


def titles(app) -> str:
    return " ".join(chart.proto.spec for chart in app.get("plotly_chart"))


def test_the_chosen_class_is_drawn_and_stands_in_the_address(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, [0, 1, 0, 1, 1, 0, 1])
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert "ROC of blue" in titles(app)
    chooser = next(box for box in app.selectbox if box.label == "Class")
    chooser.set_value("green").run()
    assert not app.exception
    assert "ROC of green" in titles(app)
    assert "Precision and recall of green" in titles(app)
    assert app.query_params["class"] == "green"


def test_a_class_without_pictures_is_said(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, [0, 1, 0, 1])
    app = open_page(place, "run", run=run_id, view="mistakes", **{"class": "red"})
    assert not app.exception
    assert "There are no test pictures of “red”" in said(app)


def test_a_class_alone_is_said(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, [0, 0, 0])
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert "All test pictures are of “blue”" in said(app)


def test_probabilities_that_are_no_numbers_are_said(trained, open_page: Open):
    place, _, run_id = trained
    give_predictions(place, run_id, [0, 1, 0, 1], fill=np.nan)
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert not app.exception
    assert "no number, so they cannot be ranked" in said(app)
