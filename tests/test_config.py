"""Configurations: frozen, strict, the same after a trip through JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cnnlab.config import (
    AugmentationConfig,
    BatchNormalization,
    Convolution,
    DataConfig,
    Dense,
    Dropout,
    EarlyStopping,
    Flatten,
    NetworkConfig,
    Optimizer,
    Padding,
    Pooling,
    Residual,
    RunConfig,
    Scaling,
    SplitConfig,
    TrainingConfig,
    change_config,
    parse_assignments,
    parse_config,
)
from cnnlab.errors import ConfigError

layers = st.one_of(
    st.builds(
        Convolution,
        filters=st.integers(1, 512),
        kernel=st.integers(1, 7),
        padding=st.sampled_from(Padding),
    ),
    st.builds(Pooling, size=st.integers(2, 5)),
    st.builds(BatchNormalization, momentum=st.floats(0, 0.999)),
    st.builds(Dropout, rate=st.floats(0, 0.9)),
    st.just(Flatten()),
    st.builds(Dense, units=st.integers(1, 512)),
    st.builds(Residual, layers=st.lists(st.just(Convolution(filters=4)), min_size=1).map(tuple)),
)
configs = st.builds(
    RunConfig,
    recipe=st.text(min_size=1, max_size=30),
    data=st.builds(DataConfig, size=st.integers(8, 512)),
    split=st.builds(SplitConfig, validation=st.floats(0.05, 0.4), test=st.floats(0, 0.4)),
    network=st.builds(
        NetworkConfig,
        scaling=st.sampled_from(
            [scaling for scaling in Scaling if scaling is not Scaling.BACKBONE]
        ),
        width=st.floats(0.1, 4),
        layers=st.lists(layers, max_size=6).map(tuple),
    ),
    augmentation=st.builds(AugmentationConfig, shift=st.floats(0, 0.5)),
    training=st.builds(
        TrainingConfig,
        optimizer=st.sampled_from(Optimizer),
        learning_rate=st.floats(1e-6, 1),
        early_stopping=st.none() | st.builds(EarlyStopping, patience=st.integers(1, 9)),
    ),
)
START = RunConfig(recipe="start")


@given(configs)
def test_configuration_survives_json(config: RunConfig):
    assert parse_config(config.to_json()) == config
    assert parse_config(config.model_dump(mode="json")) == config


def test_configuration_is_frozen():
    with pytest.raises(ValidationError):
        START.training.epochs = 3


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"training.epochs": 0}, ["training.epochs", "greater than or equal to 1", "0"]),
        ({"training.learning_rate": -1}, ["training.learning_rate", "greater than 0", "-1"]),
        ({"training.learning_rate": float("nan")}, ["training.learning_rate", "nan"]),
        ({"training.learning_rate": "fast"}, ["training.learning_rate", "number", "'fast'"]),
        ({"data.colour": "pink"}, ["data.colour", "'rgb' or 'grey'", "'pink'"]),
        ({"data.size": 10_000}, ["data.size", "1024", "10000"]),
        ({"split.test": 0.9}, ["split.test", "below 1", "0.9"]),
        ({"training.epoch": 3}, ["'epoch'", "epochs"]),
        ({"nothing.size": 3}, ["'nothing'", "training"]),
        ({"epochs": 3}, ["'epochs'"]),
        ({"network.layers": [{"kind": "magic"}]}, ["network.layers.1", "'magic'", "'conv'"]),
        ({"network.layers": [{"kind": "conv", "filters": 0}]}, ["filters", "1", "0"]),
    ],
)
def test_error_names_field_rule_and_value(changes, parts):
    with pytest.raises(ConfigError) as refusal:
        change_config(START, changes)
    for part in parts:
        assert part in str(refusal.value)


def test_changes_are_addressed_by_dotted_names_and_leave_the_start_alone():
    changed = change_config(START, {"training.epochs": 5, "data.size": 32})
    assert (changed.training.epochs, changed.data.size) == (5, 32)
    assert START.training.epochs == 10
    assert changed.split == START.split


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["training.early_stopping=off"], None),
        (["training.early_stopping=false"], None),
        (["training.early_stopping=none"], None),
        (["training.early_stopping=on"], EarlyStopping()),
        (["training.early_stopping.patience=2"], EarlyStopping(patience=2)),
        (
            ["training.early_stopping=off", "training.early_stopping.patience=3"],
            EarlyStopping(patience=3),
        ),
    ],
)
def test_early_stopping_is_switched_by_words(words, expected):
    changed = change_config(START, parse_assignments(words))
    assert changed.training.early_stopping == expected


@pytest.mark.parametrize("word", ["training.epochs", "=3", ""])
def test_assignment_without_name_or_value_is_refused(word):
    with pytest.raises(ConfigError, match=r"section\.field=value"):
        parse_assignments([word])


def test_damaged_json_is_refused_with_a_sentence():
    with pytest.raises(ConfigError):
        parse_config("{not json")


def test_a_log_name_with_an_unknown_fact_is_refused():
    with pytest.raises(ConfigError, match=r"log_name: should name only .*not when"):
        change_config(RunConfig(recipe="quick"), {"training.log_name": "mine-{when}"})


def test_parts_that_do_not_fit_together_are_told_with_their_values_alone():
    changes = {"data.colour": "grey", "network.backbone": {"name": "resnet50"}}
    with pytest.raises(ConfigError) as refused:
        change_config(RunConfig(recipe="quick"), changes)
    assert refused.value.message == (
        "a backbone takes colour pictures: set data.colour to rgb, or leave the backbone out. "
        "Received: data.colour=grey and resnet50."
    )
