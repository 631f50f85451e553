"""The layer table: shapes, parameters, cost, and the sentences for networks that do not fit."""

import math
import subprocess
import sys

import pytest

from cnnlab.config import (
    Activation,
    ActivationName,
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
    Residual,
    Scaling,
)
from cnnlab.errors import NetworkError
from cnnlab.networks.description import describe
from cnnlab.networks.layer_rows import widened


def network(*layers: Layer, scaling: Scaling = Scaling.NONE, width: float = 1.0) -> NetworkConfig:
    return NetworkConfig(scaling=scaling, width=width, layers=layers)


def refusal(*layers: Layer, size: int = 8) -> str:
    with pytest.raises(NetworkError) as caught:
        describe(network(*layers), (size, size, 3), 2)
    return caught.value.message


def test_rows_follow_the_order_of_computation_and_carry_words_for_people() -> None:
    description = describe(
        network(
            Convolution(filters=32, kernel=5, stride=2, padding=Padding.SAME, bias=False),
            BatchNormalization(momentum=0.9),
            Activation(function=ActivationName.SILU),
            Pooling(mode=PoolMode.AVERAGE, padding=Padding.SAME),
            Residual(
                layers=(
                    Convolution(filters=32, padding=Padding.SAME, activation=ActivationName.LINEAR),
                )
            ),
            GlobalPooling(),
            Dropout(rate=0.25),
            Dense(units=1),
            scaling=Scaling.UNIT,
        ),
        (30, 20, 3),
        6,
    )
    assert [(row.number, row.name, row.summary) for row in description.rows] == [
        ("0", "scaling", "pixels from 0-255 to 0..1"),
        ("1", "conv_1", "5x5 convolution, 32 filters, stride 2, same padding, no bias, relu"),
        ("2", "batch_norm_2", "batch normalisation, momentum 0.9"),
        ("3", "activation_3", "activation silu"),
        ("4", "pool_4", "2x2 average pooling, same padding"),
        ("5.1", "conv_5_1", "residual 5 / 3x3 convolution, 32 filters, same padding"),
        ("5", "residual_5", "addition of the residual's input"),
        ("6", "global_pool_6", "average of each channel"),
        ("7", "dropout_7", "dropout 0.25"),
        ("8", "dense_8", "dense, 1 unit, relu"),
        ("9", "probabilities", "dense, 6 classes, softmax"),
    ]
    assert [row.output_shape for row in description.rows] == [
        (30, 20, 3),
        *[(15, 10, 32)] * 3,
        *[(8, 5, 32)] * 3,
        *[(32,)] * 2,
        (1,),
        (6,),
    ]


def test_nested_residuals_are_numbered_to_any_depth() -> None:
    inner = Residual(layers=(Activation(), Activation(function=ActivationName.TANH)))
    rows = describe(network(Residual(layers=(Activation(), inner)), Flatten()), (8, 8, 3), 2).rows
    assert [row.number for row in rows] == ["1.1", "1.2.1", "1.2.2", "1.2", "1", "2", "3"]
    assert rows[2].name == "activation_1_2_2"
    assert rows[2].summary == "residual 1 / residual 1.2 / activation tanh"


def test_cost_counts_parameters_multiplications_and_memory() -> None:
    description = describe(
        network(Convolution(filters=4), BatchNormalization(), Flatten(), Dense(units=10)),
        (8, 8, 3),
        2,
    )
    convolution, normalisation, _, dense, output = description.rows
    assert convolution.parameters == 3 * 3 * 3 * 4 + 4
    assert convolution.multiply_adds == 6 * 6 * 3 * 3 * 3 * 4
    assert (normalisation.parameters, normalisation.trainable_parameters) == (16, 8)
    assert dense.multiply_adds == 6 * 6 * 4 * 10
    assert output.parameters == 10 * 2 + 2
    assert description.total_parameters == 112 + 16 + 1450 + 22
    assert description.trainable_parameters == 112 + 8 + 1450 + 22
    assert description.multiply_adds == 3888 + 1440 + 20
    assert description.activation_bytes == 4 * (144 + 144 + 144 + 10 + 2)


def test_width_multiplies_filters_and_units_but_not_the_classes() -> None:
    layers = (Convolution(filters=10), Flatten(), Dense(units=7))
    shapes = [row.output_shape for row in describe(network(*layers, width=0.25), (8, 8, 3), 5).rows]
    assert shapes == [(6, 6, 3), (108,), (2,), (5,)]


