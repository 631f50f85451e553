"""The Keras models: equal to their description, seeded, and fed with 0-255 pixels."""

import math
import re
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.config import (
    Activation,
    ActivationName,
    Backbone,
    BackboneName,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    Layer,
    NetworkConfig,
    Padding,
    Pooling,
    PoolMode,
    Precision,
    Residual,
    Scaling,
)
from cnnlab.errors import NetworkError
from cnnlab.networks.backbones import BACKBONES
from cnnlab.networks.builder import build, build_head, penultimate
from cnnlab.networks.description import NetworkDescription, describe
from cnnlab.networks.recipes import RECIPES, recipe

PADDINGS = st.sampled_from(Padding)
ACTIVATIONS = st.sampled_from(ActivationName)
CONVOLUTIONS = st.builds(
    Convolution,
    filters=st.integers(1, 9),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 3),
    padding=PADDINGS,
    activation=ACTIVATIONS,
    bias=st.booleans(),
)
POOLINGS = st.builds(
    Pooling, size=st.integers(2, 5), padding=PADDINGS, mode=st.sampled_from(PoolMode)
)
SHAPELESS = st.one_of(
    st.builds(BatchNormalization, momentum=st.sampled_from([0.9, 0.99])),
    st.builds(Activation, function=ACTIVATIONS),
    st.builds(Dropout, rate=st.sampled_from([0.0, 0.3])),
)
DENSES = st.builds(Dense, units=st.integers(1, 20), activation=ACTIVATIONS)
ENDS = st.one_of(st.just(Flatten()), st.builds(GlobalPooling, mode=st.sampled_from(PoolMode)))


@st.composite
def residuals(draw: Any) -> Residual:
    """Residuals that keep the shape of maps with the filters they draw, and others."""
    fitting = st.builds(
        Convolution,
        filters=st.integers(1, 4),
        padding=st.just(Padding.SAME),
        activation=ACTIVATIONS,
    )
    plain = st.one_of(fitting, SHAPELESS, CONVOLUTIONS)
    inside = draw(st.lists(plain, min_size=1, max_size=2))
    if draw(st.booleans()):
        inside.append(Residual(layers=tuple(draw(st.lists(plain, min_size=1, max_size=2)))))
    return Residual(layers=tuple(inside))


@st.composite
def fitting_residuals(draw: Any) -> list[Layer]:
    """A convolution and a residual behind it that returns to its filters."""
    filters = draw(st.integers(1, 9))
    same = Convolution(filters=filters, padding=Padding.SAME)
    inside = draw(st.lists(SHAPELESS, max_size=2))
    return [same, Residual(layers=(*inside, same))]


@st.composite
def networks(draw: Any) -> NetworkConfig:
    """Mostly maps, an end and a head; at times in an order that no network has."""
    front: list[Layer] = draw(
        st.lists(st.one_of(CONVOLUTIONS, POOLINGS, SHAPELESS, residuals()), max_size=4)
    )
    if draw(st.booleans()):
        front += draw(fitting_residuals())
    head = draw(st.lists(st.one_of(DENSES, SHAPELESS), max_size=2))
    layers: list[Layer] = [*front, draw(ENDS), *head]
    if draw(st.integers(0, 5)) == 0:
        layers = draw(st.permutations(layers))
    return NetworkConfig(
        scaling=draw(st.sampled_from([Scaling.NONE, Scaling.UNIT, Scaling.SIGNED])),
        width=draw(st.sampled_from([0.2, 0.5, 1.0, 1.5])),
        layers=tuple(layers),
    )


INPUT_SHAPES = st.tuples(st.integers(8, 40), st.integers(8, 40), st.sampled_from([1, 3]))

# What Keras accepts and a layer table refuses: a dense layer on the channels of a map, flattening
# what is flat, a residual whose shapes differ but can be broadcast, and a softmax over a map.
STRICTER = re.compile(
    r"a dense layer takes a vector|flatten takes a map|a residual adds|must end with a vector"
)


def assert_equal_layer_by_layer(model: keras.Model, description: NetworkDescription) -> None:
    for row in description.rows:
        layer = model.get_layer(row.name)
        trainable = sum(math.prod(weight.shape) for weight in layer.trainable_weights)
        assert tuple(layer.output.shape[1:]) == row.output_shape, row
        assert layer.count_params() == row.parameters, row
        assert trainable == row.trainable_parameters, row
    names = {layer.name for layer in model.layers}
    assert names == {"pixels"} | {row.name for row in description.rows}
    assert model.count_params() == description.total_parameters


