"""The view "Mistakes" of the Run page."""

import csv
import io

import numpy as np
import pytest

from cnnlab.evaluation.intervals import wilson
from cnnlab.evaluation.predictions import Predictions, write_predictions
from cnnlab.reports.spreadsheet import csv_text
from cnnlab.ui.class_table import cell_rows, class_rows
from cnnlab.workspace import RunFiles
from tests.evaluation.test_per_class import evaluation_of
from tests.pages.conftest import Open, said
from tests.pages.test_run_pictures import rewrite


def judged(place, run_id, classes, mistakes, *, split="test", per_class=3, missing=()):
    """Pictures of so many classes, some of them taken for the next class."""
    names = tuple(f"<{number:04}>" for number in range(classes))
    true = np.repeat([c for c in range(classes) if c not in missing], per_class)
    predicted = true.copy()
    predicted[:mistakes] = (predicted[:mistakes] + 1) % classes
    probabilities = np.full((len(true), classes), 0.1 / max(1, classes - 1), dtype=np.float32)
    probabilities[np.arange(len(true)), predicted] = 0.9
    write_predictions(
        Predictions(
            class_names=names,
            paths=tuple(f"{number:06}.png" for number in range(len(true))),
            splits=np.full(len(true), split),
            true=true,
            probabilities=probabilities,
        ),
        RunFiles(place.run_folder(run_id)).predictions,
    )
    return names


def words(app) -> str:
    return said(app).replace("\\", "").replace("\u200b", "")


@pytest.mark.parametrize("classes", [2, 3, 120, 1_000])
def test_any_number_of_classes_has_a_matrix_a_table_and_curves(trained, open_page: Open, classes):
    place, _, run_id = trained
    judged(place, run_id, classes, mistakes=4)
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 4
    assert len(app.dataframe[0].value) == classes
    assert len(app.metric) == 4
    assert "is recognised least" in words(app)
    switches = {toggle.label for toggle in app.toggle}
    assert ("All classes" in switches) == (classes > 40)
    together = next(each for each in app.toggle if each.label == "Similar classes together")
    assert together.value == (classes > 15)


def test_the_address_chooses_a_cell_and_names_of_any_kind_are_shown(trained, open_page: Open):
    place, _, run_id = trained
    names = judged(place, run_id, 3, mistakes=2)
    app = open_page(place, "run", run=run_id, view="mistakes", true=names[0], predicted=names[1])
    assert not app.exception
    assert "2 pictures of “<0000>” taken for “<0001>”" in words(app)
    assert "1 picture of “<0002>” taken" not in words(app)


def test_a_cell_without_pictures_is_said_to_be_empty(trained, open_page: Open):
    place, _, run_id = trained
    names = judged(place, run_id, 3, mistakes=2)
    app = open_page(place, "run", run=run_id, view="mistakes", true=names[2], predicted=names[0])
    assert not app.exception
    assert "No picture of “<0002>” was taken for “<0000>”" in words(app)


def test_a_confused_pair_is_a_button_that_shows_its_pictures(trained, open_page: Open):
    place, _, run_id = trained
    judged(place, run_id, 3, mistakes=2)
    app = open_page(place, "run", run=run_id, view="mistakes")
    app.button(key="pair-0-1").click().run()
    assert not app.exception
    assert "2 pictures of “<0000>” taken for “<0001>”" in words(app)


def test_ticks_of_one_cell_are_not_corrected_from_another(trained, open_page: Open):
    place, _, run_id = trained
    test = rewrite(trained, {0: 0.9})
    name = test.class_names[test.true[1]]
    app = open_page(place, "run", run=run_id, view="mistakes", true=name, predicted=name)
    next(box for box in app.checkbox if box.key.startswith("tick-")).check().run()
    assert "Exclude 1" in [button.label for button in app.button]
    app.button(key=f"pair-{test.true[0]}-{test.predicted[0]}").click().run()
    assert not app.exception
    (box,) = (box for box in app.checkbox if box.key.startswith("tick-"))
    assert box.key.endswith(test.paths[0])
    (exclude,) = (button for button in app.button if button.label.startswith("Exclude"))
    assert exclude.label == "Exclude"
    assert exclude.disabled


def test_a_cell_of_classes_that_do_not_exist_is_left_aside(trained, open_page: Open):
    place, _, run_id = trained
    judged(place, run_id, 3, mistakes=2)
    app = open_page(place, "run", run=run_id, view="mistakes", true="cat", predicted="dog")
    assert not app.exception
    assert "most confident first" not in words(app)


