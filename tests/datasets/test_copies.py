"""Copies are found however they were saved; different pictures are left alone."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.copies import WAYS, names, plant
from cnnlab.datasets.copies import copy_groups, near_copies, read_pairs, write_pairs
from cnnlab.datasets.measures import COLUMNS, Measures, measure, measure_pixels
from cnnlab.datasets.scan import scan
from cnnlab.datasets.scenes import CLASS_NAMES, paint_scene


def measures_of(images):
    """Measures of pictures whose content hashes are their numbers."""
    found = [measure_pixels(np.asarray(image.convert("RGB"))) for image in images]
    frame = pd.DataFrame([values for values, _ in found])
    frame.insert(0, "content_hash", [f"{number:05}" for number in range(len(found))])
    miniatures = np.stack([miniature for _, miniature in found])
    return Measures(frame.astype(COLUMNS), miniatures)


def found_pairs(images):
    pairs = near_copies(measures_of(images))
    return {(int(one), int(other)) for one, other, _ in pairs.itertuples(index=False)}


def photo(seed, side=96):
    """A picture of soft blobs, lines and noise, like no other seed's."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (7, 7, 3), dtype=np.uint8))
    fine = Image.fromarray(rng.integers(0, 255, (25, 25, 3), dtype=np.uint8))
    size = (side, side)
    soft = np.asarray(small.resize(size, Image.Resampling.BICUBIC), dtype=np.float64)
    detail = np.asarray(fine.resize(size, Image.Resampling.BICUBIC), dtype=np.float64)
    return Image.fromarray((0.7 * soft + 0.3 * detail).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def photos():
    return [photo(seed) for seed in range(300)]


def saved(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def cut(image, share):
    margin = round(image.width * share)
    return image.crop((margin, margin, image.width - margin, image.height - margin))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: saved(image, 30), id="recompressed"),
        pytest.param(lambda image: image.resize((48, 48)), id="halved"),
        pytest.param(lambda image: cut(image, 0.02), id="2-percent-cut"),
        pytest.param(lambda image: cut(image, 0.05), id="5-percent-cut"),
        pytest.param(lambda image: cut(image, 0.05).resize((400, 400)), id="cut-and-enlarged"),
    ],
)
def test_changed_copies_of_fifty_pictures_are_all_found(photos, change):
    images = [*photos, *[change(image) for image in photos[:50]]]
    assert found_pairs(images) == {(number, 300 + number) for number in range(50)}