def stack_as_keras_allows(values: Any, layers: tuple[Layer, ...], width: float) -> Any:
    """Apply the layers with no check but those of Keras itself."""
    for layer in layers:
        match layer:
            case Residual():
                inside = stack_as_keras_allows(values, layer.layers, width)
                values = keras.layers.Add()([values, inside])
            case Convolution():
                filters = max(1, math.floor(layer.filters * width + 0.5))
                values = keras.layers.Conv2D(
                    filters, layer.kernel, layer.stride, layer.padding.value
                )(values)
            case Pooling():
                values = keras.layers.MaxPooling2D(layer.size, padding=layer.padding.value)(values)
            case Dense():
                units = max(1, math.floor(layer.units * width + 0.5))
                values = keras.layers.Dense(units)(values)
            case Flatten():
                values = keras.layers.Flatten()(values)
            case GlobalPooling():
                values = keras.layers.GlobalAveragePooling2D()(values)
            case BatchNormalization() | Activation() | Dropout():
                pass
    return values


@settings(max_examples=300, deadline=None)
@given(network=networks(), input_shape=INPUT_SHAPES, class_count=st.integers(2, 5))
def test_random_networks_equal_their_description_or_are_refused_as_by_keras(
    network: NetworkConfig, input_shape: tuple[int, int, int], class_count: int
) -> None:
    try:
        description = describe(network, input_shape, class_count)
    except NetworkError as refusal:
        with pytest.raises(NetworkError, match=re.escape(refusal.message)):
            build(network, input_shape, class_count)
        if not STRICTER.search(refusal.message):
            with pytest.raises(ValueError):  # noqa: PT011 - each layer of Keras words it its own way
                stack_as_keras_allows(keras.Input(input_shape), network.layers, network.width)
    else:
        assert_equal_layer_by_layer(build(network, input_shape, class_count), description)


@pytest.mark.parametrize("name", list(RECIPES))
def test_recipes_equal_their_description(name: str) -> None:
    chosen = recipe(name)
    model = build(chosen.config.network, chosen.input_shape, chosen.class_count)
    assert_equal_layer_by_layer(model, chosen.describe())


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [(Scaling.NONE, [0, 51, 255]), (Scaling.UNIT, [0, 0.2, 1]), (Scaling.SIGNED, [-1, -0.6, 1])],
)
def test_the_model_scales_pixels_of_0_to_255_itself(
    scaling: Scaling, expected: list[float]
) -> None:
    model = build(NetworkConfig(scaling=scaling, layers=(Flatten(),)), (3, 1, 1), 2)
    features = keras.Model(model.input, penultimate(model))
    pixels = np.array([0, 51, 255], dtype=np.float32).reshape(1, 3, 1, 1)
    np.testing.assert_allclose(features.predict_on_batch(pixels)[0], expected, atol=1e-6)


@pytest.mark.parametrize("name", list(RECIPES))
def test_recipes_scale_as_their_study_did(name: str) -> None:
    chosen = recipe(name)
    model = build(chosen.config.network, chosen.input_shape, chosen.class_count)
    rows = chosen.describe().rows
    first = next(row.name for row in rows if row.kind != "scaling")
    scaled = first == "backbone" or chosen.config.network.scaling is not Scaling.NONE
    values = model.get_layer("scaling").output if scaled else model.get_layer(first).input
    entering = keras.Model(model.input, values)
    for value in (0, 255):
        flat = np.full((1, *chosen.input_shape), value, dtype=np.float32)
        if name in ("catsdogs-basic", "catsdogs-augmented"):
            expected = value
        elif name in ("catsdogs-preprocessed", "catsdogs-transfer", "transfer", "quick"):
            expected = value / 127.5 - 1
        else:
            expected = value / 255
        np.testing.assert_allclose(entering.predict_on_batch(flat), expected, atol=1e-6)


BACKBONE_SIDES = [32, 33, 64, 100, 150]


