"""What the spread over the classes does to accuracy."""

import pytest

from cnnlab.datasets.balance import Baseline, is_uneven, majority_baseline


def test_majority_baseline_names_the_first_of_the_largest_classes():
    assert majority_baseline({"a": 2, "b": 4, "c": 4}) == Baseline("b", 0.4)
    assert majority_baseline({"a": 0}) is None
    assert majority_baseline({}) is None


@pytest.mark.parametrize(
    ("counts", "uneven"),
    [
        ({"a": 100, "b": 150}, False),
        ({"a": 100, "b": 151}, True),
        ({"a": 100, "b": 0}, False),
        ({}, False),
    ],
)
def test_classes_are_uneven_from_half_as_many_again(counts, uneven):
    assert is_uneven(counts) is uneven
