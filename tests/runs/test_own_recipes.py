"""Own recipes: saved, found, overwritten on purpose, deleted."""

import pytest
from sqlalchemy import update

from cnnlab.config import change_config
from cnnlab.errors import ConfigError
from cnnlab.networks.recipes import RECIPES
from cnnlab.runs.own_recipes import (
    check_name,
    delete_recipe,
    find_recipe,
    own_recipe_rows,
    own_recipes,
    save_recipe,
)
from cnnlab.runs.schema import recipes

CONFIG = change_config(RECIPES["quick"].config, {"training.epochs": 3})


def test_an_own_recipe_is_found_again_with_everything(store):
    saved = save_recipe(store, "my-net_2", CONFIG, summary="Mine.", class_count=4)
    found = find_recipe(store, "my-net_2")
    assert found == saved
    assert found.config.recipe == "my-net_2"
    assert found.config.training.epochs == 3
    assert own_recipes(store) == [saved]


def test_built_in_recipes_and_families_are_found_beside_them(store):
    save_recipe(store, "mine", CONFIG)
    assert find_recipe(store, "quick") is RECIPES["quick"]
    assert find_recipe(store, "conv-grid(2,16,1)").config.network.layer_size == 16
    with pytest.raises(ConfigError, match=r"'nothing'.*Own ones: mine"):
        find_recipe(store, "nothing")


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "../x", "ä", "-x", "a:b", "x" * 81, "quick", "Quick", "conv-grid"]
)
def test_names_that_are_not_allowed_are_refused(store, name):
    with pytest.raises(ConfigError, match="Received"):
        save_recipe(store, name, CONFIG)
    assert own_recipes(store) == []


def test_blanks_around_a_name_do_not_count():
    assert check_name("  mine ") == "mine"


def test_an_own_recipe_is_overwritten_only_on_purpose(store):
    save_recipe(store, "mine", CONFIG)
    other = change_config(CONFIG, {"training.epochs": 9})
    with pytest.raises(ConfigError, match="already") as refusal:
        save_recipe(store, "mine", other)
    assert refusal.value.reason == "recipe-exists"
    assert find_recipe(store, "mine").config.training.epochs == 3
    save_recipe(store, "mine", other, overwrite=True)
    assert find_recipe(store, "mine").config.training.epochs == 9


def test_a_deleted_recipe_is_gone_and_others_cannot_be_deleted(store):
    save_recipe(store, "mine", CONFIG)
    delete_recipe(store, "mine")
    assert own_recipes(store) == []
    for name in ("mine", "quick"):
        with pytest.raises(ConfigError, match="no own recipe"):
            delete_recipe(store, name)


def test_a_recipe_that_cannot_be_read_is_named_and_does_not_hide_the_others(store):
    save_recipe(store, "bad", CONFIG)
    save_recipe(store, "good", CONFIG)
    damaged = CONFIG.model_dump(mode="json")
    damaged["training"]["learning_rate"] = 0
    with store.write() as connection:
        connection.execute(update(recipes).where(recipes.c.name == "bad").values(config=damaged))
    assert [entry.name for entry in own_recipes(store)] == ["good"]
    with pytest.raises(ConfigError, match=r"'bad' cannot be read: training.learning_rate"):
        find_recipe(store, "bad")
    delete_recipe(store, "bad")


def test_rows_say_what_is_own_and_leave_counts_open_where_layers_do_not_fit(store):
    save_recipe(store, "fits", CONFIG, class_count=6)
    too_small = change_config(RECIPES["cifar-blocks"].config, {"data.size": 8})
    save_recipe(store, "too-small", too_small)
    fits, small = own_recipe_rows(store)
    assert fits["own"]
    assert fits["parameters"]["total"] == RECIPES["quick"].describe().total_parameters
    assert small["parameters"] is None
