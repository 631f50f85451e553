"""Cards of judged pictures: what they show, and what is left when pictures are gone."""

import shutil

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.evaluation.predictions import Predictions, read_predictions
from cnnlab.runs import corrections
from cnnlab.runs.datasets import get_dataset, remove_dataset
from cnnlab.runs.store import open_store
from cnnlab.ui.predicted import JudgedCards
from cnnlab.workspace import RunFiles
from tests.pages.conftest import said
from tests.trained import give_own_pictures

SCRIPT = """
import streamlit as st
from cnnlab.runs.runs import get_run
from cnnlab.ui import context, frame
from cnnlab.ui.predicted import Card, card_grid
run = get_run(context.store(), {run_id!r})
cards = [
    Card(path=path, title=f"<{{number}}> *cat* → dog", right=number % 2 == 0,
         detail="90%", suggestion={suggestion!r})
    for number, path in enumerate({paths!r})
]
with frame.shown_errors():
    card_grid(run, cards, key="here")
"""


@pytest.fixture
def open_cards(trained, monkeypatch):
    place, _, run_id = trained

    def open_(paths=None, *, suggestion="") -> AppTest:
        monkeypatch.setenv("CNNLAB_WORKSPACE", str(place.root))
        known = list(read_predictions(RunFiles(place.run_folder(run_id)).predictions).paths)
        script = SCRIPT.format(
            run_id=run_id,
            paths=known if paths is None else paths,
            suggestion=suggestion,
        )
        app = AppTest.from_string(script, default_timeout=60).run()
        assert not app.exception
        return app

    return open_


@pytest.fixture
def dataset(trained):
    place, dataset_id, _ = trained
    store = open_store(place)
    yield get_dataset(store, dataset_id)
    store.close()


def ticks(app: AppTest) -> list:
    return [box for box in app.checkbox if box.key and box.key.startswith("tick-")]


def press(app: AppTest, start: str) -> AppTest:
    return next(button for button in app.button if button.key.startswith(start)).click().run()


def known_paths(place, dataset, store) -> list[str]:
    return list(corrections.load_index(store, place, dataset).frame["path"])


def test_titles_are_coloured_marked_and_escaped(open_cards):
    app = open_cards()
    titles = [each.value for each in app.markdown if "cat" in each.value]
    assert titles[0].startswith(":small[:green[:material/check: **")
    assert titles[1].startswith(":small[:red[:material/close: **")
    assert "*cat*" not in titles[0].replace("\\*", "")
    assert len(ticks(app)) == len(titles)


def test_a_page_holds_24_and_other_cards_begin_at_their_first_page(trained, dataset, open_cards):
    place, _, _ = trained
    store = open_store(place)
    paths = known_paths(place, dataset, store)
    store.close()
    app = open_cards(paths)
    assert len(ticks(app)) == 24
    (pages,) = app.pagination
    pages.set_value(3).run()
    assert len(ticks(app)) == len(paths) - 48
    assert "49 to 60 of 60" in said(app)


def test_ticked_pictures_are_excluded_and_undo_takes_it_back(trained, dataset, open_cards):
    place, _, _ = trained
    store = open_store(place)
    app = open_cards()
    path = next(iter(ticks(app))).key.rsplit("-", 1)[1]
    ticks(app)[0].check().run()
    press(app, "exclude-here")
    assert not app.exception
    assert corrections.load_index(store, place, dataset).excluded == {path}
    assert "now excluded" in said(app)
    press(app, "undo-here")
    assert not corrections.load_index(store, place, dataset).excluded
    assert "now excluded" not in said(app)
    store.close()


def test_one_click_gives_a_picture_the_class_that_is_suggested(trained, dataset, open_cards):
    place, _, _ = trained
    store = open_store(place)
    app = open_cards(["red/000.png", "green/001.png"], suggestion="green")
    offers = [button for button in app.button if button.label == "Relabel to green"]
    assert [button.key.rsplit("-", 1)[1] for button in offers] == ["red/000.png"]
    offers[0].click().run()
    assert not app.exception
    assert dict(corrections.load_index(store, place, dataset).relabelled) == {"red/000.png": "red"}
    assert "now green" in said(app)
    press(app, "undo-here")
    assert not corrections.load_index(store, place, dataset).relabelled
    store.close()


