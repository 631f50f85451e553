"""What a comparison is about."""

import pytest

from cnnlab.config import change_config
from cnnlab.evaluation.questions import question, recipe_names
from cnnlab.networks.recipes import recipe

QUICK = recipe("quick").config
POOLING, STRIDES = recipe("scenes-pooling").config, recipe("scenes-strides").config


def asked(first, second, **more) -> str:
    return question(first, second, names=("one", "other"), **more)


def test_strides_against_pooling_is_recognised_by_the_layers():
    expected = "Do strides instead of pooling give a better result?"
    assert asked(POOLING, STRIDES) == expected
    assert asked(STRIDES, POOLING) == expected
    small = (change_config(config, {"network.width": 0.1}) for config in (POOLING, STRIDES))
    assert asked(*small) == expected


def test_a_tuned_run_is_asked_what_the_tuner_gained():
    tuned = change_config(QUICK, {"training.learning_rate": 0.003, "training.batch_size": 32})
    assert asked(QUICK, tuned) == (
        "How much did the tuning gain (batch size 64 → 32, learning rate 0.01 → 0.003)?"
    )
    family = asked(recipe("conv-grid(2,32,0)").config, recipe("conv-grid(2,64,1)").config)
    assert "layer size 32 → 64" in family


def test_many_changes_are_counted_and_long_ones_named_only():
    changes = {f"augmentation.{name}": 0.2 for name in ("rotation", "zoom", "shift", "erasing")}
    tuned = change_config(QUICK, {**changes, "network.layers": []})
    assert asked(QUICK, tuned).startswith("How much did the tuning gain (other layers, ")
    assert "and 1 more" in asked(QUICK, tuned)


@pytest.mark.parametrize("change", [{"data.size": 32}, {"split.seed": 3}])
def test_other_pictures_are_no_tuning(change):
    assert asked(QUICK, change_config(QUICK, change)) == "Is other better than one?"


def test_chance_and_longer_training_have_their_own_questions():
    other_seed = change_config(QUICK, {"training.seed": 5})
    assert asked(QUICK, other_seed) == "How much does chance alone change quick?"
    longer = change_config(QUICK, {"training.epochs": 50})
    assert asked(QUICK, longer, continued=True) == "How much did training longer gain?"


@pytest.mark.parametrize("logs", [{"training.tensorboard": True}, {"training.log_name": "other"}])
def test_runs_that_differ_in_their_logs_only_are_asked_about_chance(logs):
    logged = change_config(QUICK, logs)
    assert asked(QUICK, logged) == "How much does chance alone change quick?"
    assert recipe_names(QUICK, logged) == ("quick", "quick")


def test_recipes_of_one_name_are_told_apart_by_what_differs():
    assert recipe_names(POOLING, STRIDES) == ("scenes-pooling", "scenes-strides")
    first, second = recipe("conv-grid(2,32,0)").config, recipe("conv-grid(2,64,0)").config
    assert recipe_names(first, second) == (
        "conv-grid with layer size 32",
        "conv-grid with layer size 64",
    )
    assert recipe_names(QUICK, QUICK) == ("quick", "quick")
