"""Which pictures are for training, validation and test."""

import json

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnlab.config import SplitConfig
from cnnlab.datasets.copies import copy_groups
from cnnlab.datasets.index import COLUMNS, DatasetIndex
from cnnlab.datasets.splits import Split, assign_splits, counts
from cnnlab.errors import DatasetError

KNOWN = {
    "validation": [
        "cat/00003.png",
        "cat/00006.png",
        "cat/00007.png",
        "dog/00003.png",
        "dog/00007.png",
    ],
    "test": ["cat/00001.png", "cat/00008.png", "cat/00009.png", "dog/00001.png", "dog/00006.png"],
}

sizes_by_class = st.dictionaries(
    st.text(min_size=1, max_size=8), st.integers(3, 60), min_size=2, max_size=5
)
configs = st.builds(
    SplitConfig,
    validation=st.floats(0.01, 0.49),
    test=st.one_of(st.just(0.0), st.floats(0.01, 0.49)),
    seed=st.integers(0, 1000),
)


def make_index(rows, *, unusable=()):
    """An index of (path, class, split, content) rows, without pictures behind it."""
    found = [(*row, "") for row in rows] + [(*row, "damaged") for row in unusable]
    frame = pd.DataFrame(
        sorted(found), columns=["path", "class", "split", "content_hash", "problem"]
    )
    return DatasetIndex(frame.reindex(columns=list(COLUMNS)).astype({"split": "str"}))


def pictures(name, count, split="", *, content=None):
    """Rows of one class; every picture different unless `content` says otherwise."""
    return [
        (
            f"{split}/{name}/{number:05}.png" if split else f"{name}/{number:05}.png",
            name,
            split,
            content or f"{split}-{name}-{number}",
        )
        for number in range(count)
    ]


def flat(sizes):
    return [row for name, count in sizes.items() for row in pictures(name, count)]


def uses(assignment):
    """Path -> split."""
    return dict(zip(assignment.frame["path"], assignment.frame["split"], strict=True))


def config(validation=0.2, test=0.0, seed=0):
    return SplitConfig(validation=validation, test=test, seed=seed)


@given(sizes=sizes_by_class, config=configs)
def test_every_usable_picture_has_exactly_one_use_and_its_label(sizes, config):
    index = make_index(flat(sizes))
    assignment = assign_splits(index, config)
    frame = assignment.frame
    assert frame["path"].tolist() == index.usable["path"].tolist()
    assert frame["class"].tolist() == index.usable["class"].tolist()
    assert assignment.class_names == tuple(sorted(sizes))
    assert [assignment.class_names[label] for label in frame["label"]] == frame["class"].tolist()
    assert set(frame["split"]) <= set(Split)


@given(sizes=sizes_by_class, config=configs)
def test_fractions_hold_in_each_class_within_one_picture(sizes, config):
    numbers = counts(assign_splits(make_index(flat(sizes)), config))
    for name, size in sizes.items():
        train, validation, test = (numbers[split][name] for split in Split)
        assert train + validation + test == size
        assert abs(validation - size * config.validation) <= 1
        assert abs(test - size * config.test) <= 1
        assert train >= 1
        assert validation >= 1
        assert (test >= 1) == (config.test > 0)


@given(sizes=sizes_by_class, config=configs, data=st.data())
def test_order_and_names_of_files_and_other_classes_do_not_matter(sizes, config, data):
    rows = flat(sizes)
    before = assign_splits(make_index(rows), config)
    renamed = [(f"{number}.png", *row[1:]) for number, row in enumerate(rows)]
    more = [*data.draw(st.permutations(renamed)), *pictures("another class", 7)]

    after = uses(assign_splits(make_index(more), config))

    for number, row in enumerate(rows):
        assert after[f"{number}.png"] == uses(before)[row[0]]


def test_another_seed_gives_another_split_of_the_same_size():
    index = make_index(flat({"cat": 100, "dog": 100}))
    first, second = (assign_splits(index, config(seed=seed)) for seed in (0, 1))
    assert counts(first) == counts(second)
    assert uses(first) != uses(second)