def test_all_ticked_pictures_get_their_own_suggestion(trained, dataset, open_cards):
    place, _, _ = trained
    store = open_store(place)
    app = open_cards(["red/000.png", "blue/001.png"], suggestion="green")
    for number in range(2):
        ticks(app)[number].check().run()
    press(app, "suggested-here")
    assert not app.exception
    index = corrections.load_index(store, place, dataset)
    assert dict(index.relabelled) == {"red/000.png": "red", "blue/001.png": "blue"}
    store.close()


def test_a_picture_opens_in_full_with_what_was_said_about_it(open_cards):
    app = open_cards(["red/000.png"])
    press(app, "open-here")
    assert not app.exception
    assert any(each.value.startswith(":green[") for each in app.markdown)


def test_pictures_that_are_gone_keep_their_names(trained, open_cards):
    place, dataset_id, _ = trained
    (give_own_pictures(place, dataset_id) / "red/001.png").unlink()
    app = open_cards(["red/000.png", "red/001.png", "red/nowhere.png"])
    text = said(app)
    assert "cannot be read" in text
    assert "not in the data set any more" in text
    assert "nowhere" in text
    assert len(ticks(app)) == 1


def test_of_a_removed_data_set_the_names_are_left(trained, dataset, open_cards):
    place, dataset_id, _ = trained
    store = open_store(place)
    remove_dataset(store, dataset_id)
    store.close()
    app = open_cards(["red/000.png"])
    assert "no longer in this workspace" in said(app)
    assert "000" in said(app)
    assert not ticks(app)


def test_a_damaged_or_missing_index_leaves_the_names(trained, dataset, open_cards):
    place, dataset_id, _ = trained
    place.index_file(dataset_id).write_bytes(b"damaged")
    app = open_cards(["red/000.png"])
    assert "Scan the data set again" in said(app)
    shutil.rmtree(place.dataset_folder(dataset_id))
    app = open_cards(["red/000.png"])
    assert "has not been looked at yet" in said(app)
    assert "000" in said(app)


def judged(true: list[int], probabilities: list[list[float]], **how: bool) -> JudgedCards:
    classes = len(probabilities[0])
    predictions = Predictions(
        class_names=("cat", "dog", "eel")[:classes],
        paths=tuple(f"{row}.png" for row in range(len(true))),
        splits=np.array(["test"] * len(true)),
        true=np.array(true),
        probabilities=np.array(probabilities, dtype=np.float32),
    )
    return JudgedCards(predictions, np.arange(len(true)), **how)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_cards_of_predictions_name_both_classes_and_how_sure_the_network_was():
    wrong, right = judged([0, 1], [[0.1, 0.7, 0.2], [0.3, 0.6, 0.1]])[0:2]
    assert (wrong.title, wrong.right) == ("cat → dog", False)
    assert plain(wrong.detail) == "dog 70.0% · cat 10.0%"
    assert (right.title, right.right) == ("dog", True)
    assert plain(right.detail) == "dog 60.0% · cat 30.0%"
    assert not wrong.suggestion


def test_cards_of_suspected_labels_suggest_what_the_network_said():
    (card,) = judged([0], [[0.02, 0.98]], suspects=True)
    assert plain(card.title) == "labelled cat, looks like dog 98.0%"
    assert card.right is None
    assert card.suggestion == "dog"


def test_one_class_and_probabilities_that_are_no_numbers_have_cards_too():
    assert judged([0], [[1.0]])[0].title == "cat"
    assert judged([0], [[float("nan"), 0.5]])[0].path == "0.png"


def test_cards_are_made_when_they_are_asked_for():
    cards = judged([0] * 25_000, [[0.9, 0.1]] * 25_000)
    assert len(cards) == 25_000
    assert [card.path for card in cards[24_990:]] == [f"{row}.png" for row in range(24_990, 25_000)]
    assert cards[-1].path == "24999.png"