@pytest.mark.parametrize(
    ("count", "width", "expected"),
    [(32, 1.0, 32), (10, 0.25, 3), (2, 0.25, 1), (1, 0.01, 1), (100, 0.5, 50), (3, 1.5, 5)],
)
def test_width_rounds_halves_up_and_keeps_at_least_one(
    count: int, width: float, expected: int
) -> None:
    assert widened(count, width) == expected


def test_names_are_unique_and_do_not_change_with_the_scaling() -> None:
    layers = (Convolution(filters=2), Residual(layers=(Activation(), Activation())), Flatten())
    plain = describe(network(*layers), (8, 8, 1), 2)
    scaled = describe(network(*layers, scaling=Scaling.SIGNED), (8, 8, 1), 2)
    names = [row.name for row in scaled.rows]
    assert len(set(names)) == len(names)
    assert names == ["scaling", *(row.name for row in plain.rows)]


def test_a_window_larger_than_the_map_is_refused_by_layer() -> None:
    layers = [Activation()] * 5
    message = refusal(*layers, Pooling(), Pooling(size=5), Flatten())
    assert message == (
        "layer 7: pooling 5x5 does not fit into 4x4. Choose a smaller window or 'same' padding, "
        "remove a pooling or stride before it, or take larger pictures."
    )
    assert refusal(Convolution(filters=1, kernel=9)).startswith(
        "layer 1: convolution 9x9 does not fit into 8x8."
    )
    inside = Residual(layers=(Activation(), Pooling(size=9)))
    assert refusal(Activation(), inside).startswith("layer 2.2: pooling 9x9 does not fit into 8x8.")


@pytest.mark.parametrize("input_shape", [(8, 3, 3), (3, 8, 3)])
@pytest.mark.parametrize("layer", [Pooling(size=4), Convolution(filters=1, kernel=4)])
def test_a_window_has_to_fit_both_sides(layer: Layer, input_shape: tuple[int, int, int]) -> None:
    with pytest.raises(NetworkError, match=r"^layer 1: \w+ 4x4 does not fit into \dx\d\."):
        describe(network(layer, Flatten()), input_shape, 2)


def test_same_padding_lets_a_large_window_fit() -> None:
    layers = (Pooling(size=9, padding=Padding.SAME), Flatten())
    assert describe(network(*layers), (8, 8, 3), 2).rows[0].output_shape == (1, 1, 3)


def test_a_residual_that_changes_the_shape_is_refused() -> None:
    message = refusal(Activation(), Residual(layers=(Convolution(filters=3),)))
    assert message.startswith("layer 2: a residual adds its layers' output to their input")
    assert "Received: input 8x8x3, output 6x6x3." in message
    assert "Received: input 8x8x3, output 192." in refusal(Residual(layers=(Flatten(),)))


def test_dense_layers_take_vectors_and_windows_take_maps() -> None:
    message = refusal(Dense(units=3))
    assert message.startswith("layer 1: a dense layer takes a vector. Received: a map of 8x8x3.")
    for layer, what in [
        (Convolution(filters=1), "convolution"),
        (Pooling(), "pooling"),
        (Flatten(), "flatten"),
        (GlobalPooling(), "global pooling"),
    ]:
        message = refusal(Flatten(), layer)
        assert message.startswith(f"layer 2: {what} takes a map of height x width x channels.")
        assert "Received: a vector of 192 values." in message


def test_layers_that_end_with_a_map_are_refused() -> None:
    for layers in [(), (Convolution(filters=4),)]:
        message = refusal(*layers)
        assert message.startswith("the layers must end with a vector.")
        assert "Add flatten or global pooling" in message


def test_impossible_pictures_and_class_counts_are_refused() -> None:
    with pytest.raises(NetworkError, match=r"at least 1\. Received: input_shape=\(0, 8, 3\)"):
        describe(network(Flatten()), (0, 8, 3), 2)
    with pytest.raises(NetworkError, match=r"at least 2 classes apart. Received: class_count=1"):
        describe(network(Flatten()), (8, 8, 3), 1)


def test_huge_networks_are_counted_exactly() -> None:
    description = describe(
        network(Flatten(), Dense(units=65536), Dense(units=65536), width=16), (1024, 1024, 3), 2
    )
    units = 65536 * 16
    assert description.total_parameters == (
        math.prod((1024, 1024, 3)) * units + units + units * units + units + units * 2 + 2
    )


def test_describing_recipes_imports_neither_tensorflow_nor_numpy() -> None:
    code = (
        "import sys; from cnnlab.networks.recipes import recipe_rows; recipe_rows(); "
        "print({'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