def test_classes_are_not_cut_at_the_same_places():
    assignment = assign_splits(make_index(flat({"cat": 100, "dog": 100})), config())
    cats, dogs = (
        [
            path.split("/")[1]
            for path, use in uses(assignment).items()
            if use == "validation" and name in path
        ]
        for name in ("cat", "dog")
    )
    assert cats != dogs


def test_fifteen_thousand_pictures_become_twelve_and_three_thousand():
    index = make_index(flat({"airplane": 5000, "automobile": 5000, "bird": 5000}))
    numbers = counts(assign_splits(index, config(validation=0.2)))
    assert set(numbers["train"].values()) == {4000}
    assert set(numbers["validation"].values()) == {1000}
    assert set(numbers["test"].values()) == {0}


@pytest.mark.parametrize(
    ("size", "validation", "expected"), [(100, 0.29, 29), (7, 0.25, 2), (9, 0.25, 2), (14, 0.1, 1)]
)
def test_number_cut_out_is_the_nearest_to_the_fraction(size, validation, expected):
    index = make_index(flat({"cat": size, "dog": size}))
    numbers = counts(assign_splits(index, config(validation=validation)))
    assert numbers["validation"] == {"cat": expected, "dog": expected}


def test_a_changed_validation_fraction_leaves_the_test_set_alone():
    index = make_index(flat({"cat": 50, "dog": 80}))
    small, large = (
        uses(assign_splits(index, config(validation=share, test=0.2))) for share in (0.1, 0.4)
    )
    assert {path for path in small if small[path] == "test"} == {
        path for path in large if large[path] == "test"
    }


def test_more_pictures_move_few_of_the_earlier_ones():
    before = uses(assign_splits(make_index(flat({"cat": 500, "dog": 500})), config()))
    after = uses(assign_splits(make_index(flat({"cat": 510, "dog": 500})), config()))
    assert sum(after[path] != use for path, use in before.items()) <= 10


@pytest.mark.parametrize(
    ("validation", "test", "expected"),
    [
        (0.01, 0.0, (2, 1, 0)),
        (0.01, 0.01, (1, 1, 1)),
        (0.9, 0.05, (1, 1, 1)),
        (0.99, 0.0, (1, 2, 0)),
        (0.05, 0.9, (1, 1, 1)),
    ],
)
def test_three_pictures_are_enough_for_every_side_that_is_asked_for(validation, test, expected):
    index = make_index(flat({"cat": 3, "dog": 3}))
    numbers = counts(assign_splits(index, config(validation, test)))
    assert tuple(numbers[split]["cat"] for split in Split) == expected


@pytest.mark.parametrize(("count", "words"), [(1, "one picture"), (2, "two different pictures")])
def test_class_with_one_or_two_pictures_goes_to_training_with_a_warning(count, words):
    index = make_index(flat({"cat": 20, "rare": count}))
    assignment = assign_splits(index, config(test=0.2))
    assert [counts(assignment)[split]["rare"] for split in Split] == [count, 0, 0]
    (warning,) = assignment.warnings
    assert "'rare'" in warning
    assert words in warning
    assert "validate or test" in warning


def test_split_without_anything_unusual_has_no_warnings():
    assert assign_splits(make_index(flat({"cat": 3, "dog": 3})), config()).warnings == ()


def test_class_without_a_usable_picture_is_named_and_left_out():
    broken = [("ghost/0.png", "ghost", "", "")]
    index = make_index(flat({"cat": 5, "dog": 5}), unusable=broken)
    assignment = assign_splits(index, config())
    assert assignment.class_names == ("cat", "dog")
    assert ["'ghost'" in warning for warning in assignment.warnings] == [True]


@given(copies=st.lists(st.integers(1, 6), min_size=3, max_size=20), config=configs)
def test_identical_copies_stay_together_and_no_side_stays_empty(copies, config):
    rows = flat({"dog": 5})
    for number, count in enumerate(copies):
        for copy in range(count):
            rows.append((f"cat/{copy}-{number}.png", "cat", "", f"content {number}"))
    assignment = assign_splits(make_index(rows), config)
    cats = assignment.frame[assignment.frame["class"] == "cat"]
    together = cats["split"].groupby(cats["path"].str.split("-").str[1]).nunique()
    assert (together == 1).all()
    asked = set(Split) if config.test > 0 else {Split.TRAIN, Split.VALIDATION}
    assert set(cats["split"]) == asked


