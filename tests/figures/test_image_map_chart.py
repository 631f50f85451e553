"""The map of pictures: one colour a class, one point a picture."""

import numpy as np

from cnnlab.figures import image_map
from cnnlab.figures.image_map import image_map_info, plot_image_map
from cnnlab.figures.theme import class_colours

NAMES = ["cat", "dog", "eel"]


def points(count: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (count, 2)).astype(np.float32)


def test_points_have_the_colour_of_their_class_and_carry_their_path():
    classes = ["dog", "cat", "dog", "cat"]
    paths = [f"{name}/{n}.png" for n, name in enumerate(classes)]
    places = points(4)
    figure = plot_image_map(places, classes, paths, NAMES)
    cat, dog = figure.data
    colours = class_colours(NAMES)
    assert (cat.name, dog.name) == ("cat", "dog")
    assert (cat.marker.color, dog.marker.color) == (colours["cat"], colours["dog"])
    assert [row[0] for row in dog.customdata] == ["dog/0.png", "dog/2.png"]
    np.testing.assert_array_equal(dog.x, places[[0, 2], 0])
    assert figure.layout.dragmode == "lasso"


def test_of_too_many_points_every_class_keeps_its_share_and_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(image_map, "MOST_POINTS", 100)
    classes = ["cat"] * 300 + ["dog"] * 100
    info = image_map_info(classes, NAMES)
    assert {name: len(rows) for name, rows in info.rows.items()} == {"cat": 75, "dog": 25}
    assert info.left_out == 300
    figure = plot_image_map(points(400), classes, ["x"] * 400, NAMES)
    assert "300 more are not drawn" in figure.layout.title.text


def test_names_are_escaped():
    figure = plot_image_map(points(1), ["<b>"], ["a/<i>.png"], ["<b>"])
    assert "<b>" not in figure.data[0].name
    assert "<i>" not in figure.data[0].text[0]


def test_an_empty_map_can_be_drawn():
    assert plot_image_map(points(0), [], [], NAMES, dark=True).to_json()
