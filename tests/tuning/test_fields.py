"""Which fields can be varied, and that each of them can be."""

import pytest

from cnnlab.networks.recipes import RECIPES, recipe
from cnnlab.tuning.fields import tunable_fields
from cnnlab.tuning.space import parse_space


@pytest.mark.parametrize("name", RECIPES)
def test_each_field_makes_a_space_with_its_own_value_or_options(name):
    base = recipe(name).config
    fields = tunable_fields(base)
    assert "training.learning_rate" in fields
    for field in fields.values():
        values = list(field.options) or [1 if field.value is None else field.value]
        assert parse_space({field.name: values}, base).combinations == len(values)


@pytest.mark.parametrize("name", RECIPES)
def test_no_two_fields_have_the_same_title(name):
    titles = [field.title for field in tunable_fields(recipe(name).config).values()]
    assert len(set(titles)) == len(titles)


def test_layers_are_named_by_number_and_kind():
    fields = tunable_fields(recipe("scenes-pooling").config)
    assert fields["network.layers.1.filters"].title == "layer 1 (conv) filters"
    assert fields["network.layers.13.rate"].title == "layer 13 (dropout) rate"
    assert fields["network.layers.13.rate"].value == 0.5


def test_words_have_their_options_and_switches_theirs():
    fields = tunable_fields(recipe("quick").config)
    assert fields["training.optimizer"].options == ("adam", "adamw", "sgd", "rmsprop")
    assert fields["training.deterministic"].options == (False, True)
    assert "training.log_name" not in fields
    assert "recipe" not in fields


def test_recipes_are_a_field_where_there_are_some():
    fields = tunable_fields(recipe("quick").config, ("quick", "transfer"))
    assert fields["recipe"].options == ("quick", "transfer")
