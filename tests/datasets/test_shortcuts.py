"""Facts about files that give the class away."""

import json

import numpy as np
import pandas as pd
import pytest

from cnnlab.datasets.shortcuts import TOGETHER, Shortcuts, find_shortcuts
from tests.datasets.test_index import make_index, picture


def rows(count=60, **facts):
    return [
        picture(f"{name}/{n}.png", **{key: value(name, n) for key, value in facts.items()})
        for name in ("cat", "dog")
        for n in range(count)
    ]


def test_a_format_that_goes_with_the_class_is_found():
    index = make_index(*rows(format=lambda name, n: "JPEG" if name == "cat" else "PNG"))
    found = find_shortcuts(index)
    assert found.baseline == 0.5
    assert found.scores == {"format": 1.0}
    assert found.telling == {"format": 1.0}
    assert found.fingerprint == index.fingerprint


def test_noise_is_no_shortcut():
    rng = np.random.default_rng(0)
    index = make_index(*rows(200, width=lambda *_: int(rng.integers(50, 500))))
    found = find_shortcuts(index)
    assert abs(found.scores["width"] - 0.5) < 0.12
    assert found.telling == {}


def test_two_facts_together_can_tell_what_neither_tells_alone():
    def width(name, n):
        return 100 if (n % 2 == 0) == (name == "cat") else 200

    index = make_index(*rows(100, width=width, height=lambda name, n: 100 if n % 2 == 0 else 200))
    found = find_shortcuts(index)
    assert max(found.scores["width"], found.scores["height"]) < 0.65
    assert found.scores[TOGETHER] == 1.0


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_pictures_say_nothing(count):
    assert find_shortcuts(make_index(*rows(count, width=lambda name, n: n))).scores == {}


def test_one_class_or_equal_facts_say_nothing():
    assert find_shortcuts(make_index(*[picture(f"cat/{n}.png") for n in range(9)])).scores == {}
    assert find_shortcuts(make_index(*rows())).scores == {}


def test_what_was_found_survives_json():
    found = Shortcuts(fingerprint="x", baseline=0.5, scores={"width": 0.75}, count=400)
    assert Shortcuts.from_json(json.loads(found.to_json())) == found


@pytest.mark.parametrize("count", [6, 8, 15, 25, 50])
def test_luck_in_a_small_set_is_no_shortcut(count):
    warned = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        noise = {
            name: (lambda *_, rng=rng: int(rng.integers(50, 500)))
            for name in ("width", "height", "bytes")
        }
        warned += bool(find_shortcuts(make_index(*rows(count, **noise))).telling)
    assert warned <= 1


def test_copies_do_not_make_a_shortcut():
    """Ten saves of each photo, of its size: sizes tell the photo, not the class."""
    rng = np.random.default_rng(0)
    widths = {(name, n): int(rng.integers(50, 5000)) for name in ("cat", "dog") for n in range(12)}
    index = make_index(*rows(120, width=lambda name, n: widths[name, n % 12]))
    contents = [path.split("/")[0] + path.split("/")[1][:-4] for path in index.frame["path"]]
    index = make_index(
        *[
            {**row, "content_hash": content}
            for row, content in zip(index.frame.to_dict("records"), contents, strict=True)
        ]
    )
    linked = [(f"{name}{n}", f"{name}{n % 12}") for name in ("cat", "dog") for n in range(12, 120)]
    pairs = pd.DataFrame(linked, columns=["first", "second"])
    assert find_shortcuts(index).telling
    assert not find_shortcuts(index, pairs).telling