def test_a_few_copies_do_not_change_the_numbers():
    rows = [*pictures("cat", 96), *pictures("dog", 100)]
    rows += [(f"cat/copy{number}.png", "cat", "", f"-cat-{number}") for number in range(4)]
    numbers = counts(assign_splits(make_index(rows), config(validation=0.2, test=0.1)))
    assert [numbers[split]["cat"] for split in Split] == [70, 20, 10]


def test_copies_of_one_picture_count_as_one():
    rows = [*pictures("cat", 5), *pictures("stamp", 8, content="the same")]
    assignment = assign_splits(make_index(rows), config())
    assert counts(assignment)["train"]["stamp"] == 8
    assert "'stamp' has only one picture" in assignment.warnings[0]


def test_three_given_folders_are_kept_as_they_are():
    rows = [
        row
        for split, count in (("train", 7), ("validation", 2), ("test", 4))
        for name in ("cat", "dog")
        for row in pictures(name, count, split)
    ]
    assignment = assign_splits(make_index(rows), config(validation=0.5, test=0.4))
    assert all(path.startswith(use + "/") for path, use in uses(assignment).items())


def test_given_test_folder_is_kept_and_validation_is_cut_out_of_train():
    rows = [
        row
        for split, count in (("train", 20), ("test", 8))
        for name in ("cat", "dog")
        for row in pictures(name, count, split)
    ]
    assignment = assign_splits(make_index(rows), config(validation=0.25, test=0.5))
    assert counts(assignment) == {
        "train": {"cat": 15, "dog": 15},
        "validation": {"cat": 5, "dog": 5},
        "test": {"cat": 8, "dog": 8},
    }
    assert {use for path, use in uses(assignment).items() if path.startswith("test/")} == {"test"}


def test_given_validation_folder_without_a_test_folder_means_no_test_set():
    rows = [
        row
        for split, count in (("train", 20), ("validation", 8))
        for name in ("cat", "dog")
        for row in pictures(name, count, split)
    ]
    numbers = counts(assign_splits(make_index(rows), config(validation=0.25, test=0.5)))
    assert numbers["train"] == {"cat": 20, "dog": 20}
    assert numbers["test"] == {"cat": 0, "dog": 0}


def test_given_train_folder_alone_is_cut_into_three():
    rows = [*pictures("cat", 20, "train"), *pictures("dog", 20, "train")]
    numbers = counts(assign_splits(make_index(rows), config(validation=0.25, test=0.1)))
    assert [numbers[split]["dog"] for split in Split] == [13, 5, 2]


def test_class_that_the_given_validation_folder_lacks_is_warned_about():
    rows = [
        *pictures("cat", 5, "train"),
        *pictures("dog", 5, "train"),
        *pictures("dog", 2, "validation"),
    ]
    (warning,) = assign_splits(make_index(rows), config()).warnings
    assert "'cat'" in warning


@pytest.mark.parametrize(
    ("rows", "reason", "named"),
    [
        ([], "no-images", "none"),
        (pictures("cat", 9), "one-class", "'cat'"),
        (
            [
                *pictures("cat", 9, "train"),
                *pictures("dog", 9, "train"),
                *pictures("owl", 1, "test"),
            ],
            "class-without-training",
            "'owl'",
        ),
        (
            [*pictures("cat", 9, "test"), *pictures("dog", 9, "test")],
            "class-without-training",
            "'cat', 'dog'",
        ),
        ([*pictures("cat", 2), *pictures("dog", 1)], "no-validation", "at most 2"),
    ],
)
def test_data_that_cannot_be_split_is_refused_by_name(rows, reason, named):
    with pytest.raises(DatasetError) as refused:
        assign_splits(make_index(rows), config())
    assert refused.value.reason == reason
    assert named in refused.value.message


