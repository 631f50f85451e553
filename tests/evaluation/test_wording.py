"""Shares in words."""

import pytest

from cnnlab.evaluation.wording import percent


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0%"),
        (0.0004, "<0.1%"),
        (0.123456, "12.3%"),
        (0.5, "50.0%"),
        (0.99951, ">99.9%"),
        (1.0, "100%"),
    ],
)
def test_percentages_do_not_round_doubt_away(share, expected):
    assert percent(share) == expected
