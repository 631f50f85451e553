"""Configurations field by field."""

from cnnlab.config import RunConfig, change_config
from cnnlab.config.differences import (
    NO_FIGURES,
    config_fields,
    differing_fields,
    field_text,
    field_title,
    layers_line,
)
from cnnlab.networks.recipes import RECIPES, recipe


def test_every_field_of_a_configuration_has_a_name_and_a_plain_value():
    fields = config_fields(recipe("quick").config)
    assert fields["data.size"] == 64
    assert fields["augmentation.flip_horizontal"] is True
    assert fields["training.early_stopping"] == "off"
    assert "training.early_stopping.patience" not in fields
    assert fields["data.classes"] == "none"
    assert all(isinstance(value, bool | int | float | str) for value in fields.values())


def test_a_section_that_is_on_brings_its_own_fields():
    fields = config_fields(RunConfig(recipe="plain"))
    assert fields["training.early_stopping"] == "on"
    assert fields["training.early_stopping.patience"] == 5
    transfer = config_fields(recipe("transfer").config)
    assert transfer["network.backbone"] == "on"
    assert transfer["network.backbone.name"] == "mobilenet_v2"


def test_layers_are_one_short_text_where_equal_ones_are_counted():
    layers = recipe("scenes-strides").config.network.layers
    assert layers_line(layers) == (
        "conv 200, conv 180, conv 180 5×5 stride 5, conv 180, conv 140, conv 100, conv 50, "
        "conv 50 5×5 stride 5, flatten, dense 180, dense 100, dense 50, dropout 0.5"
    )
    repeated = recipe("catsdogs-basic").config.network.layers[:2] * 2
    assert layers_line(repeated[:1] * 3) == "3 × conv 32"
    assert "residual (conv 128 same, norm, relu)" in layers_line(
        recipe("quick").config.network.layers
    )


def test_layers_of_every_recipe_can_be_said():
    for entry in RECIPES.values():
        assert isinstance(config_fields(entry.config)["network.layers"], str)


def test_only_what_differs_is_named():
    config = recipe("quick").config
    other = change_config(config, {"training.epochs": 3, "training.early_stopping": True})
    rows = [config_fields(config), config_fields(config), config_fields(other)]
    assert differing_fields(rows) == [
        "training.epochs",
        "training.early_stopping",
        "training.early_stopping.patience",
        "training.early_stopping.start_epoch",
    ]
    assert differing_fields(rows[:2]) == []
    assert differing_fields([]) == []


def test_settings_that_change_no_figure_are_fields_of_every_configuration():
    for entry in RECIPES.values():
        assert config_fields(entry.config).keys() >= NO_FIGURES


def test_yes_and_one_are_different_settings():
    assert differing_fields([{"a": True}, {"a": 1}]) == ["a"]
    assert differing_fields([{"a": 1.0}, {"a": 1}]) == []


def test_values_and_names_read_as_people_say_them():
    assert field_text(True) == "on"
    assert field_text(1e-4) == "0.0001"
    assert field_text(None) == "–"
    assert field_title("training.fine_tuning.learning_rate") == "fine tuning learning rate"
    assert field_title("recipe") == "recipe"
