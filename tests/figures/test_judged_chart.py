"""Judged pictures stand at their places, with marks and colours that tell right from wrong."""

import numpy as np
import pytest

from cnnlab.figures.judged import Judged, draw_judged, judged_info, plot_judged
from cnnlab.figures.theme import shades


def judged(predicted: str, true: str = "cat", pixels: np.ndarray | None = None) -> Judged:
    if pixels is None:
        pixels = np.full((40, 60, 3), 200, dtype=np.uint8)
    return Judged(f"{true}/a<b>.png", pixels, true, predicted, 0.972)


def test_right_and_wrong_differ_in_mark_and_colour():
    info = judged_info([judged("cat"), judged("dog")], dark=True)
    assert info.sheet.captions == ("✓ cat", "✗ dog")
    assert info.sheet.colours == (shades(True).good, shades(True).bad)
    assert info.sheet.notes == ("97.2%", "true: cat")
    assert info.right == 1


def test_ten_pictures_make_two_rows_of_five():
    info = judged_info([judged("cat")] * 10)
    assert (info.sheet.rows, info.sheet.columns) == (2, 5)
    figure = draw_judged(info, title="Ten at random", dark=False)
    assert "10 of 10 right" in figure.layout.title.text
    captions = figure.layout.annotations[:10]
    assert captions[5].x == captions[0].x
    assert captions[5].y > captions[0].y
    points = figure.data[-1]
    assert len(points.x) == 10
    assert points.y[0] == pytest.approx(0.5, abs=0.05)


def test_notes_stand_below_their_captions():
    figure = plot_judged([judged("dog")])
    caption, note = figure.layout.annotations
    assert note.x == caption.x
    assert note.y > caption.y


def test_pictures_are_shown_whole_in_a_square():
    info = judged_info([judged("cat")])
    shown = info.sheet.sheet[:192, :192]
    assert (shown[..., 3][:32] == 0).all()  # above a picture that is wider than high
    assert (shown[32:160] == (200, 200, 200, 255)).all()
    assert (shown[..., 3][160:] == 0).all()


@pytest.mark.parametrize("shape", [(1, 300, 3), (300, 1, 1), (28, 28, 1), (1, 1, 3)])
def test_pictures_of_every_shape_can_be_shown(shape):
    info = judged_info([judged("cat", pixels=np.zeros(shape, dtype=np.uint8))])
    assert (info.sheet.sheet[..., 3] == 255).any()


def test_a_picture_that_is_gone_leaves_its_place():
    info = judged_info([judged("cat")._replace(pixels=None), judged("dog")])
    assert info.sheet.captions == ("✓ cat", "✗ dog")
    assert (info.sheet.sheet[:192, :192, 3] < 255).all()


def test_names_with_markup_are_shown_as_they_are():
    figure = plot_judged([judged("<b>dog</b>", "%{x}")])
    texts = [note.text for note in figure.layout.annotations] + list(figure.data[-1].hovertext)
    assert not any("<b>dog" in text for text in texts)
    assert not any("%{" in text for text in texts)
    assert "a&lt;b&gt;.png" in texts[-1]


def test_no_picture_makes_an_empty_sheet():
    figure = plot_judged([], title="Ten at random")
    assert not figure.layout.annotations


@pytest.mark.parametrize(("dark", "page"), [(False, "#FFFFFF"), (True, "#0E1117")])
def test_words_on_right_and_wrong_can_be_read(dark, page):
    for colour in (shades(dark).good, shades(dark).bad):
        lighter, darker = sorted((luminance(colour), luminance(page)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
