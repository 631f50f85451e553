"""Blueprints: every recipe survives the way there and back, and edits do what they say."""

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.config import (
    Activation,
    ActivationName,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    NetworkConfig,
    Padding,
    Pooling,
    PoolMode,
    Residual,
)
from cnnlab.errors import ConfigError, NetworkError
from cnnlab.networks import blueprint as blueprints
from cnnlab.networks.blueprint import (
    Block,
    Blueprint,
    Head,
    HiddenLayer,
    block_at,
    block_layers,
    changed,
    from_layers,
    to_layers,
)
from cnnlab.networks.builder import build
from cnnlab.networks.description import describe, describe_until_refused
from cnnlab.networks.layer_text import layers_text, parse_layers
from cnnlab.networks.recipes import RECIPES

RATES = st.none() | st.sampled_from([0.0, 0.2, 0.5])
ACTIVATIONS = st.sampled_from(ActivationName)
CONVOLUTIONS = st.builds(
    Convolution,
    filters=st.integers(1, 9),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 2),
    padding=st.sampled_from(Padding),
    activation=ACTIVATIONS,
    bias=st.booleans(),
)
BLOCKS = st.builds(
    Block,
    convolution=CONVOLUTIONS,
    normalisation=st.none() | st.builds(BatchNormalization, momentum=st.sampled_from([0.9, 0.99])),
    activate_last=st.booleans(),
    pooling=st.none()
    | st.builds(
        Pooling,
        size=st.integers(2, 4),
        padding=st.sampled_from(Padding),
        mode=st.sampled_from(PoolMode),
    ),
    pool_first=st.booleans(),
    residual=st.integers(0, 2),
    dropout=RATES,
)
HEADS = st.builds(
    Head,
    join=st.just(Flatten()) | st.builds(GlobalPooling, mode=st.sampled_from(PoolMode)),
    dropout_on_map=RATES,
    dropout=RATES,
    dense=st.lists(
        st.builds(HiddenLayer, units=st.integers(1, 9), activation=ACTIVATIONS, dropout=RATES),
        max_size=2,
    ).map(tuple),
)
BLUEPRINTS = st.builds(Blueprint, blocks=st.lists(BLOCKS, max_size=4).map(tuple), head=HEADS)
SMALL = st.builds(Blueprint, blocks=st.lists(BLOCKS, max_size=2).map(tuple), head=HEADS)

ANY_LAYER = st.one_of(
    CONVOLUTIONS,
    st.just(Pooling()),
    st.just(BatchNormalization()),
    st.builds(Activation, function=ACTIVATIONS),
    st.builds(Dropout, rate=st.sampled_from([0.0, 0.5])),
    st.just(Flatten()),
    st.just(GlobalPooling()),
    st.builds(Dense, units=st.integers(1, 9)),
    st.builds(Residual, layers=st.lists(CONVOLUTIONS, min_size=1, max_size=2).map(tuple)),
)


@pytest.mark.parametrize("name", list(RECIPES))
def test_every_recipe_survives_the_way_to_blocks_and_back(name: str) -> None:
    stack = RECIPES[name].config.network.stack
    blueprint = from_layers(stack)
    assert blueprint is not None
    assert to_layers(blueprint) == stack


def test_a_block_has_pooling_first_a_late_activation_and_a_residual() -> None:
    linear = Convolution(
        filters=8, padding=Padding.SAME, activation=ActivationName.LINEAR, bias=False
    )
    normalised = (BatchNormalization(momentum=0.9), Activation())
    blueprint = from_layers(
        (
            *(linear, Pooling(), *normalised),
            Residual(layers=(linear, *normalised) * 2),
            GlobalPooling(mode=PoolMode.MAX),
            Dropout(rate=0.2),
        )
    )
    assert blueprint is not None
    (block,) = blueprint.blocks
    assert block.convolution.activation is ActivationName.RELU
    assert (block.pool_first, block.activate_last, block.residual) == (True, True, 2)
    assert blueprint.head == Head(join=GlobalPooling(mode=PoolMode.MAX), dropout=0.2)


@settings(max_examples=500)
@given(BLUEPRINTS)
def test_blueprints_give_the_same_layers_after_being_read_back(blueprint: Blueprint) -> None:
    layers = to_layers(blueprint)
    again = from_layers(layers)
    assert again is not None
    assert to_layers(again) == layers
    assert len(again.blocks) == len(blueprint.blocks)


@settings(max_examples=500)
@given(st.lists(ANY_LAYER, max_size=8).map(tuple))
def test_layers_are_read_without_loss_or_not_at_all(layers: tuple[Any, ...]) -> None:
    blueprint = from_layers(layers)
    assert blueprint is None or to_layers(blueprint) == layers
    assert parse_layers(layers_text(layers)) == layers


@pytest.mark.parametrize(
    "layers",
    [
        (),
        (Dense(units=3),),
        (Pooling(), Flatten()),
        (Convolution(filters=2), Flatten(), BatchNormalization()),
        (Convolution(filters=2), Residual(layers=(Convolution(filters=3),)), Flatten()),
    ],
)
def test_what_is_not_made_of_blocks_is_said_so(layers: tuple[Any, ...]) -> None:
    assert from_layers(layers) is None


