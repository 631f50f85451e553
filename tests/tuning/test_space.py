"""Search spaces: what they hold, and what they refuse."""

import json

import pytest

from cnnlab.errors import ConfigError
from cnnlab.networks.recipes import recipe
from cnnlab.tuning.space import Choice, Range, parse_space, read_space

BASE = recipe("conv-grid(2,64,1)").config
LAYERS = recipe("cifar-blocks").config


def test_lists_and_ranges_are_read_and_written_back():
    document = {
        "network.layer_size": [64, 32],
        "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
        "training.batch_size": {"low": 16, "high": 64, "step": 16},
        "training.optimizer": ["adam", "sgd"],
    }
    space = parse_space(document, BASE)
    assert space.parameters["network.layer_size"] == Choice(values=(32, 64))
    assert space.parameters["training.batch_size"] == Range(low=16, high=64, step=16, whole=True)
    assert parse_space(json.loads(json.dumps(space.to_json())), BASE) == space


def test_grid_has_every_combination_in_the_order_of_the_fields():
    space = parse_space({"network.dense_layers": [0, 1], "network.layer_size": [8, 16]}, BASE)
    assert space.combinations == 4
    assert [tuple(values.values()) for values in space.grid()] == [
        (0, 8),
        (0, 16),
        (1, 8),
        (1, 16),
    ]


def test_ranges_with_steps_have_combinations_and_others_have_none():
    stepped = {"training.label_smoothing": {"low": 0.0, "high": 0.3, "step": 0.1}}
    space = parse_space(stepped, BASE)
    assert [values["training.label_smoothing"] for values in space.grid()] == [0, 0.1, 0.2, 0.3]
    whole = parse_space({"training.epochs": {"low": 2, "high": 5}}, BASE)
    assert [values["training.epochs"] for values in whole.grid()] == [2, 3, 4, 5]
    endless = parse_space({"training.learning_rate": {"low": 1e-4, "high": 1e-2}}, BASE)
    assert endless.combinations is None
    with pytest.raises(ConfigError, match=r"a step, for training\.learning_rate"):
        next(endless.grid())


def test_layer_is_named_by_its_number():
    space = parse_space({"network.layers.5.rate": [0.1, 0.5]}, LAYERS)
    assert space.combinations == 2
    with pytest.raises(ConfigError, match=r"from 1 to \d+. Received: '99'"):
        parse_space({"network.layers.99.rate": [0.1]}, LAYERS)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, ["search space is empty"]),
        ({"network.layer_sise": [32]}, ["no field 'layer_sise'", "layer_size"]),
        ({"nonsense.field": [1]}, ["no section 'nonsense'"]),
        ({"network.layer_size": ["wide"]}, ["network.layer_size", "'wide'"]),
        ({"network.layer_size": [32, 0]}, ["network.layer_size", "greater than", "0"]),
        ({"network.layer_size": []}, ["network.layer_size", "at least one"]),
        ({"network.layer_size": [32, 32]}, ["once"]),
        ({"network.layer_size": 32}, ["a list of values, or a range", "32"]),
        ({"network.layer_size": {"low": 1, "high": 2.5}}, ["whole number", "2.5"]),
        ({"training.learning_rate": {"low": 1, "high": 0.1}}, ["low should be below high"]),
        ({"training.learning_rate": {"low": 0, "high": 1, "log": True}}, ["above 0"]),
        ({"training.learning_rate": {"low": 1e-4, "high": 100}}, ["less than or equal to 10"]),
        ({"training.learning_rate": {"low": 1e-4, "hihg": 1}}, ["high", "hihg"]),
        ({"training.optimizer": {"low": 0, "high": 1}}, ["not a number"]),
        ({"training.deterministic": {"low": 0, "high": 1}}, ["not a number"]),
        ({"recipe": [3]}, ["names of recipes"]),
        ({"recipe": {"low": 0, "high": 1}}, ["not a number"]),
    ],
)
def test_bad_spaces_are_refused_with_field_and_value(document, words):
    with pytest.raises(ConfigError) as caught:
        parse_space(document, BASE)
    for word in words:
        assert word in str(caught.value)


def test_values_that_only_do_not_go_together_are_no_error():
    document = {"network.conv_layers": [1, None], "data.colour": ["grey", "rgb"]}
    assert parse_space(document, BASE).combinations == 4


def test_file_is_read_and_what_is_no_object_is_refused(tmp_path):
    file = tmp_path / "space.json"
    file.write_text('{"training.epochs": [1, 2]}', encoding="utf-8-sig")
    assert read_space(file) == {"training.epochs": [1, 2]}
    for content, words in (("[1]", "one JSON object"), ("{", "is not JSON")):
        file.write_text(content)
        with pytest.raises(ConfigError, match=words):
            read_space(file)
    with pytest.raises(ConfigError, match="could not be read"):
        read_space(tmp_path / "missing.json")


def test_wide_ranges_are_counted_without_being_listed():
    space = parse_space({"training.seed": {"low": 0, "high": 2**31 - 1}}, BASE)
    assert space.combinations == 2**31
    stepped = parse_space({"training.learning_rate": {"low": 0.1, "high": 0.3, "step": 0.1}}, BASE)
    assert stepped.combinations == 3
