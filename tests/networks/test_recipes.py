"""The table of recipes: exact parameter counts, scaling, and configurations that survive JSON."""

import json

import pytest

from cnnlab.config import Scaling, change_config, parse_config
from cnnlab.errors import ConfigError
from cnnlab.networks.description import describe
from cnnlab.networks.recipes import RECIPES, recipe, recipe_rows


@pytest.mark.parametrize(
    ("name", "total", "trainable"),
    [
        ("scenes-pooling", 1_187_286, 1_187_286),
        ("scenes-strides", 2_060_016, 2_060_016),
        ("catsdogs-basic", 1_355_938, 1_355_938),
        ("catsdogs-augmented", 1_355_938, 1_355_938),
        ("catsdogs-preprocessed", 1_355_938, 1_355_938),
        ("catsdogs-transfer", 4_306_178, 2_048_194),
        ("cifar-blocks", 289_443, 288_995),
        ("conv-16", 25_234_242, 25_234_242),
        ("conv-32", 50_468_098, 50_468_098),
        ("conv-32-32", 12_400_930, 12_400_930),
        ("conv-grid(1,32,0)", 37_186, 37_186),
        ("conv-grid(1,32,1)", 590_242, 590_242),
        ("conv-grid(1,32,2)", 591_298, 591_298),
        ("conv-grid(2,64,0)", 53_058, 53_058),
        ("conv-grid(2,64,1)", 533_378, 533_378),
        ("conv-grid(2, 64, 2)", 537_538, 537_538),
        ("conv-grid(3,64,0)", 76_546, 76_546),
        ("conv-grid(3,64,1)", 140_226, 140_226),
        ("conv-grid(3,64,2)", 144_386, 144_386),
        ("conv-grid(3,128,0)", 300_546, 300_546),
        ("conv-grid(3,128,1)", 558_978, 558_978),
        ("conv-grid(3,128,2)", 575_490, 575_490),
    ],
)
def test_parameter_counts_equal_the_published_ones(name: str, total: int, trainable: int) -> None:
    description = recipe(name).describe()
    assert description.total_parameters == total
    assert description.trainable_parameters == trainable


@pytest.mark.parametrize(
    ("name", "scaling"),
    [
        ("quick", Scaling.SIGNED),
        ("transfer", Scaling.BACKBONE),
        ("scenes-pooling", Scaling.UNIT),
        ("scenes-strides", Scaling.UNIT),
        ("catsdogs-basic", Scaling.NONE),
        ("catsdogs-augmented", Scaling.NONE),
        ("catsdogs-preprocessed", Scaling.SIGNED),
        ("catsdogs-transfer", Scaling.SIGNED),
        ("conv-grid", Scaling.UNIT),
        ("cifar-blocks", Scaling.UNIT),
        ("conv-16", Scaling.UNIT),
        ("conv-32", Scaling.UNIT),
        ("conv-32-32", Scaling.UNIT),
        ("dense-only", Scaling.UNIT),
    ],
)
def test_pixel_scaling_belongs_to_the_recipe(name: str, scaling: Scaling) -> None:
    chosen = recipe(name)
    assert chosen.config.network.scaling is scaling
    names = [row.name for row in chosen.describe().rows]
    assert ("scaling" in names) == (scaling is not Scaling.NONE)


@pytest.mark.parametrize(
    ("name", "size", "epochs", "batch_size", "learning_rate"),
    [
        ("scenes-pooling", 150, 35, 32, 1e-4),
        ("catsdogs-basic", 160, 20, 32, 1e-3),
        ("conv-grid", 50, 10, 32, 1e-3),
        ("cifar-blocks", 32, 10, 128, 1e-3),
        ("conv-32-32", 224, 10, 64, 1e-3),
    ],
)
def test_studies_keep_their_picture_size_and_training(
    name: str, size: int, epochs: int, batch_size: int, learning_rate: float
) -> None:
    config = recipe(name).config
    assert config.data.size == size
    assert config.training.epochs == epochs
    assert config.training.batch_size == batch_size
    assert config.training.learning_rate == learning_rate


@pytest.mark.parametrize("step", ["basic", "augmented", "preprocessed", "transfer"])
def test_cats_and_dogs_are_tested_on_a_part_of_their_validation_pictures(step: str) -> None:
    split = recipe(f"catsdogs-{step}").config.split
    assert split.test_from_validation == 0.2
    assert split.validation == pytest.approx(1 / 3, abs=1e-4)


def test_cifar_blocks_waits_for_its_slow_start_before_it_stops_early() -> None:
    stopping = recipe("cifar-blocks").config.training.early_stopping
    assert stopping is not None
    assert (stopping.patience, stopping.start_epoch) == (3, 4)


@pytest.mark.parametrize("name", list(RECIPES))
def test_configurations_survive_json(name: str) -> None:
    chosen = recipe(name)
    assert parse_config(chosen.config.to_json()) == chosen.config
    assert chosen.config.recipe == chosen.name == name


@pytest.mark.parametrize("name", ["quick", "catsdogs-basic"])
def test_recipes_that_get_better_late_run_all_their_epochs(name: str) -> None:
    assert recipe(name).config.training.early_stopping is None


@pytest.mark.parametrize("name", list(RECIPES))
def test_early_stopping_can_be_switched_on_and_off(name: str) -> None:
    config = recipe(name).config
    on = change_config(config, {"training.early_stopping": True})
    assert on.training.early_stopping is not None
    off = change_config(on, {"training.early_stopping": False})
    assert off.training.early_stopping is None


@pytest.mark.parametrize("size", [28, 32, 64, 96, 160])
@pytest.mark.parametrize("channels", [1, 3])
def test_quick_takes_small_pictures_of_any_size_without_growing(size: int, channels: int) -> None:
    quick = recipe("quick")
    description = describe(quick.config.network, (size, size, channels), 6)
    first = next(row for row in description.rows if row.kind == "conv")
    others = description.total_parameters - first.parameters
    usual = quick.describe()
    usual_first = next(row for row in usual.rows if row.kind == "conv")
    assert others == usual.total_parameters - usual_first.parameters
    assert description.total_parameters < 1_500_000


def test_rows_are_json_with_shape_parameters_and_one_sentence() -> None:
    rows = json.loads(json.dumps(recipe_rows()))
    assert [row["name"] for row in rows] == list(RECIPES)
    blocks = next(row for row in rows if row["name"] == "cifar-blocks")
    assert blocks["input_shape"] == [32, 32, 3]
    assert blocks["classes"] == 3
    assert blocks["parameters"] == {"total": 289_443, "trainable": 288_995}
    assert all(row["summary"].endswith(".") for row in rows)


def test_unknown_recipes_are_refused_with_the_known_names() -> None:
    with pytest.raises(ConfigError, match=r"Received: 'quikc'\. Choose one of: quick, transfer"):
        recipe("quikc")
