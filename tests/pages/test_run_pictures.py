"""The view of pictures that a network was right or wrong about."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.evaluation.predictions import Predictions, read_predictions, write_predictions
from cnnlab.runs import corrections
from cnnlab.runs.datasets import get_dataset, remove_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.pages.conftest import Open, said
from tests.trained import give_own_pictures


def predictions_file(trained) -> Path:
    place, _, run_id = trained
    return RunFiles(place.run_folder(run_id)).predictions


def rewrite(trained, wrong: dict[int, float] | None = None, *, splits=("validation", "test")):
    """Predictions that are right but for some test rows, which are taken for the next class.

    Args:
        wrong: How sure the network is of it, by row among the test pictures.
    """
    file = predictions_file(trained)
    known = read_predictions(file)
    kept = np.isin(known.splits, splits)
    true, sides = known.true[kept], known.splits[kept]
    probabilities = np.full((len(true), 3), 0.05, dtype=np.float32)
    probabilities[np.arange(len(true)), true] = 0.9
    test = np.flatnonzero(sides == "test")
    for place, sure in (wrong or {}).items():
        row = test[place]
        probabilities[row] = 0.98 - sure
        probabilities[row, true[row]] = 0.02
        probabilities[row, (true[row] + 1) % 3] = sure
    paths = tuple(path for path, keep in zip(known.paths, kept, strict=True) if keep)
    predictions = Predictions(
        class_names=known.class_names,
        paths=paths,
        splits=sides,
        true=true,
        probabilities=probabilities,
    )
    write_predictions(predictions, file)
    return predictions.select("test")


@pytest.fixture
def open_view(trained, open_page: Open):
    place, _, run_id = trained

    def open_(**address: str) -> AppTest:
        app = open_page(place, "run", run=run_id, view="pictures", **address)
        assert not app.exception
        return app

    return open_


def cards(app: AppTest) -> list[str]:
    """Paths of the cards, in their order."""
    ticks = [box.key for box in app.checkbox if box.key and box.key.startswith("tick-")]
    return [key.rsplit("-", 1)[1] for key in ticks]


def figures(app: AppTest) -> list:
    return app.get("plotly_chart")


def test_ten_at_random_are_drawn_anew_and_the_address_says_which(trained, open_view):
    rewrite(trained, {0: 0.9})
    app = open_view()
    assert len(figures(app)) == 1
    next(button for button in app.button if button.label == "Other ten")
    app = open_view(seed="7")
    next(box for box in app.toggle if box.label == "One by one").set_value(True).run()
    drawn = cards(app)
    assert len(drawn) == 9  # there are no more
    app = open_view(seed="nonsense")
    assert not app.exception
    assert "Draw 1" in said(app)


def excluding(app: AppTest):
    """The button of the bar that excludes what is ticked."""
    (button,) = (each for each in app.button if each.label.startswith("Exclude"))
    return button


def tick_first(app: AppTest) -> None:
    next(box for box in app.checkbox if box.key.startswith("tick-")).check().run()
    assert excluding(app).label == "Exclude 1"


@pytest.mark.parametrize("kind", ["random", "doubts"])
def test_ticks_of_one_split_are_not_corrected_from_another(trained, open_view, kind):
    rewrite(trained)
    app = open_view(kind=kind, split="test")
    if kind == "random":
        next(box for box in app.toggle if box.label == "One by one").set_value(True).run()
    tick_first(app)
    app.segmented_control(key="pictures-split").set_value("validation").run()
    assert not app.exception
    assert cards(app)
    assert excluding(app).disabled


def test_other_ten_follow_in_the_address(trained, open_view):
    file = predictions_file(trained)
    known = read_predictions(file)
    more = Predictions(
        class_names=known.class_names,
        paths=known.paths,
        splits=np.array(["test"] * len(known)),
        true=known.true,
        probabilities=known.probabilities,
    )
    write_predictions(more, file)
    app = open_view()
    next(button for button in app.button if button.label == "Other ten").click().run()
    assert app.query_params["seed"] == "2"
    assert "Draw 2" in said(app)
    next(box for box in app.toggle if box.label == "One by one").set_value(True).run()
    assert len(cards(app)) == 10
    tick_first(app)
    next(button for button in app.button if button.label == "Other ten").click().run()
    assert "Draw 3" in said(app)
    assert len(cards(app)) == 10
    assert excluding(app).disabled


def test_confident_mistakes_come_surest_first(trained, open_view):
    test = rewrite(trained, {1: 0.7, 4: 0.95})
    app = open_view(kind="mistakes")
    assert cards(app) == [test.paths[4], test.paths[1]]
    assert "2 of 9" in said(app)
    titles = [each.value for each in app.markdown if each.value.startswith(":small[")]
    assert all(":red[:material/close:" in title for title in titles)


def test_without_a_mistake_it_says_so(trained, open_view):
    rewrite(trained)
    assert "Every test picture was recognised." in said(open_view(kind="mistakes"))
    assert "No label of a test picture" in said(open_view(kind="labels"))


def test_the_least_certain_are_all_pictures(trained, open_view):
    test = rewrite(trained, {3: 0.5})
    app = open_view(kind="doubts")
    assert cards(app)[0] == test.paths[3]
    assert len(cards(app)) == 9


def test_validation_pictures_can_be_looked_at_instead(trained, open_view):
    rewrite(trained, {1: 0.7})
    app = open_view(kind="mistakes", split="validation")
    assert "Every validation picture was recognised." in said(app)


def test_a_run_without_test_pictures_shows_its_validation_pictures(trained, open_view):
    rewrite(trained, splits=("validation",))
    app = open_view(kind="doubts")
    assert "validation pictures" in said(app)
    assert "test pictures" not in said(app)
    assert len(cards(app)) == 9


def test_no_predictions_at_all_are_said_in_words(trained, open_view):
    rewrite(trained, splits=())
    assert "no predictions" in said(open_view())
    predictions_file(trained).unlink()
    assert "no stored predictions" in said(open_view())
    predictions_file(trained).write_bytes(b"damaged")
    assert "cannot be read" in said(open_view())


def test_a_suspected_label_is_corrected_and_the_page_goes_on(trained, open_view):
    place, dataset_id, _ = trained
    test = rewrite(trained, {2: 0.96})
    path, names = test.paths[2], test.class_names
    true, seen = names[test.true[2]], names[test.predicted[2]]
    app = open_view(kind="labels")
    assert cards(app) == [path]
    assert f"looks like {seen}" in said(app)
    next(button for button in app.button if button.label == f"Relabel to {seen}").click().run()
    assert not app.exception
    store = open_store(place)
    dataset = get_dataset(store, dataset_id)
    assert dict(corrections.load_index(store, place, dataset).relabelled) == {path: true}
    assert "has changed since this run was trained" in said(app)
    assert cards(app) == [path]
    assert f"now {seen}" in said(app)
    next(button for button in app.button if button.label.startswith("Undo")).click().run()
    assert not corrections.load_index(store, place, dataset).relabelled
    assert "has changed" not in said(app)
    store.close()


def test_a_suspected_picture_is_excluded_and_stays_in_sight(trained, open_view):
    place, dataset_id, _ = trained
    test = rewrite(trained, {2: 0.96})
    app = open_view(kind="labels")
    next(box for box in app.checkbox if box.key.startswith("tick-")).check().run()
    next(button for button in app.button if button.label == "Exclude 1").click().run()
    assert not app.exception
    store = open_store(place)
    index = corrections.load_index(store, place, get_dataset(store, dataset_id))
    assert index.excluded == {test.paths[2]}
    assert "now excluded" in said(app)
    store.close()


@pytest.mark.parametrize("kind", ["random", "mistakes", "doubts", "labels"])
def test_removed_files_leave_their_names(trained, open_view, kind):
    place, dataset_id, _ = trained
    test = rewrite(trained, {2: 0.96})
    (give_own_pictures(place, dataset_id) / test.paths[2]).unlink()
    app = open_view(kind=kind)
    assert not app.error
    if kind != "random":
        assert "cannot be read" in said(app)
        assert test.paths[2].rsplit("/", 1)[1].removesuffix(".png") in said(app)
    store = open_store(place)
    remove_dataset(store, dataset_id)
    store.close()
    app = open_view(kind=kind)
    assert not app.error
    assert "data set" in said(app)
    assert not cards(app)


def test_an_unknown_kind_shows_the_first_one(trained, open_view):
    rewrite(trained)
    app = open_view(kind="everything")
    assert len(figures(app)) == 1
