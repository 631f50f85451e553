"""Answers for photos that were handed over: a few in full, many as a table, two networks."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from cnnlab.inference.answering import Answering
from cnnlab.inference.shelf import ModelShelf
from cnnlab.runs.datasets import get_dataset, list_datasets
from cnnlab.runs.runs import get_run
from cnnlab.runs.schema import runs as runs_table
from cnnlab.runs.store import open_store
from cnnlab.runs.tray_corrections import corrections_of
from cnnlab.runs.trays import Tray, read_tray, tray_at
from cnnlab.workspace import RunFiles, Workspace
from tests.pages.conftest import said
from tests.pictures import coloured_square

Open = Callable[..., AppTest]


def page(run_ids, tray_id):
    from cnnlab.runs.runs import get_run
    from cnnlab.runs.trays import read_tray
    from cnnlab.ui import context, frame
    from cnnlab.ui.tray_results import tray_results

    with frame.shown_errors():
        runs = [get_run(context.store(), run_id) for run_id in run_ids]
        tray_results(runs, read_tray(context.workspace(), tray_id))


def write_photos(root: Path, per_class: int, *, bad: int = 0, swapped: int = 0) -> Path:
    """Photos in class folders; some are none, and some reds lie among the blues."""
    for name in ("blue", "green", "red"):
        (root / name).mkdir(parents=True)
        for number in range(per_class):
            coloured_square(name, 500 + number).save(root / name / f"{name} {number}.png")
    for number in range(swapped):
        coloured_square("red", 700 + number).save(root / "blue" / f"swapped {number}.png")
    for number in range(bad):
        (root / "green" / f"broken {number}.jpg").write_bytes(b"no picture")
    return root


@pytest.fixture
def many(trained, tmp_path) -> tuple[Workspace, str, Tray]:
    place, _, run_id = trained
    tray = tray_at(place, str(write_photos(tmp_path / "many", 4, bad=1, swapped=2)))
    return place, run_id, tray


@pytest.fixture
def open_tray(monkeypatch: pytest.MonkeyPatch) -> Open:
    def open_(
        place: Workspace, run_ids: list[str], tray: Tray, *, ready: bool = True, **address: str
    ) -> AppTest:
        monkeypatch.setenv("CNNLAB_WORKSPACE", str(place.root))
        if ready:
            for run_id in run_ids:
                classify_all(place, run_id, tray)
        app = AppTest.from_function(page, args=(run_ids, tray.id), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return open_


def classify_all(place: Workspace, run_id: str, tray: Tray) -> None:
    """Leave the answers where the page finds them, as an earlier visitor would have."""
    import threading

    files = RunFiles(place.run_folder(run_id))
    batch = Answering(files, tray.photos, tray.folder, ModelShelf(), threading.Lock())
    batch.start()
    assert batch.wait(60)


def copy_of(place: Workspace, run_id: str) -> str:
    """A second run with the same network."""
    store = open_store(place)
    run = get_run(store, run_id)
    with store.write() as connection:
        row = connection.execute(runs_table.select().where(runs_table.c.id == run_id)).one()
        connection.execute(insert(runs_table).values(**{**row._mapping, "id": "another"}))
    store.close()
    shutil.copytree(place.run_folder(run.id), place.run_folder("another"))
    return "another"


def table(app: AppTest):
    return app.dataframe[0].value


def names(app: AppTest) -> list[str]:
    return table(app)["name"].tolist()


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def test_a_few_photos_are_answered_in_the_first_run_of_the_page(trained, tmp_path, open_tray):
    place, _, run_id = trained
    tray = tray_at(place, str(write_photos(tmp_path / "few", 1, bad=1)))
    app = open_tray(place, [run_id], tray, ready=False)
    assert not app.exception
    headings = [text.value for text in app.markdown if text.value.startswith("####")]
    assert [heading.split()[1] for heading in headings] == ["blue", "green", "red"]
    assert len(app.error) == 1
    assert not app.dataframe


def test_many_photos_are_a_table_and_none_is_hidden(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray)
    assert not app.exception
    assert len(table(app)) == 15
    assert table(app)["photo"].dropna().str.startswith("data:image/jpeg;base64,").sum() == 14
    text = said(app)
    assert "**15 photos**" in text
    assert "1 cannot be read" in text
    assert "12 of 14 photos" in text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"show": "wrong"}, ["blue/swapped 0.png", "blue/swapped 1.png"]),
        ({"show": "refused"}, ["green/broken 0.jpg"]),
        ({"said": "red", "label": "blue"}, ["blue/swapped 0.png", "blue/swapped 1.png"]),
        ({"find": "GREEN 2"}, ["green/green 2.png"]),
    ],
)
def test_the_address_says_which_photos_are_shown(many, open_tray, address, expected):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray, **address)
    assert names(app) == expected


def test_a_refused_photo_says_why(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray, show="refused")
    assert table(app)["cannot be read"].tolist() == ["not-an-image"]
    assert table(app)["why"].iloc[0].startswith("is not a picture")


def test_nothing_of_that_kind_is_said(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray, find="no such name")
    assert not app.dataframe
    assert "No photo is like that" in app.info[0].value


def test_an_opened_photo_stands_in_the_address_and_can_be_closed(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray, photo="red/red 1.png")
    assert [each.value for each in app.subheader] == [r"red\/red 1\.png"]
    assert any(each.value.startswith("#### red") for each in app.markdown)
    button(app, "Close").click().run()
    assert not app.subheader
    assert "photo" not in app.query_params


def test_what_an_opened_photo_shows_is_said_confirmed_and_taken_back(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray, photo="blue/swapped 0.png")
    button(app, "It is red").click().run()
    assert corrections_of(tray).classes == {"blue/swapped 0.png": "red"}
    assert "you said red" in said(app)
    box = next(each for each in app.selectbox if each.label == "What it really shows")
    box.set_value("green").run()
    assert corrections_of(tray).classes == {"blue/swapped 0.png": "green"}
    button(app, "Undo").click().run()
    button(app, "Undo").click().run()
    assert corrections_of(tray).classes == {}
    assert not [each for each in app.button if each.label == "Undo"]


def test_corrected_photos_become_a_set_with_the_same_bytes(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray, photo="blue/swapped 0.png")
    button(app, "It is red").click().run()
    assert not [each for each in app.button if each.label == "Make it"]
    assert "needs two classes" in said(app)
    app.query_params["photo"] = "blue/blue 0.png"
    app.run()
    button(app, "It is blue").click().run()
    button(app, "Make it").click().run()  # which leaves for another page
    store = open_store(place)
    (made,) = [each for each in list_datasets(store) if each.name == tray.name]
    folder = get_dataset(store, made.id).location
    store.close()
    found = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.png")}
    sources = {photo.name: photo.source for photo in tray.photos}
    assert found == {
        "blue/blue 0.png": sources["blue/blue 0.png"].read_bytes(),
        "red/swapped 0.png": sources["blue/swapped 0.png"].read_bytes(),
    }


def test_folders_are_evaluated_and_a_correction_counts(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id], tray, **{"as": "figures"})
    assert not app.exception
    figures = {each.label: each.value for each in app.metric}
    assert figures["Photos"] == "14"
    assert figures["Accuracy"] == "85.7%"


def test_classes_that_the_network_does_not_know_are_counted(many, open_tray):
    place, run_id, tray = many
    odd = Path(tray.photos[0].source).parents[1]
    (odd / "red").rename(odd / "violet")
    tray = tray_at(place, str(odd))
    app = open_tray(place, [run_id], tray, **{"as": "figures"})
    assert "4 photos are left out" in app.info[0].value
    assert "violet 4" in app.info[0].value


def test_two_networks_stand_side_by_side_and_are_compared(many, open_tray):
    place, run_id, tray = many
    app = open_tray(place, [run_id, copy_of(place, run_id)], tray)
    assert not app.exception
    assert {"said-0", "said-1", "agree"} <= set(table(app).columns)
    assert "for **14** of 14 photos" in said(app)
    assert "within noise" in app.info[0].value
    app = open_tray(place, [run_id, "another"], tray, show="different")
    assert "No photo is like that" in said(app)


def test_the_answers_of_a_deleted_run_are_a_sentence(many, open_tray):
    place, run_id, tray = many
    open_tray(place, [run_id], tray)
    shutil.rmtree(place.run_folder(run_id))
    app = open_tray(place, [run_id], tray, ready=False)
    assert not app.exception
    assert "deleted" in app.error[0].value


def test_damaged_corrections_are_a_sentence(many, open_tray):
    place, run_id, tray = many
    (tray.folder / "corrections.json").write_text('{"version": 1, "steps": [3]}')
    app = open_tray(place, [run_id], tray)
    assert not app.exception
    assert "corrections" in app.error[0].value
    assert read_tray(place, tray.id).photos == tray.photos
