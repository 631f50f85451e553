"""Which pictures are for training, validation and test."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.config import SplitConfig
from cnnlab.datasets.index import COLUMNS, DatasetIndex
from cnnlab.datasets.splits import Split, assign_splits, counts
from cnnlab.errors import DatasetError

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
