"""Simple methods answer for the pictures that a network answers for."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cnnlab.evaluation import baselines
from cnnlab.evaluation.baselines import (
    Baseline,
    BaselineName,
    deciding_split,
    ladder,
    unbeaten,
    unbeaten_sentence,
)


def noise(count, size=24, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(60, 190, (count, size, size, channels), dtype=np.uint8)


def confetti(count, seed):
    """Pixels strewn at random in eight colours, or in others that spread as far about grey."""
    rng = np.random.default_rng(seed)
    levels = np.array([[68, 188, 68, 188, 68, 188], [55, 128, 201, 55, 128, 201]], dtype=np.uint8)
    labels = rng.integers(0, 2, count)
    return levels[labels[:, None, None, None], rng.integers(0, 6, (count, 24, 24, 3))], labels


def bright_halves(pairs, seed, *, size=24, channels=3):
    """Pictures with a brighter left half, and each of them mirrored, which is the other class."""
    left = noise(pairs, size, channels, seed)
    left[:, :, : size // 2] += 60
    return np.concatenate([left, left[:, :, ::-1]]), np.repeat([0, 1], pairs)


def accuracies(steps, split="validation"):
    return {step.name.value: step.accuracy[split] for step in steps}


class Recorded:
    """Pictures that remember which of their rows were read."""

    def __init__(self, pixels):
        self.pixels = pixels
        self.reads = []

    def __getitem__(self, rows):
        assert rows.dtype == np.int64
        self.reads.append(rows)
        return self.pixels[rows % len(self.pixels)]


def test_the_histogram_tells_colours_apart_wherever_they_are():
    train, held_out = confetti(200, seed=1), confetti(100, seed=2)
    reached = accuracies(ladder(*train, {"validation": held_out}, 2, seed=0))
    assert reached["histogram"] == 1.0
    assert reached["neighbour"] < 0.7


def test_the_histogram_cannot_tell_shapes_apart_but_the_neighbour_can():
    train, held_out = bright_halves(60, seed=1), bright_halves(40, seed=2)
    reached = accuracies(ladder(*train, {"validation": held_out}, 2, seed=0))
    assert reached == {"majority": 0.5, "histogram": 0.5, "neighbour": 1.0}


@pytest.mark.parametrize("size", [8, 16, 21, 50])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_may_have_any_size_and_one_channel_or_three(size, channels):
    train = bright_halves(40, seed=1, size=size, channels=channels)
    held_out = bright_halves(20, seed=2, size=size, channels=channels)
    steps = ladder(*train, {"validation": held_out}, 2, seed=0)
    assert accuracies(steps) == {"majority": 0.5, "histogram": 0.5, "neighbour": 1.0}


def test_one_channel_is_told_apart_by_its_greys_and_named_so():
    dark, light = noise(40, channels=1, seed=1), noise(40, channels=1, seed=2) + np.uint8(12)
    rows = np.concatenate([dark, light]), np.repeat([0, 1], 40)
    step = ladder(*rows, {"validation": rows}, 2, seed=0)[1]
    assert step.accuracy == {"validation": 1.0}
    assert step.title == "Grey histogram"
    assert "a grey histogram with logistic regression" in step.phrase


def test_the_neighbour_does_not_mind_how_bright_a_picture_is():
    pixels, labels = bright_halves(30, seed=1)
    darker = bright_halves(30, seed=2)[0] - np.uint8(50)
    reached = accuracies(ladder(pixels, labels, {"validation": (darker, labels)}, 2, seed=0))
    assert reached["neighbour"] == 1.0


def test_the_majority_is_the_largest_training_class_even_if_it_is_rare_elsewhere():
    held_out = noise(10), np.repeat([0, 1], [2, 8])
    steps = ladder(noise(6), np.array([0, 0, 0, 0, 1, 1]), {"validation": held_out}, 2, seed=0)
    assert accuracies(steps)["majority"] == 0.2


def test_of_equally_large_classes_the_first_one_is_the_majority():
    held_out = noise(4), np.array([1, 2, 2, 2])
    steps = ladder(noise(4), np.array([2, 1, 1, 2]), {"validation": held_out}, 3, seed=0)
    assert accuracies(steps)["majority"] == 0.25


def test_each_split_has_its_figures_and_an_empty_one_is_left_out():
    train, some = confetti(60, seed=1), confetti(20, seed=2)
    nothing = noise(0), np.empty(0, dtype=np.int64)
    steps = ladder(*train, {"validation": some, "test": nothing}, 2, seed=0)
    assert [step.name for step in steps] == list(BaselineName)
    assert all(list(step.accuracy) == ["validation"] for step in steps)
    both = ladder(*train, {"validation": some, "test": some}, 2, seed=0)
    assert all(step.accuracy["validation"] == step.accuracy["test"] for step in both)


def test_without_training_pictures_or_pictures_to_answer_for_there_is_no_ladder():
    nothing, some = (noise(0), np.empty(0, dtype=np.int64)), confetti(5, seed=1)
    assert ladder(*nothing, {"validation": some}, 2, seed=0) == []
    assert ladder(*some, {"validation": nothing}, 2, seed=0) == []
    assert ladder(*some, {}, 2, seed=0) == []


def test_a_class_without_training_pictures_is_never_right():
    pixels, labels = confetti(60, seed=1)
    held_out = confetti(20, seed=2)[0], np.ones(20, dtype=np.int64)
    steps = ladder(pixels, labels * 2, {"validation": held_out}, 3, seed=0)
    assert set(accuracies(steps).values()) == {0.0}


def test_with_pictures_of_one_class_only_every_method_names_it():
    held_out = noise(4, seed=2), np.array([1, 1, 1, 0])
    steps = ladder(noise(8), np.ones(8, dtype=np.int64), {"validation": held_out}, 2, seed=0)
    assert set(accuracies(steps).values()) == {0.75}


def test_sets_of_one_picture_are_enough():
    one = noise(1), np.array([1])
    steps = ladder(*one, {"validation": one, "test": one}, 3, seed=0)
    assert [step.accuracy for step in steps] == [{"validation": 1.0, "test": 1.0}] * 3


def test_pictures_of_one_colour_all_alike_do_no_harm():
    same = np.full((6, 16, 16, 3), 90, dtype=np.uint8), np.array([0, 0, 0, 0, 1, 1])
    assert accuracies(ladder(*same, {"validation": same}, 2, seed=0))["majority"] == 4 / 6


def test_many_pictures_are_drawn_class_by_class_and_read_in_small_pieces():
    labels = np.repeat([0, 1, 2], [6_000, 3_000, 1_000])
    shuffled = np.random.default_rng(0).permutation(labels)
    train, held_out = Recorded(noise(64, size=8)), Recorded(noise(64, size=8))
    ladder(train, shuffled, {"validation": (held_out, shuffled)}, 3, seed=0)
    for read, most in ((train, 4_000), (held_out, 2_000)):
        rows = np.unique(np.concatenate(read.reads))
        assert len(rows) == most
        shares = np.bincount(shuffled[rows]) / most
        assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.001)
        assert sum(map(len, read.reads)) <= most + 1
        assert max(map(len, read.reads)) <= 256


def test_large_pictures_are_read_a_few_at_a_time():
    rows = Recorded(noise(4, size=512))
    labels = np.arange(24) % 2
    ladder(rows, labels, {"validation": (rows, labels)}, 2, seed=0)
    assert max(map(len, rows.reads)) * 512 * 512 * 3 <= 8_000_000


def test_the_same_seed_gives_the_same_figures(monkeypatch):
    monkeypatch.setattr(baselines, "MOST_TRAINING_PICTURES", 20)
    train, held_out = confetti(200, seed=1), {"test": confetti(100, seed=2)}
    first, second, other = (ladder(*train, held_out, 2, seed=seed) for seed in (5, 5, 6))
    assert first == second
    assert accuracies(first, "test")["neighbour"] != accuracies(other, "test")["neighbour"]


def test_a_regression_that_is_cut_short_says_nothing(monkeypatch):
    monkeypatch.setattr(baselines, "_MOST_ITERATIONS", 1)
    rows = confetti(60, seed=1)
    assert len(ladder(*rows, {"validation": rows}, 2, seed=0)) == 3


@pytest.mark.parametrize("wrong", [-1, 2])
def test_a_label_that_is_no_class_is_refused(wrong):
    right, labels = np.array([0, 1]), np.array([0, wrong])
    with pytest.raises(ValueError, match="between 0 and 1"):
        ladder(noise(2), labels, {"validation": (noise(2), right)}, 2, seed=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        ladder(noise(2), right, {"validation": (noise(2), labels)}, 2, seed=0)


def test_a_baseline_survives_json():
    step = Baseline(
        name=BaselineName.HISTOGRAM,
        title="Grey histogram",
        accuracy={"validation": 0.625, "test": 0.5},
    )
    document = json.loads(json.dumps(step.to_json()))
    assert document == {
        "name": "histogram",
        "title": "Grey histogram",
        "validation_accuracy": 0.625,
        "test_accuracy": 0.5,
    }
    assert Baseline.from_json(document) == step


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": "oracle", "title": "Oracle"},
        {"name": "majority"},
        {"name": "majority", "title": "Largest class", "test_accuracy": None},
        {"name": "majority", "title": "Largest class", "test_accuracy": "high"},
    ],
)
def test_what_is_no_baseline_is_refused(document):
    with pytest.raises((LookupError, TypeError, ValueError)):
        Baseline.from_json(document)


STEPS = [
    Baseline(
        name=BaselineName.MAJORITY,
        title="Largest class",
        accuracy={"validation": 0.5, "test": 0.4},
    ),
    Baseline(
        name=BaselineName.HISTOGRAM,
        title="Colour histogram",
        accuracy={"validation": 0.645, "test": 0.6},
    ),
    Baseline(
        name=BaselineName.NEIGHBOUR,
        title="Nearest neighbour",
        accuracy={"validation": 0.61},
    ),
]


def names(steps):
    return [step.name.value for step in steps]


def test_test_pictures_decide_where_there_are_any():
    assert deciding_split({"validation_accuracy": 0.6, "test_accuracy": 0.7}) == "test"
    assert deciding_split({"validation_accuracy": 0.6, "test_loss": 0.7}) == "validation"
    assert deciding_split({}) is None
    assert unbeaten(STEPS, {"validation_accuracy": 0.1, "test_accuracy": 0.7}) == []
    assert unbeaten(STEPS, {}) == []


def test_a_tie_does_not_beat():
    assert names(unbeaten(STEPS, {"validation_accuracy": 0.645})) == ["histogram"]
    assert names(unbeaten(STEPS, {"validation_accuracy": 0.6451})) == []


def test_a_method_without_a_figure_for_the_deciding_split_is_left_out():
    assert names(unbeaten(STEPS, {"test_accuracy": 0.0})) == ["majority", "histogram"]


def test_the_sentence_names_the_network_s_figure_and_every_method_it_does_not_beat():
    assert unbeaten_sentence(STEPS, {"validation_accuracy": 0.62}) == (
        "The network's 62.0% on the validation pictures do not beat "
        "a colour histogram with logistic regression (64.5%)."
    )
    assert unbeaten_sentence(STEPS, {"validation_accuracy": 0.5}) == (
        "The network's 50.0% on the validation pictures do not beat "
        "always naming the largest class (50.0%), "
        "a colour histogram with logistic regression (64.5%) or "
        "the nearest neighbour among small pictures (61.0%)."
    )
    assert unbeaten_sentence(STEPS, {"validation_accuracy": 0.9}) is None
    assert unbeaten_sentence(STEPS, {}) is None
    assert unbeaten_sentence([], {"test_accuracy": 0.1}) is None


def test_reading_and_comparing_baselines_imports_no_scikit_learn():
    code = """
import sys
from cnnlab.evaluation.baselines import Baseline, unbeaten_sentence
from cnnlab.figures.ladder import plot_ladder
step = Baseline.from_json({"name": "majority", "title": "Largest class", "test_accuracy": 0.5})
unbeaten_sentence([step], {"test_accuracy": 0.5})
plot_ladder([step], {"test_accuracy": 0.5})
print([name for name in ("sklearn", "scipy", "tensorflow", "streamlit") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert result.stdout.strip() == "[]"
