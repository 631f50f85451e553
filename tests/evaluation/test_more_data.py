"""What the end of a learning curve says in words."""

import numpy as np

from cnnlab.evaluation.comparison import compare_paired
from cnnlab.evaluation.more_data import CurvePoint, LearningCurve, gain_sentence


def curve(judged: int, only_fewer: int, only_more: int, both: int) -> LearningCurve:
    """Two points: so many held-out pictures that one of the networks, or both, recognised."""
    fewer, more = np.zeros(judged, bool), np.zeros(judged, bool)
    fewer[:both] = more[:both] = True
    fewer[both : both + only_fewer] = True
    more[both + only_fewer : both + only_fewer + only_more] = True
    points = tuple(
        CurvePoint(
            share=share, pictures=pictures, right=int(right.sum()), judged=judged, run_id="run"
        )
        for share, pictures, right in ((0.5, 300, fewer), (1.0, 600, more))
    )
    return LearningCurve(split="test", points=points, last_gain=compare_paired(fewer, more))


def test_a_clear_rise_says_that_more_pictures_help():
    said = gain_sentence(curve(1000, only_fewer=20, only_more=80, both=800))
    assert "From 300 to 600 training pictures the accuracy rose by 6.0 points" in said
    assert "1,000 test pictures" in said
    assert "will probably help" in said


def test_a_small_but_clear_rise_is_not_rounded_down_to_nothing():
    said = gain_sentence(curve(200_000, only_fewer=100, only_more=150, both=190_000))
    assert "rose by 0.03 points (0.01 to 0.04)" in said


def test_a_clear_fall_sends_to_the_labels():
    said = gain_sentence(curve(1000, only_fewer=80, only_more=20, both=800))
    assert "fell by 6.0 points" in said
    assert "wrong labels" in said


def test_noise_with_many_pictures_says_little_help():
    said = gain_sentence(curve(20_000, only_fewer=100, only_more=101, both=19_000))
    assert "within noise" in said
    assert "help little" in said


def test_noise_with_few_pictures_rules_nothing_out():
    said = gain_sentence(curve(60, only_fewer=3, only_more=4, both=40))
    assert "within noise" in said
    assert "cannot be ruled out" in said


def test_one_point_is_no_answer():
    points = curve(100, 1, 1, 90).points[:1]
    said = gain_sentence(LearningCurve(split="test", points=points))
    assert "Two trainings" in said


def test_interval_of_a_point_surrounds_its_accuracy():
    point = CurvePoint(share=1.0, pictures=10, right=45, judged=50, run_id="run")
    low, high = point.interval
    assert low < point.accuracy == 0.9 < high