def test_no_mistake_at_all_is_said(trained, open_page: Open):
    place, _, run_id = trained
    judged(place, run_id, 3, mistakes=0)
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert "Every one of the 9 pictures was recognised" in words(app)


def test_a_class_without_pictures_is_named(trained, open_page: Open):
    place, _, run_id = trained
    judged(place, run_id, 4, mistakes=1, missing=(2,))
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert not app.exception
    assert "No picture here belongs to “<0002>”" in words(app)
    row = app.dataframe[0].value.set_index("class").loc["<0002>"]
    assert row["pictures"] == 0
    assert np.isnan(row["recall"])
    assert row["recall, 95 %"] == "–"


def test_validation_pictures_serve_where_there_are_no_others(trained, open_page: Open):
    place, _, run_id = trained
    judged(place, run_id, 3, mistakes=1, split="validation")
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Pictures"] == "9"
    assert "By the validation pictures" in words(app)


def test_uneven_classes_put_balanced_figures_in_front(trained, open_page: Open):
    place, _, run_id = trained
    true = np.repeat([0, 1], [90, 10])
    write_predictions(
        Predictions(
            class_names=("many", "few"),
            paths=tuple(map(str, range(100))),
            splits=np.full(100, "test"),
            true=true,
            probabilities=np.tile(np.array([[0.9, 0.1]], dtype=np.float32), (100, 1)),
        ),
        RunFiles(place.run_folder(run_id)).predictions,
    )
    app = open_page(place, "run", run=run_id, view="mistakes")
    labels = [metric.label for metric in app.metric]
    assert labels.index("Balanced accuracy") < labels.index("Accuracy")
    assert "never answered “few”" in words(app)


@pytest.mark.parametrize("similar", ["0", "1"])
def test_similar_classes_can_stand_together(trained, open_page: Open, similar):
    place, _, run_id = trained
    judged(place, run_id, 12, mistakes=9)
    app = open_page(place, "run", run=run_id, view="mistakes", order=similar, share="1")
    assert not app.exception


def test_answers_that_are_no_numbers_still_have_a_matrix(trained, open_page: Open):
    place, _, run_id = trained
    write_predictions(
        Predictions(
            class_names=("a", "b"),
            paths=("1.png", "2.png"),
            splits=np.full(2, "test"),
            true=np.array([0, 1]),
            probabilities=np.full((2, 2), np.nan, dtype=np.float32),
        ),
        RunFiles(place.run_folder(run_id)).predictions,
    )
    app = open_page(place, "run", run=run_id, view="mistakes", true="b", predicted="a")
    assert not app.exception
    assert "1 picture of “b” taken for “a”" in words(app)


def test_all_of_many_classes_are_shown_when_asked_for(trained, open_page: Open):
    place, _, run_id = trained
    names = judged(place, run_id, 60, mistakes=9)
    asked = {"all": "1", "true": names[50], "predicted": names[50]}
    app = open_page(place, "run", run=run_id, view="mistakes", **asked)
    assert not app.exception
    assert "3 pictures of “<0050>” recognised" in words(app)
    assert "Drag to look closer" in words(app)


def test_damaged_predictions_are_said(trained, open_page: Open):
    place, _, run_id = trained
    RunFiles(place.run_folder(run_id)).predictions.write_bytes(b"no parquet")
    app = open_page(place, "run", run=run_id, view="mistakes")
    assert not app.exception
    assert "cannot be read" in words(app)


def test_the_files_hold_every_figure_and_harmless_names():
    confusion = [[3, 1, 0], [0, 4, 0], [0, 0, 0]]
    evaluation = evaluation_of(confusion, ["=1+1", "b", "c"])
    cells = read_csv(csv_text(cell_rows(evaluation)))
    assert cells == [
        {"true": "'=1+1", "predicted": "'=1+1", "count": "3"},
        {"true": "'=1+1", "predicted": "b", "count": "1"},
        {"true": "b", "predicted": "b", "count": "4"},
    ]
    first, _, last = read_csv(csv_text(class_rows(evaluation)))
    assert float(first["recall"]) == 0.75
    assert float(first["recall_low"]) == pytest.approx(wilson(3, 4).low)
    assert first["class"] == "'=1+1"
    assert last["recall"] == last["precision"] == ""
    assert (last["pictures"], last["predicted"]) == ("0", "0")


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))