def test_counts_are_ready_for_json():
    numbers = counts(assign_splits(make_index(flat({"cat": 4, "dog": 10})), config(test=0.2)))
    assert json.loads(json.dumps(numbers)) == {
        "train": {"cat": 2, "dog": 6},
        "validation": {"cat": 1, "dog": 2},
        "test": {"cat": 1, "dog": 2},
    }


def pairs_of(*linked):
    return pd.DataFrame(linked, columns=["first", "second"])


def test_the_split_of_some_known_pictures_stays_what_it_always_was():
    index = make_index(flat({"cat": 12, "dog": 8}))
    held = uses(assign_splits(index, SplitConfig(validation=0.25, test=0.25, seed=7)))
    numbers = {
        split: sorted(path for path, use in held.items() if use == split)
        for split in ("validation", "test")
    }
    assert numbers == KNOWN


@given(sizes_by_class, configs, st.data())
def test_copies_and_near_copies_never_lie_on_two_sides(sizes, config, data):
    rows = flat(sizes)
    names = [content for *_, content in rows]
    linked = data.draw(st.lists(st.tuples(*[st.sampled_from(names)] * 2), max_size=12))
    same = data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=6))
    rows = [(*row[:3], names[0]) if number in same else row for number, row in enumerate(rows)]
    index = make_index(rows)
    pairs = pairs_of(*linked)
    try:
        assignment = assign_splits(index, config, pairs)
    except DatasetError as refused:
        assume(refused.reason != "no-validation")  # too few different pictures are left
        raise
    groups = copy_groups(index.usable, pairs)
    sides = pd.DataFrame({"group": groups, "split": assignment.frame["split"]})
    assert (sides.groupby("group")["split"].nunique() == 1).all()
    assert len(assignment.frame) == len(rows)


def test_a_picture_under_two_labels_goes_to_one_side_whatever_the_seed():
    rows = [*flat({"cat": 20, "dog": 20}), ("cat/x.png", "cat", "", "both")]
    index = make_index([*rows, ("dog/x.png", "dog", "", "both")])
    sides = set()
    for seed in range(30):
        held = uses(assign_splits(index, SplitConfig(validation=0.3, test=0.3, seed=seed)))
        assert held["cat/x.png"] == held["dog/x.png"]
        sides.add(held["cat/x.png"])
    assert sides == {"train", "validation", "test"}


@pytest.mark.parametrize("seed", range(12))
def test_classes_with_the_same_pictures_are_split_with_a_leak_on_no_side(seed):
    rows = [(f"{name}/{n}.png", name, "", f"both-{n}") for name in ("cat", "dog") for n in range(6)]
    numbers = counts(assign_splits(make_index(rows), SplitConfig(seed=seed)))
    assert numbers["validation"]["cat"] == numbers["validation"]["dog"] > 0
    assert numbers["train"]["cat"] == numbers["train"]["dog"] > 0


@pytest.mark.parametrize("seed", range(12))
def test_class_of_two_pictures_goes_to_training_also_when_one_is_in_another_class_too(seed):
    rows = [*flat({"cat": 20}), ("dog/1.png", "dog", "", "alone"), ("dog/2.png", "dog", "", "both")]
    index = make_index([*rows, ("cat/x.png", "cat", "", "both")])
    numbers = counts(assign_splits(index, SplitConfig(validation=0.3, test=0.3, seed=seed)))
    assert numbers["train"]["dog"] == 2


def test_near_copies_hardly_change_the_numbers():
    index = make_index(flat({"cat": 100, "dog": 100}))
    pairs = pairs_of(*[(f"-cat-{n}", f"-cat-{n + 1}") for n in range(0, 40, 2)])
    numbers = counts(assign_splits(index, SplitConfig(validation=0.2, test=0.1), pairs))
    assert numbers["validation"] == {"cat": 20, "dog": 20}
    assert numbers["test"] == {"cat": 10, "dog": 10}


def test_copies_on_two_given_sides_are_warned_about():
    rows = [*flat({"cat": 4, "dog": 4})]
    rows = [(f"train/{path}", name, "train", content) for path, name, _, content in rows]
    rows += [
        (f"test/{name}/{n}.png", name, "test", f"t{name}{n}")
        for name in ("cat", "dog")
        for n in range(3)
    ]
    index = make_index(rows)
    assert assign_splits(index, config()).warnings == ()
    (warning,) = assign_splits(index, config(), pairs_of(("tcat0", "-cat-0"))).warnings
    assert "1 test picture is a copy of training pictures" in warning