def test_a_thousand_drawn_pictures_of_six_kinds_give_hardly_a_false_pair():
    images = [paint_scene(CLASS_NAMES[n % 6], n // 6) for n in range(480)]
    assert len(found_pairs(images)) <= 1


def test_plain_pictures_are_no_copies_of_each_other():
    plain = [Image.new("RGB", (40, 40), (n, n, n)) for n in range(0, 250, 10)]
    assert found_pairs([*plain, photo(0), photo(1)]) == set()


def test_the_same_shape_in_other_colours_is_another_picture():
    rows = [photo(0), Image.fromarray(np.asarray(photo(0))[..., ::-1].copy()), photo(1)]
    assert (0, 1) not in found_pairs(rows)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_very_small_sets_have_no_false_pairs(count):
    measures = measures_of([photo(n) for n in range(2)])
    some = Measures(measures.frame.iloc[:count], measures.miniatures[:count])
    assert near_copies(some).empty


def test_progress_ends_at_all_pictures(photos):
    seen = []
    near_copies(measures_of(photos[:20]), lambda *counts: seen.append(counts))
    assert seen[-1] == (20, 20)


def groups(contents, pairs=()):
    frame = pd.DataFrame({"content_hash": list(contents)})
    linked = pd.DataFrame([(*pair, 1.0) for pair in pairs], columns=["first", "second", "x"])
    return copy_groups(frame, linked).tolist()


def test_groups_join_equal_contents_and_chains_of_pairs():
    assert groups("abca") == [0, 1, 2, 0]
    assert groups("abcda", [("b", "c"), ("c", "d"), ("x", "a")]) == [0, 1, 1, 1, 0]
    assert groups("") == []


@given(st.lists(st.sampled_from("abcdefgh"), max_size=20), st.data())
def test_groups_are_exactly_what_can_be_reached(contents, data):
    pairs = data.draw(st.lists(st.tuples(*[st.sampled_from("abcdefgh")] * 2), max_size=10))
    numbers = groups(contents, pairs)
    reached = {letter: {letter} for letter in contents}
    for _ in range(8):
        for one, other in pairs:
            if one in reached and other in reached:
                both = reached[one] | reached[other]
                for letter in both:
                    reached[letter] = reached[letter] | both
    for i, one in enumerate(contents):
        for j, other in enumerate(contents):
            assert (numbers[i] == numbers[j]) == (other in reached[one])


def test_pairs_are_written_and_read_back(tmp_path, photos):
    pairs = near_copies(measures_of([*photos[:5], saved(photos[0], 50)]))
    write_pairs(pairs, tmp_path / "pairs.parquet")
    assert read_pairs(tmp_path / "pairs.parquet").equals(pairs)
    assert len(pairs) == 1
    (tmp_path / "pairs.parquet").write_bytes(b"no parquet")
    assert read_pairs(tmp_path / "pairs.parquet") is None
    assert read_pairs(tmp_path / "nowhere.parquet") is None


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["intel", "cats_and_dogs"])
def test_copies_planted_among_photographs_are_found(real_data, tmp_path, name):
    files = sorted(real_data.joinpath(name).rglob("*.jpg"))[::3][:300]
    root = tmp_path / "set"
    for folder in ("train/a", "test/a"):
        (root / folder).mkdir(parents=True)
    originals = []
    for number, file in enumerate(files):
        place = root / "train" / "a" / f"{number:04}.jpg"
        place.write_bytes(file.read_bytes())
        originals.append(place)
    planted = plant(root, originals[:50])
    index = scan(root)
    content = dict(zip(index.frame["path"], index.frame["content_hash"], strict=True))
    pairs = near_copies(measure(root, index))
    linked = set(zip(pairs["first"], pairs["second"], strict=True))
    for way in WAYS:
        found = sum(tuple(sorted((content[a], content[b]))) in linked for a, b in planted[way])
        assert found >= 48, way
    known = {content[path] for path in names(root, *originals)}
    assert sum(one in known and other in known for one, other in linked) <= 1


def frames_of(image, count):
    """Frames of a camera that does not move: the same picture with other noise."""
    rng = np.random.default_rng(3)
    still = np.asarray(image, dtype=np.float64)
    return [
        Image.fromarray((still + rng.normal(0, 4, still.shape)).clip(0, 255).astype(np.uint8))
        for _ in range(count)
    ]


def test_copies_are_found_where_most_of_the_set_are_copies(photos):
    measures = measures_of([*frames_of(photos[0], 60), *photos[1:41]])
    groups = copy_groups(measures.frame, near_copies(measures))
    assert set(groups[:60].tolist()) == {0}
    assert len(set(groups[60:].tolist())) == 40


def test_a_picture_with_very_many_copies_needs_few_pairs(photos):
    measures = measures_of([*frames_of(photos[0], 200), *photos[1:41]])
    pairs = near_copies(measures)
    assert len(pairs) < 200 * 17
    assert set(copy_groups(measures.frame, pairs)[:200].tolist()) == {0}


@pytest.mark.parametrize("change", [lambda p: p + 40, lambda p: p * 0.7, lambda p: p * 1.2])
def test_a_brighter_or_darker_copy_is_a_copy(photos, change):
    some = photos[:60]
    changed = [
        Image.fromarray(change(np.asarray(each) * 0.6 + 20).clip(0, 255).astype(np.uint8))
        for each in some
    ]
    found = found_pairs([*some, *changed])
    assert sum((number, number + 60) in found for number in range(60)) >= 57
    assert len(found) <= 60
