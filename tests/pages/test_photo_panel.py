"""Everything that is said about one photo."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab.figures.text import escape_markdown
from cnnlab.runs.datasets import remove_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.pages.conftest import said
from tests.pages.test_run_inside import titles
from tests.pictures import coloured_square
from tests.trained import give_own_pictures

Draw = Callable[..., AppTest]


def page(
    run_id: str,
    path: str,
    label: str | None,
    opened: bool,
    change: str,
    damage: object,
) -> None:
    """A page with nothing but the panel. Its source is run elsewhere: everything is imported here.

    Args:
        run_id, path, label, opened: What is shown.
        change: What is missing in the answer, or the verdict in it.
        damage: Done between the answer and the panel.
    """
    from dataclasses import replace
    from pathlib import Path

    import numpy as np

    from cnnlab.datasets.photos import Photo
    from cnnlab.inference.classify import classify
    from cnnlab.inference.rejection import Verdict
    from cnnlab.runs.runs import get_run
    from cnnlab.ui import context, frame
    from cnnlab.ui.photo_panel import photo_panel
    from cnnlab.workspace import RunFiles

    run = get_run(context.store(), run_id)
    photo = Photo(name=Path(path).name, source=Path(path), label=label)
    with frame.shown_errors():
        model = context.shelf().get(RunFiles(context.workspace().run_folder(run.id)))
        answer = next(classify(model, [photo]))
        answer = replace(answer, verdict=None)
        if change == "unknown":
            answer = replace(answer, verdict=Verdict(known=False, strangeness=2, threshold=1))
        elif change == "known":
            answer = replace(answer, verdict=Verdict(known=True, strangeness=0, threshold=1))
        elif change == "bare":
            answer = replace(answer, seen=None, features=None, size_px=None)
        elif change == "no numbers":
            answer = replace(answer, probabilities=np.full(3, np.nan, dtype=np.float32))
        if callable(damage):
            damage()
        photo_panel(run, model, photo, answer, key="one", opened=opened)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "my *red* photo.png"
    coloured_square("red", 77, 300).save(file)
    return file


@pytest.fixture
def draw(trained, photo: Path, monkeypatch: pytest.MonkeyPatch) -> Draw:
    place, _, run_id = trained
    monkeypatch.setenv("CNNLAB_WORKSPACE", str(place.root))

    def draw_(
        path: Path = photo,
        *,
        label: str | None = None,
        opened: bool = True,
        change: str = "",
        damage: Callable[[], None] | None = None,
        **state: object,
    ) -> AppTest:
        app = AppTest.from_function(
            page, default_timeout=60, args=(run_id, str(path), label, opened, change, damage)
        )
        for name, value in state.items():
            app.session_state[name] = value
        app.run()
        assert not app.exception
        return app

    return draw_


def headlines(app: AppTest) -> list[str]:
    return [each.value for each in app.markdown if each.value.startswith("####")]


def pictures(app: AppTest) -> list[str]:
    """What stands in for each picture where none can be seen, in their order."""
    return [image.alt for element in app.get("image") for image in element.proto.imgs]


def test_the_answer_comes_with_all_that_speaks_for_it(draw: Draw):
    app = draw()
    assert not app.error
    (headline,) = headlines(app)
    assert headline.startswith("#### red · ")
    text = said(app)
    assert escape_markdown("my *red* photo.png") in text
    assert "300 × 300 px" in text
    assert "validation pictures scored" in text
    assert "small changes of the photo" in text
    assert "are “red”" in text
    assert len(titles(app)) == 2
    shown = pictures(app)
    assert shown.index("Seen: my *red* photo.png") == shown.index("my *red* photo.png") + 1
    assert sum(name.startswith("turned") for name in shown) == 4
    assert len(app.get("plotly_chart")) == 1


def test_one_of_several_photos_shows_the_rest_only_where_it_is_asked_for(draw: Draw):
    app = draw(opened=False)
    assert headlines(app)
    assert "validation pictures scored" in said(app)
    assert not titles(app)
    assert "small changes" not in said(app)
    app = draw(opened=False, **{"more-one": True})
    assert not app.error
    assert len(titles(app)) == 2
    assert "keep the answer" in said(app)


def test_a_photo_of_something_else_is_called_none_of_these_classes(draw: Draw):
    app = draw(change="unknown")
    (headline,) = headlines(app)
    assert "None of these classes" in headline
    assert "%" not in headline
    assert "The closest one is **red**" in said(app)
    assert "validation pictures scored" not in said(app)
    assert "the closest class" in said(app)
    assert "0 of 12 keep the answer" in said(app)  # without a rule, changes are of some class


def test_without_a_rule_nothing_is_claimed_about_unknown_pictures(draw: Draw):
    claim = "looks like the pictures that the network knows"
    assert claim in said(draw(change="known"))
    assert claim not in said(draw())


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("red", "As its label says."),
        ("blue", "It is labelled **blue**."),
        ("cats", "It is labelled **cats**, which the network does not know."),
    ],
)
def test_a_photo_with_a_label_says_whether_the_answer_is_right(draw: Draw, label, sentence):
    app = draw(label=label, opened=False)
    assert sentence in said(app)


def test_a_file_that_is_no_picture_is_one_sentence(draw: Draw, tmp_path: Path):
    (tmp_path / "note.jpg").write_text("no picture")
    app = draw(tmp_path / "note.jpg")
    (error,) = app.error
    assert escape_markdown("note.jpg") in error.value
    assert not headlines(app)
    assert not app.get("plotly_chart")


def test_a_network_that_gives_no_numbers_is_said(draw: Draw):
    app = draw(change="no numbers")
    (error,) = app.error
    assert "no numbers" in error.value
    assert escape_markdown("my *red* photo.png") in error.value


def test_an_answer_without_what_the_network_saw_is_shown_all_the_same(draw: Draw):
    app = draw(change="bare")
    assert not app.error
    assert headlines(app)
    assert "What the network saw was not kept" in said(app)
    assert "keep the answer" in said(app)


def test_a_photo_that_is_gone_keeps_its_answer(draw: Draw, photo: Path):
    app = draw(damage=photo.unlink)
    assert headlines(app)
    assert len(titles(app)) == 2  # the network has seen it
    assert any("hide_image" in each.value for each in app.caption)
    assert {error.value for error in app.error} == {
        escape_markdown("my *red* photo.png does not exist.")
    }


def test_a_network_that_is_deleted_meanwhile_is_a_sentence(draw: Draw, trained):
    place, _, run_id = trained
    files = RunFiles(place.run_folder(run_id))
    app = draw(damage=lambda: [file.unlink() for file in files.folder.iterdir() if file.is_file()])
    assert headlines(app)
    (error,) = app.error
    assert "has no finished network" in error.value


def test_training_pictures_of_a_removed_data_set_are_named(draw: Draw, trained):
    place, dataset_id, _ = trained
    store = open_store(place)
    remove_dataset(store, dataset_id)
    store.close()
    app = draw()
    assert not app.error
    assert "its pictures are named only" in said(app)
    assert sum("hide_image" in each.value for each in app.caption) == 6


def test_training_pictures_that_are_gone_are_named(draw: Draw, trained):
    place, dataset_id, _ = trained
    for file in give_own_pictures(place, dataset_id).rglob("*.png"):
        file.unlink()
    app = draw()
    assert not app.error
    assert sum("hide_image" in each.value for each in app.caption) == 6


def test_a_large_photo_is_shown_small_and_upright(draw: Draw, tmp_path: Path):
    image = coloured_square("red", 5, 40).resize((1600, 1200))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "phone.jpg", exif=exif)
    app = draw(tmp_path / "phone.jpg", opened=False)
    assert "1,200 × 1,600 px" in said(app)