def test_a_test_set_is_cut_from_the_given_validation_pictures():
    rows = pictures("cat", 40, "train") + pictures("dog", 40, "train")
    rows += pictures("cat", 50, "validation") + pictures("dog", 30, "validation")
    index = make_index(rows)
    split = SplitConfig(test_from_validation=0.2, seed=3)
    assignment = assign_splits(index, split)
    numbers = counts(assignment)
    assert numbers["train"] == {"cat": 40, "dog": 40}
    assert numbers["test"] == {"cat": 10, "dog": 6}
    assert numbers["validation"] == {"cat": 40, "dog": 24}
    assert uses(assign_splits(index, split)) == uses(assignment)
    other = SplitConfig(test_from_validation=0.2, seed=4)
    assert uses(assign_splits(index, other)) != uses(assignment)


def test_a_test_set_can_be_cut_from_a_validation_set_that_was_cut_itself():
    index = make_index(flat({"cat": 100, "dog": 60}))
    numbers = counts(assign_splits(index, SplitConfig(validation=0.3, test_from_validation=0.5)))
    assert numbers["train"] == {"cat": 70, "dog": 42}
    assert numbers["validation"] == {"cat": 15, "dog": 9}
    assert numbers["test"] == {"cat": 15, "dog": 9}


def test_a_given_test_folder_stays_and_the_wish_for_another_is_answered():
    rows = [
        row
        for split in ("train", "validation", "test")
        for name in ("cat", "dog")
        for row in pictures(name, 10, split)
    ]
    assignment = assign_splits(make_index(rows), SplitConfig(test_from_validation=0.2))
    assert counts(assignment)["test"] == {"cat": 10, "dog": 10}
    assert any("test_from_validation is not used" in word for word in assignment.warnings)


def test_a_single_validation_picture_of_a_class_stays_one():
    rows = pictures("cat", 5, "train") + pictures("dog", 5, "train")
    rows += pictures("cat", 1, "validation") + pictures("dog", 10, "validation")
    numbers = counts(assign_splits(make_index(rows), SplitConfig(test_from_validation=0.5)))
    assert numbers["validation"] == {"cat": 1, "dog": 5}
    assert numbers["test"] == {"cat": 0, "dog": 5}


def test_a_share_of_the_training_pictures_leaves_validation_and_test_as_they_are():
    index = make_index(flat({"cat": 200, "dog": 100, "eel": 3}))
    whole = assign_splits(index, SplitConfig(validation=0.2, test=0.1, seed=5))
    half = assign_splits(index, SplitConfig(validation=0.2, test=0.1, seed=5, train_share=0.5))
    quarter = assign_splits(index, SplitConfig(validation=0.2, test=0.1, seed=5, train_share=0.25))
    assert counts(whole)["train"] == {"cat": 140, "dog": 70, "eel": 1}
    assert counts(half)["train"] == {"cat": 70, "dog": 35, "eel": 1}
    assert counts(quarter)["train"] == {"cat": 35, "dog": 18, "eel": 1}
    for part in (half, quarter):
        for side in ("validation", "test"):
            assert used_for(part, side) == used_for(whole, side)
    assert used_for(quarter, "train") < used_for(half, "train") < used_for(whole, "train")
    assert len(half.frame) == sum(len(used_for(half, split.value)) for split in Split)
    assert any("Only 106 of 211 training pictures" in sentence for sentence in half.warnings)


def test_a_share_of_a_given_training_folder_is_used_too():
    rows = pictures("cat", 40, "train") + pictures("dog", 40, "train")
    rows += pictures("cat", 10, "validation") + pictures("dog", 10, "validation")
    numbers = counts(assign_splits(make_index(rows), SplitConfig(train_share=0.1)))
    assert numbers["train"] == {"cat": 4, "dog": 4}
    assert numbers["validation"] == {"cat": 10, "dog": 10}


def used_for(assignment, split):
    return set(assignment.frame["path"][assignment.frame["split"] == split])
