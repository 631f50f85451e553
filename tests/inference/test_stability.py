"""Whether an answer outlives small changes of the photo."""

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets.small_changes import small_changes
from cnnlab.inference.model import LiteModel, load_model
from cnnlab.inference.rejection import RejectionRule, Surroundings
from cnnlab.inference.stability import Change, Stability, stability, stability_sentence
from cnnlab.inference.training_features import read_training_features
from cnnlab.workspace import RunFiles
from tests.pictures import COLOURS, coloured_square
from tests.rules import FITTED


@pytest.fixture(scope="module")
def model(trained_once) -> LiteModel:
    place, _, run_id = trained_once
    return load_model(RunFiles(place.run_folder(run_id)))


def pixels(colour: str, side_px: int = 200) -> np.ndarray:
    return np.asarray(coloured_square(colour, 3, side_px))


def gradient(width: int, height: int) -> Image.Image:
    """Brighter to the right and to the bottom."""
    rows, columns = np.mgrid[0:height, 0:width]
    values = np.stack([255 * columns / max(1, width - 1), 255 * rows / max(1, height - 1)], axis=-1)
    return Image.fromarray(np.dstack([values, np.zeros((height, width))]).astype(np.uint8))


def test_a_plain_picture_keeps_its_answer_through_all_twelve_changes(model):
    names = model.facts.class_names
    found = stability(model, pixels("red"), names.index("red"))
    assert (found.agree, found.total) == (12, 12)
    assert len({change.name for change in found.changes}) == 12
    assert stability_sentence(found) == "All 12 small changes of the photo keep the answer."


def test_the_same_photo_gives_the_same_answers(model):
    first, again = (stability(model, pixels("blue"), 0) for _ in range(2))
    assert first == again


def test_changes_that_end_in_another_class_are_named_with_it(model):
    names = model.facts.class_names
    found = stability(model, pixels("green"), names.index("red"))
    assert found.agree == 0
    assert stability_sentence(found).startswith("None of 12 small changes")
    document = json.loads(json.dumps(found.to_json()))
    assert {change["label"] for change in document["changes"]} == {"green"}


def test_each_answer_is_the_one_for_the_changed_picture_as_it_would_be_prepared(model):
    image = Image.fromarray(pixels("blue"))
    found = stability(model, np.asarray(image), 0)
    data = model.facts.data
    for changed, change in zip(small_changes(image), found.changes, strict=True):
        square = np.asarray(changed.image.resize((data.size, data.size), Image.Resampling.BILINEAR))
        (row,) = model.predict(square[None]).probabilities
        assert change.name == changed.name
        assert change.probability == pytest.approx(float(row.max()), abs=1e-5)
        with Image.open(BytesIO(change.thumbnail)) as thumbnail:
            assert max(thumbnail.size) <= 112


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3000, 20), (1300, 900)])
def test_pictures_of_any_shape_can_be_changed(model, size):
    found = stability(model, np.asarray(gradient(*size)), 0)
    assert found.total == 12
    assert all(0 <= change.probability <= 1 for change in found.changes)


def test_small_changes_are_small_and_leave_no_black_corners():
    image = Image.fromarray(np.full((90, 120, 3), COLOURS["red"], dtype=np.uint8))
    for name, changed in small_changes(image):
        values = np.asarray(changed).astype(float)
        if name not in ("darker", "brighter"):
            assert np.abs(values - COLOURS["red"]).max() <= 6, name
        assert changed.width >= 0.9 * image.width - 1
        assert changed.height >= 0.9 * image.height - 1


def test_names_say_which_way_it_was_turned_and_what_was_cut_off():
    changed = {
        name: np.asarray(image).astype(float) for name, image in small_changes(gradient(99, 99))
    }
    right, left = changed["turned 10° right"], changed["turned 10° left"]
    # Turned right, the dark upper edge comes down on the right: its green is darker there.
    assert right[50, 80, 1] < right[50, 20, 1]
    assert left[50, 80, 1] > left[50, 20, 1]
    assert (
        changed["left and top cropped"][0, 0].sum()
        > changed["right and bottom cropped"][0, 0].sum()
    )


def tried(*answers: tuple[int, bool], known: bool = True) -> Stability:
    """The first class, or none of them, and what it becomes: (class, whether it is known)."""
    changes = tuple(
        Change(
            name=f"change {place}", class_index=index, probability=0.9, known=of_any, thumbnail=b""
        )
        for place, (index, of_any) in enumerate(answers)
    )
    return Stability(class_names=("cat", "dog"), class_index=0, known=known, changes=changes)


@pytest.mark.parametrize(("threshold", "known"), [(-1e9, False), (1e9, True)])
def test_changed_photos_are_judged_by_the_rule_for_unknown_pictures(
    trained_once, model, threshold, known
):
    place, _, run_id = trained_once
    files = RunFiles(place.run_folder(run_id))
    fitted = replace(FITTED, threshold=threshold, weight=1.0)
    features = read_training_features(files.training_features).features
    rule = RejectionRule(fitted, Surroundings(features))
    judging = LiteModel(model.facts, files.lite_model, rule)
    red = model.facts.class_names.index("red")
    found = stability(judging, pixels("red"), red, known=known)
    assert found.agree == 12
    assert {change.known for change in found.changes} == {known}
    assert stability(judging, pixels("red"), red, known=not known).agree == 0


def test_an_answer_that_is_kept_by_most_names_those_that_do_not_keep_it():
    found = tried(*[(0, True)] * 10, (1, True), (0, False))
    assert found.agree == 10
    assert stability_sentence(found) == (
        "10 of 12 small changes of the photo keep the answer. "
        "Not so: change 10, “dog”; change 11, “None of these classes”."
    )
    assert "the others make it another one" in stability_sentence(
        tried((0, True), *4 * [(1, True)])
    )


def test_none_of_these_classes_is_kept_whatever_class_is_the_closest():
    found = tried((0, False), (1, False), (0, True), known=False)
    assert found.agree == 2
    assert stability_sentence(found).endswith("Not so: change 2, “cat”.")
