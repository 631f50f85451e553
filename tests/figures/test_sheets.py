"""Sheets hold every picture at its place, with its own caption."""

import numpy as np
import pytest

from cnnlab.figures.sheets import compose, plot_mean_images, plot_sheet, sheet_info
from cnnlab.figures.theme import PALETTE


def tiles(count: int, side: int = 128, channels: int = 3) -> list[np.ndarray]:
    return [np.full((side, side, channels), 10 * (n + 1), dtype=np.uint8) for n in range(count)]


def test_pictures_stand_row_by_row_with_open_gaps_between_them():
    sheet = compose(tiles(5), columns=3)
    step = 128 + 8
    assert sheet.shape == (2 * step, 3 * step, 4)
    for number in range(5):
        top, left = number // 3 * step, number % 3 * step
        place = sheet[top : top + 128, left : left + 128]
        assert (place[..., :3] == 10 * (number + 1)).all()
        assert (place[..., 3] == 255).all()
    assert not sheet[:, 128:step].any()  # a gap
    assert not sheet[step:, 2 * step :].any()  # no sixth picture


def test_small_pictures_are_enlarged_pixel_by_pixel_and_grey_ones_shown_grey():
    picture = np.arange(16, dtype=np.uint8).reshape(4, 4, 1) * 10
    sheet = compose([picture], columns=1)
    shown = sheet[:128, :128]
    np.testing.assert_array_equal(shown[16::32, 16::32, 0], picture[..., 0])
    assert (shown[..., 0] == shown[..., 2]).all()
    assert set(np.unique(shown[..., 0])) == set(range(0, 160, 10))


def test_captions_are_under_their_pictures_in_the_colours_given():
    figure = plot_sheet(
        tiles(4), ["a", "b", "<b>bold</b>", "d"], columns=2, colours=list(PALETTE[:4])
    )
    notes = figure.layout.annotations
    assert [note.font.color for note in notes] == list(PALETTE[:4])
    assert notes[2].x == notes[0].x
    assert notes[2].y > notes[0].y
    assert notes[1].x > notes[0].x
    assert "<b>" not in notes[2].text
    assert len(figure.layout.images) == 1


def test_row_labels_stand_to_the_left_of_their_rows():
    figure = plot_sheet(tiles(6), columns=3, row_labels=["cat", "dog"])
    first, second = figure.layout.annotations
    assert (first.text, second.text) == ("cat", "dog")
    assert first.x < 0
    assert 1 < second.y - first.y < 1.3
    assert figure.layout.xaxis.range[0] < -1


def test_one_caption_too_few_is_refused():
    with pytest.raises(ValueError, match="Received: 1"):
        sheet_info(tiles(2), ["a"], columns=2)


@pytest.mark.parametrize("dark", [False, True])
def test_no_pictures_are_an_empty_figure(dark):
    figure = plot_sheet([], columns=4, dark=dark)
    assert not figure.layout.images
    figure.to_json()


def test_mean_pictures_name_class_and_count():
    means = {name: tiles(1, side=32)[0] for name in ("cat", "dog & <i>")}
    figure = plot_mean_images(means, {"cat": 1200, "dog & <i>": 3})
    assert figure.layout.annotations[0].text == "cat 1,200"
    assert "<i>" not in figure.layout.annotations[1].text


def test_notes_take_a_line_of_their_own_below_the_captions():
    info = sheet_info(tiles(4), ["a", "b", "c", "d"], columns=2, notes=["1", "2", "3", "4"])
    plain = sheet_info(tiles(4), ["a", "b", "c", "d"], columns=2)
    assert info.notes == ("1", "2", "3", "4")
    assert len(info.sheet) > len(plain.sheet)
    with pytest.raises(ValueError, match="one note"):
        sheet_info(tiles(2), ["a", "b"], columns=2, notes=["1"])


def test_a_fourth_channel_decides_what_can_be_seen():
    picture = np.zeros((128, 128, 4), dtype=np.uint8)
    picture[:64] = 255
    sheet = compose([picture], columns=1)
    assert (sheet[:64, :128, 3] == 255).all()
    assert (sheet[64:128, :128, 3] == 0).all()