@pytest.mark.parametrize("name", list(BackboneName))
def test_backbones_have_the_shapes_and_sizes_that_are_described(name: BackboneName) -> None:
    network = NetworkConfig(
        scaling=Scaling.BACKBONE,
        backbone=Backbone(name=name, pretrained=False),
        layers=(GlobalPooling(),),
    )
    for side in BACKBONE_SIDES[:: 1 if name is BackboneName.MOBILENET_V2 else 3]:
        description = describe(network, (side, side, 3), 3)
        model = build(network, (side, side, 3), 3)
        assert_equal_layer_by_layer(model, description)
        assert not model.get_layer("backbone").trainable_variables
    facts = BACKBONES[name]
    backbone = model.get_layer("backbone")
    backbone.trainable = True
    trainable = sum(math.prod(weight.shape) for weight in backbone.trainable_weights)
    assert trainable == facts.cost.trainable_parameters


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (BackboneName.MOBILENET_V3_SMALL, keras.applications.mobilenet_v2.preprocess_input),
        (BackboneName.RESNET50, keras.applications.resnet50.preprocess_input),
        (
            BackboneName.EFFICIENTNET_V2_B0,
            lambda pixels: keras.applications.imagenet_utils.preprocess_input(pixels, mode="torch"),
        ),
    ],
)
def test_a_backbone_gets_the_pixels_that_it_was_trained_on(
    name: BackboneName, expected: Any
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    network = NetworkConfig(
        scaling=Scaling.BACKBONE,
        backbone=Backbone(name=name, pretrained=False),
        layers=(GlobalPooling(),),
    )
    model = build(network, (32, 32, 3), 2)
    entering = keras.Model(model.input, model.get_layer("scaling").output)
    np.testing.assert_allclose(
        entering.predict_on_batch(pixels), expected(pixels.copy()), rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize("precision", [Precision.BFLOAT16, Precision.FLOAT16])
def test_mixed_precision_keeps_weights_and_probabilities_in_float32(precision: Precision) -> None:
    model = build(SEEDED, (8, 8, 3), 2, precision=precision)
    assert {weight.dtype for weight in model.weights} <= {"float32", "int64", "uint32"}
    assert model.get_layer("conv_1").compute_dtype == precision.value.removeprefix("mixed_")
    assert model.output.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_the_head_alone_has_the_weights_of_the_whole_network() -> None:
    network = recipe("catsdogs-transfer").config.network
    whole = build(network, (64, 64, 3), 2, seed=3)
    head = build_head(network, (2, 2, 1280), 2, seed=3)
    of_whole = {weight.path: weight.numpy() for weight in whole.weights}
    for weight in head.weights:
        np.testing.assert_array_equal(weight.numpy(), of_whole[weight.path])


SEEDED = NetworkConfig(
    layers=(
        Convolution(filters=4),
        Residual(layers=(Convolution(filters=4, padding=Padding.SAME),)),
        Residual(layers=(Convolution(filters=4, padding=Padding.SAME),)),
        Flatten(),
        Dropout(rate=0.5),
        Dense(units=8),
    )
)


def test_the_start_depends_on_the_seed_alone() -> None:
    keras.utils.set_random_seed(1)
    first = build(SEEDED, (8, 8, 3), 2, seed=5)
    keras.utils.set_random_seed(2)
    again = build(SEEDED, (8, 8, 3), 2, seed=5)
    other = build(SEEDED, (8, 8, 3), 2, seed=6)
    for one, two in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())
    for name in ["conv_1", "conv_2_1", "dense_6", "probabilities"]:
        kernel, changed = (model.get_layer(name).kernel.numpy() for model in (first, other))
        assert not np.array_equal(kernel, changed)


def test_layers_of_one_shape_start_differently() -> None:
    model = build(SEEDED, (8, 8, 3), 2, seed=5)
    kernels = [model.get_layer(name).kernel.numpy() for name in ("conv_2_1", "conv_3_1")]
    assert kernels[0].shape == kernels[1].shape
    assert not np.array_equal(*kernels)


def test_dropout_masks_depend_on_the_seed_alone() -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype(np.float32)
    outputs = [
        build(SEEDED, (8, 8, 3), 2, seed=seed)(pixels, training=True).numpy() for seed in (5, 5, 6)
    ]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


def test_probabilities_sum_to_one_and_features_come_before_them() -> None:
    model = build(SEEDED, (8, 8, 3), 3)
    pixels = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype(np.float32)
    probabilities = model.predict_on_batch(pixels)
    assert probabilities.shape == (4, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert tuple(penultimate(model).shape) == (None, 8)


def test_settings_reach_the_layers_of_keras() -> None:
    model = build(
        NetworkConfig(
            layers=(
                Convolution(filters=2, kernel=5, activation=ActivationName.GELU),
                BatchNormalization(momentum=0.8),
                Pooling(mode=PoolMode.AVERAGE),
                Pooling(mode=PoolMode.MAX),
                Activation(function=ActivationName.ELU),
                Dropout(rate=0.35),
                GlobalPooling(mode=PoolMode.MAX),
                Dense(units=3, activation=ActivationName.TANH),
            )
        ),
        (16, 16, 3),
        2,
    )
    assert model.get_layer("conv_1").activation is keras.activations.gelu
    assert model.get_layer("batch_norm_2").momentum == 0.8
    assert isinstance(model.get_layer("pool_3"), keras.layers.AveragePooling2D)
    assert isinstance(model.get_layer("pool_4"), keras.layers.MaxPooling2D)
    assert model.get_layer("activation_5").activation is keras.activations.elu
    assert model.get_layer("dropout_6").rate == 0.35
    assert isinstance(model.get_layer("global_pool_7"), keras.layers.GlobalMaxPooling2D)
    assert model.get_layer("dense_8").activation is keras.activations.tanh
    assert model.get_layer("probabilities").activation is keras.activations.softmax
