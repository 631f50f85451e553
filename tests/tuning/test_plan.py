"""Plans of sweeps: defaults, what does not go together, and the configurations of their trials."""

import pytest

from cnnlab.config import Monitor
from cnnlab.errors import ConfigError
from cnnlab.networks.recipes import recipe
from cnnlab.tuning.plan import parse_plan
from cnnlab.tuning.planning import make_plan
from cnnlab.tuning.presets import PRESETS

BASE = recipe("conv-grid(2,64,1)").config
SPACE = {"network.layer_size": [32, 64, 128], "network.conv_layers": [1, 2]}


def plan_of(**options):
    return parse_plan({"base": BASE.model_dump(mode="json"), "space": SPACE, **options})


def test_plan_survives_its_round_trip_through_the_store():
    plan = plan_of(sampler="grid", trials=4, objectives=["validation_accuracy", "parameters"])
    assert parse_plan(plan.to_json()) == plan


def test_no_more_trials_than_combinations():
    assert plan_of(trials=100).trials == 6


def test_best_epoch_of_a_trial_is_the_one_by_the_objective():
    values = {"network.layer_size": 64, "network.conv_layers": 2}
    config = plan_of(objectives=["parameters", "validation_macro_f1"]).config_of(values)
    assert config.training.monitor is Monitor.VALIDATION_MACRO_F1
    assert config.network.layer_size == 64


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objectives": ["test_accuracy"]}, "validation_accuracy"),
        ({"objectives": []}, "at least 1"),
        ({"objectives": ["parameters", "parameters"]}, "should differ"),
        ({"pruner": "halving", "objectives": ["validation_loss", "parameters"]}, "two objectives"),
        ({"pruner": "median", "objectives": ["latency_ms"]}, "known at the end"),
        ({"sampler": "guess"}, "'guess'"),
        ({"trials": 0}, "trials"),
    ],
)
def test_what_does_not_go_together_is_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        plan_of(**options)


def test_grid_with_too_many_combinations_is_refused():
    space = {"training.seed": {"low": 0, "high": 5000}}
    with pytest.raises(ConfigError, match=r"5,001 combinations; at most 2,000"):
        parse_plan({"base": BASE.model_dump(mode="json"), "space": space, "sampler": "grid"})


def test_recipe_as_a_field_takes_the_network_and_leaves_the_rest(store):
    base = recipe("scenes-pooling").config
    base = base.model_copy(update={"network": base.network.model_copy(update={"width": 0.25})})
    space = {"training.seed": [0, 1], "recipe": ["scenes-pooling", "scenes-strides"]}
    plan = make_plan(store, base, space, sampler="grid")
    config = plan.config_of({"training.seed": 1, "recipe": "scenes-strides"})
    assert config.recipe == "scenes-strides"
    assert config.network.layers == recipe("scenes-strides").config.network.layers
    assert config.network.width == 0.25
    assert config.training.seed == 1
    with pytest.raises(ConfigError, match="known name"):
        make_plan(store, base, {"recipe": ["scenes-pools"]})


def test_base_values_are_those_of_the_base_where_the_space_holds_them():
    assert plan_of().base_values() == {"network.layer_size": 64, "network.conv_layers": 2}
    outside = parse_plan(
        {"base": BASE.model_dump(mode="json"), "space": {"network.layer_size": [8]}}
    )
    assert outside.base_values() is None


@pytest.mark.parametrize("name", PRESETS)
def test_ready_made_sweep_is_a_plan_whose_networks_can_be_made(name, store):
    from cnnlab.config import change_config
    from cnnlab.networks.description import describe

    preset = PRESETS[name]
    base = change_config(recipe(preset.recipe).config, preset.changes)
    plan = make_plan(
        store,
        base,
        preset.space,
        sampler=preset.sampler,
        trials=preset.trials,
        objectives=[preset.objective],
        pruner=preset.pruner,
    )
    assert plan.trials == preset.trials
    values = plan.base_values() or next(plan.search_space.grid())
    config = plan.config_of(values)
    assert describe(config.network, config.data.picture_shape, 6).total_parameters > 0