@settings(max_examples=60, deadline=None)
@given(SMALL, st.integers(4, 24), st.sampled_from([1, 3]))
def test_random_blueprints_have_keras_shapes_and_counts_or_the_same_refusal(
    blueprint: Blueprint, side: int, channels: int
) -> None:
    network = NetworkConfig(layers=to_layers(blueprint))
    shape = (side, side, channels)
    try:
        description = describe(network, shape, 3)
    except NetworkError as refusal:
        with pytest.raises(NetworkError, match=re.escape(refusal.message)):
            build(network, shape, 3)
        return
    model = build(network, shape, 3)
    assert model.count_params() == description.total_parameters
    for row in description.rows:
        layer = model.get_layer(row.name)
        assert tuple(layer.output.shape[1:]) == row.output_shape
        trainable = sum(math.prod(weight.shape) for weight in layer.trainable_weights)
        assert trainable == row.trainable_parameters


@given(BLUEPRINTS)
def test_each_layer_belongs_to_its_block(blueprint: Blueprint) -> None:
    owners = [
        index
        for index, block in enumerate(blueprint.blocks)
        for _ in range(len(block_layers(block)))
    ]
    count = len(to_layers(blueprint))
    owners += [len(blueprint.blocks)] * (count - len(owners))
    assert [block_at(blueprint, number) for number in range(1, count + 1)] == owners


def test_a_refusal_names_the_layer_and_so_the_block() -> None:
    network = NetworkConfig(
        layers=(
            *(Convolution(filters=8), Pooling()) * 2,
            Convolution(filters=8),
            Pooling(size=5),
            Flatten(),
        )
    )
    before, refusal = describe_until_refused(network, (28, 28, 1), 2)
    assert refusal is not None
    assert "layer 6: pooling 5x5 does not fit into 3x3" in refusal.message
    blueprint = from_layers(network.layers)
    assert refusal.layer == 6
    assert blueprint is not None
    assert block_at(blueprint, refusal.layer) == 2
    assert [row.number for row in before.rows] == ["0", "1", "2", "3", "4", "5"]
    assert before.rows[-1].output_shape == (3, 3, 8)


def test_what_comes_before_a_refused_layer_behind_the_flatten_is_described_too() -> None:
    network = NetworkConfig(layers=(Flatten(), Dense(units=4), Pooling()))
    before, refusal = describe_until_refused(network, (8, 8, 1), 2)
    assert refusal is not None
    assert refusal.layer == 3
    assert [row.kind for row in before.rows] == ["scaling", "flatten", "dense"]


def test_a_refusal_inside_a_residual_names_the_residual_as_the_layer() -> None:
    same = Convolution(filters=4, padding=Padding.SAME)
    network = NetworkConfig(layers=(same, Residual(layers=(same, Dense(units=4))), Flatten()))
    before, refusal = describe_until_refused(network, (8, 8, 1), 2)
    assert refusal is not None
    assert refusal.message.startswith("layer 2.2: ")
    assert refusal.layer == 2
    assert [row.number for row in before.rows] == ["0", "1", "2.1"]


def test_a_map_at_the_end_is_refused_behind_all_layers() -> None:
    network = NetworkConfig(layers=(Convolution(filters=4),))
    before, refusal = describe_until_refused(network, (8, 8, 1), 2)
    assert refusal is not None
    assert refusal.layer is None
    assert [row.number for row in before.rows] == ["0", "1"]
    with pytest.raises(NetworkError, match="must end with a vector"):
        describe(network, (8, 8, 1), 2)


def _plan() -> Blueprint:
    return Blueprint(
        blocks=tuple(Block(convolution=Convolution(filters=count)) for count in (1, 2, 3))
    )


def _filters(plan: Blueprint) -> list[int]:
    return [block.convolution.filters for block in plan.blocks]


def test_blocks_are_added_duplicated_moved_and_removed() -> None:
    plan = _plan()
    assert _filters(blueprints.added(plan, 3)) == [1, 2, 3, 3]
    assert _filters(blueprints.added(plan, 0)) == [32, 1, 2, 3]
    assert _filters(blueprints.duplicated(plan, 1)) == [1, 2, 2, 3]
    assert _filters(blueprints.moved(plan, 0, 2)) == [2, 3, 1]
    assert _filters(blueprints.moved(plan, 2, 1)) == [1, 3, 2]
    assert _filters(blueprints.removed(plan, 1)) == [1, 3]
    assert _filters(blueprints.added(Blueprint(), 0)) == [32]


def test_an_added_block_keeps_the_size_of_the_map() -> None:
    block = Block(convolution=Convolution(filters=4, stride=3), pooling=Pooling())
    plan = blueprints.added(Blueprint(blocks=(block,)), 1)
    added = plan.blocks[1]
    assert (added.convolution.stride, added.convolution.padding) == (1, Padding.SAME)
    assert added.pooling is None


def test_a_field_is_changed_by_its_name_and_refused_beyond_its_limits() -> None:
    block = _plan().blocks[0]
    assert changed(block, "convolution.filters", 7).convolution.filters == 7
    assert changed(block, "pooling", Pooling(size=3)).pooling == Pooling(size=3)
    with pytest.raises(ConfigError, match=r"convolution.filters: .*greater than .*Received: 0"):
        changed(block, "convolution.filters", 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "must be JSON"),
        ("3", "layers: should be"),
        ('[{"kind": "conv"}]', "layer 1 / conv / filters"),
        ('[{"kind": "flatten"}, {"kind": "conf"}]', "layer 2: "),
        ('[{"kind": "pool", "size": 1}]', "greater than or equal to 2"),
        ("[" * 100_000, "so deep"),
    ],
)
def test_text_that_is_no_layers_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_layers(text)
