"""Colours can be told apart, in both themes and by everybody."""

from itertools import combinations

import numpy as np
import plotly.graph_objects as go
import pytest

from cnnlab.figures.theme import (
    PALETTE,
    SPLIT_COLOURS,
    class_colours,
    interval_bars,
    shades,
    style,
    template,
)

BACKGROUNDS = {False: "#FFFFFF", True: "#0E1117"}

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour):
    channels = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Contrast ratio as WCAG defines it."""
    weights = [0.2126, 0.7152, 0.0722]
    low, high = sorted((linear(one) @ weights, linear(other) @ weights))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb):
    to_lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(to_lab) @ np.cbrt(np.array(to_lms) @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("colour", [*PALETTE, *SPLIT_COLOURS.values()])
def test_marks_stand_out_from_the_page(colour, dark):
    assert contrast(colour, BACKGROUNDS[dark]) >= 3


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable_on_the_page_and_in_hovers(dark):
    for text in (shades(dark).text, shades(dark).muted):
        assert contrast(text, BACKGROUNDS[dark]) >= 4.5
        assert contrast(text, shades(dark).surface) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("scale", ["right", "wrong"])
def test_numbers_are_readable_on_every_tone_of_a_scale(scale, dark):
    """The chart writes #444 on light and white on dark cells; stops bound what lies between."""
    for _, tone in getattr(shades(dark), scale):
        red, green, blue = (int(tone[start : start + 2], 16) for start in (1, 3, 5))
        is_dark = (299 * red + 587 * green + 114 * blue) / 1000 < 128
        assert contrast("#FFFFFF" if is_dark else "#444444", tone) >= 4.4


@pytest.mark.parametrize("vision", VISION)
def test_the_first_eight_colours_stay_apart_for_colour_blind_eyes(vision):
    """Okabe and Ito's palette, measured the same way, has 0.076."""
    seen = [oklab(np.array(VISION[vision]) @ linear(colour)) for colour in PALETTE[:8]]

    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 0.08


def test_a_class_keeps_its_colour_whatever_else_is_shown():
    names = [f"class {index}" for index in range(20)]
    colours = class_colours(names)

    assert colours == class_colours(list(names))
    assert list(colours) == names
    assert len({colours[name] for name in names[:16]}) == 16
    assert colours["class 16"] == colours["class 0"]


def test_both_templates_are_transparent_and_differ_in_their_text_only_where_they_must():
    light, dark = template(False).layout, template(True).layout

    assert light.paper_bgcolor == dark.paper_bgcolor == "rgba(0,0,0,0)"
    assert light.plot_bgcolor == dark.plot_bgcolor == "rgba(0,0,0,0)"
    assert light.font.color != dark.font.color
    assert light.colorway == dark.colorway


def test_style_returns_the_same_figure_in_the_theme():
    figure = go.Figure()
    dressed = style(figure, dark=True, title="Loss", subtitle="best epoch 3", height_px=300)

    assert dressed is figure
    assert figure.layout.template == go.Figure(layout_template=template(True)).layout.template
    assert figure.layout.height == 300
    assert figure.layout.title.text.startswith("Loss<br>")
    assert "best epoch 3" in figure.layout.title.text


def test_bars_reach_to_both_ends_of_an_interval_and_never_backwards():
    bars = interval_bars([0.5, 1.0], [(0.4, 0.7), (0.9, 1.0 - 1e-16)], width=3)
    assert bars["arrayminus"] == pytest.approx([0.1, 0.1])
    assert bars["array"] == [pytest.approx(0.2), 0.0]
    assert bars["width"] == 3
    assert interval_bars([1.0], [(0.9, 0.99)])["array"] == [0.0]
