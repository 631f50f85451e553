"""The Classify page: photos in, and what is said when something is not there."""

import base64
import io
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab.evaluation.predictions import read_predictions
from cnnlab.runs import runs
from cnnlab.runs.store import open_store
from cnnlab.runs.trays import make_tray, read_tray
from cnnlab.ui.paste import MOST_MEGABYTES, read_pasted
from cnnlab.workspace import RunFiles, Workspace
from tests.finished import finished_run
from tests.pages.conftest import Open, said
from tests.pictures import coloured_square
from tests.trays import tray_ids


def png(class_name: str = "red") -> bytes:
    content = io.BytesIO()
    coloured_square(class_name, 99).save(content, "PNG")
    return content.getvalue()


def winners(app: AppTest) -> list[str]:
    return [text.value for text in app.markdown if text.value.startswith("####")]


def send(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    named = [(name, content, "application/octet-stream") for name, content in files]
    return app.file_uploader[0].set_value(named).run()


def photo_names(place: Workspace) -> list[str]:
    return [photo.name for photo in read_tray(place, tray_ids(place)[0]).photos]


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


@pytest.fixture
def other_run(trained) -> str:
    """A second finished run with the same network."""
    place, dataset_id, run_id = trained
    store = open_store(place)
    config = runs.get_run(store, run_id).config
    known = read_predictions(RunFiles(place.run_folder(run_id)).predictions)
    other = finished_run(store, place, dataset_id, config, known)
    store.close()
    for name in ("model.tflite", "model.json"):
        shutil.copy(place.run_folder(run_id) / name, place.run_folder(other) / name)
    return other


def test_photo_is_answered_and_stands_in_the_address(trained, open_page: Open):
    place, _, _ = trained
    app = send(open_page(place, "classify"), ("red.png", png()), ("broken.jpg", b"no picture"))
    assert not app.exception
    assert len(winners(app)) == 1
    assert "broken" in app.error[0].value
    tray_id = app.query_params["photos"]
    assert tray_ids(place) == (tray_id if isinstance(tray_id, list) else [tray_id])
    assert photo_names(place) == ["red.png", "broken.jpg"]


def test_uploader_is_empty_again_and_the_page_does_not_take_the_photos_twice(
    trained, open_page: Open
):
    place, _, _ = trained
    app = send(open_page(place, "classify"), ("red.png", png()))
    key = app.file_uploader[0].key
    app.run()
    assert not app.exception
    assert app.file_uploader[0].key == key
    assert not app.file_uploader[0].value
    assert len(tray_ids(place)) == 1


def test_link_shows_the_same_photos(trained, open_page: Open):
    place, _, run_id = trained
    tray = make_tray(place, [("mine.png", io.BytesIO(png()))])
    app = open_page(place, "classify", run=run_id, photos=tray.id)
    assert not app.exception
    assert "mine" in said(app)
    assert len(winners(app)) == 1


def test_photos_that_are_gone_get_a_sentence_and_the_page_stays_useful(trained, open_page: Open):
    app = open_page(trained[0], "classify", photos="0123456789abcdef")
    assert not app.exception
    assert "no longer here" in app.warning[0].value
    assert len(winners(app)) == 3
    assert "photos" not in app.query_params


def test_zip_is_unpacked_and_one_that_is_refused_gets_its_sentence(trained, open_page: Open):
    place, _, _ = trained
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("set/red/1.png", png())
        opened.writestr("set/blue/1.png", png("blue"))
    app = send(open_page(place, "classify"), ("photos.zip", archive.getvalue()))
    assert not app.exception
    assert photo_names(place) == ["blue/1.png", "red/1.png"]
    app = send(app, ("bad.zip", b"no zip"))
    assert not app.exception
    assert "is not a zip that can be read" in app.error[0].value
    assert photo_names(place) == ["blue/1.png", "red/1.png"]


def test_path_on_the_server_is_read_in_place(trained, open_page: Open, tmp_path: Path):
    place, _, _ = trained
    photo = tmp_path / "mine.png"
    photo.write_bytes(png())
    app = open_page(place, "classify")
    app.text_input[0].set_value(str(photo))
    press(app, "Classify")
    assert not app.exception
    assert len(winners(app)) == 1
    assert read_tray(place, tray_ids(place)[0]).photos[0].source == photo
    app.text_input[0].set_value(str(tmp_path / "nowhere"))
    press(app, "Classify")
    assert "nothing at" in app.error[0].value
    assert len(winners(app)) == 1


def test_cleared_photos_can_be_brought_back_or_deleted(trained, open_page: Open):
    place, _, _ = trained
    app = send(open_page(place, "classify"), ("mine.png", png()))
    press(app, "Clear")
    assert "mine" not in said(app)
    assert len(winners(app)) == 3
    press(app, "Bring them back")
    assert "mine" in said(app)
    press(app, "Clear")
    press(app, "Delete them now")
    assert not app.exception
    assert len(winners(app)) == 3
    assert tray_ids(place) == []


def test_run_that_was_deleted_gets_a_sentence_and_others_can_be_chosen(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "classify", run="gone-123")
    assert not app.exception
    assert "There is no run" in app.error[0].value
    assert app.selectbox(key="choose-run").value == run_id
    assert len(winners(app)) == 3


def test_network_that_is_deleted_in_use_gets_a_sentence(trained, other_run: str, open_page: Open):
    place, _, run_id = trained
    app = send(open_page(place, "classify", run=other_run), ("mine.png", png()))
    assert len(winners(app)) == 1
    shutil.rmtree(place.run_folder(other_run))
    app.run()
    assert not app.exception
    assert "deleted" in app.error[0].value
    app.selectbox(key="choose-run").select(run_id).run()
    assert not app.error
    assert "mine" in said(app)


def test_two_networks_answer_the_same_photos(trained, other_run: str, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "classify", run=run_id, against=other_run)
    send(app, ("mine.png", png()))
    assert not app.exception
    assert not app.error
    assert len(winners(app)) == 2
    app = open_page(place, "classify", run=run_id, against="gone-123")
    assert not app.exception
    assert "There is no finished network gone" in app.warning[0].value


def test_lone_network_offers_no_comparison(trained, open_page: Open):
    app = open_page(trained[0], "classify")
    assert [box.key for box in app.selectbox] == ["choose-run"]


def test_damaged_network_gets_a_sentence_below_the_choice(trained, open_page: Open):
    place, _, run_id = trained
    RunFiles(place.run_folder(run_id)).lite_model.write_bytes(b"no model")
    app = open_page(place, "classify")
    assert not app.exception
    assert "damaged" in app.error[0].value
    assert app.selectbox(key="choose-run").value == run_id


def test_pasted_pictures_are_read_and_nonsense_is_left_out():
    content = base64.b64encode(png()).decode()
    sent = [
        {"name": "pasted.png", "content": content},
        {"name": "", "content": content},
        {"name": "bad.png", "content": "***"},
        {"name": 1, "content": content},
        {"content": content},
        "text",
        None,
    ]
    found = read_pasted(sent)
    assert [name for name, _ in found] == ["pasted.png", "pasted"]
    assert all(Image.open(file).size == (40, 40) for _, file in found)
    assert read_pasted(None) == []
    assert read_pasted({"name": "x"}) == []
    assert read_pasted([{"name": "x", "content": "A" * (MOST_MEGABYTES * 1_400_000)}]) == []


def test_other_photos_are_not_filtered_by_what_was_chosen_before(trained, open_page: Open):
    place, _, _ = trained
    with_filter = {"show": "wrong", "find": "red", "photo": "gone.png"}
    app = send(open_page(place, "classify", **with_filter), ("red.png", png()))
    assert not app.exception
    assert "photos" in app.query_params
    assert not with_filter.keys() & set(app.query_params)
    press(app, "Clear")
    assert "photos" not in app.query_params
