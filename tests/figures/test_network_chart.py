"""The diagram of a network."""

import pytest

from cnnlab.config import (
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    NetworkConfig,
    Padding,
    Pooling,
    Residual,
)
from cnnlab.figures.network import (
    BoxKind,
    box_height,
    box_width,
    draw_network,
    network_boxes,
    plot_network,
    short_count,
)
from cnnlab.networks.blueprint import from_layers
from cnnlab.networks.description import describe, describe_until_refused
from cnnlab.networks.recipes import RECIPES


@pytest.mark.parametrize("name", list(RECIPES))
@pytest.mark.parametrize("dark", [False, True])
def test_every_recipe_is_drawn_with_a_box_for_each_block_of_the_builder(name, dark):
    description = RECIPES[name].describe()
    boxes = network_boxes(description)
    blueprint = from_layers(RECIPES[name].config.network.stack)
    assert blueprint is not None
    blocks = [box for box in boxes if box.kind is BoxKind.BLOCK]
    assert [box.name for box in blocks] == [
        str(number) for number in range(1, len(blueprint.blocks) + 1)
    ]
    assert boxes[0].kind is BoxKind.PIXELS
    assert boxes[-1].kind is BoxKind.CLASSES
    assert sum(box.parameters for box in boxes) == description.total_parameters
    figure = plot_network(description, dark=dark)
    assert len(figure.data[0].x) == len(boxes)


SAME = Convolution(filters=32, padding=Padding.SAME)
BLOCKS = NetworkConfig(
    layers=(
        *(SAME, Pooling(), BatchNormalization(), Dropout(rate=0.1)),
        *(Convolution(filters=64), Pooling()),
        *(Convolution(filters=32), Pooling(), Residual(layers=(SAME,))),
        GlobalPooling(),
    )
)


def test_a_box_gathers_its_layers_and_marks_residuals():
    boxes = network_boxes(describe(BLOCKS, (64, 64, 3), 4))
    names = [box.name for box in boxes]
    assert names == ["pixels", "1", "2", "3", "pool", "classes"]
    assert [box.has_residual for box in boxes] == [False, False, False, True, False, False]
    assert boxes[1].shape == (32, 32, 32)
    assert len(boxes[1].lines) == 4


def test_smaller_maps_are_lower_and_more_channels_wider():
    boxes = network_boxes(describe(BLOCKS, (64, 64, 3), 4))
    heights = [box_height(box, boxes[0].shape) for box in boxes[:4]]
    widths = [box_width(box) for box in boxes[:3]]
    assert heights == sorted(heights, reverse=True)
    assert widths == sorted(widths)
    assert all(0 < size <= 1 for size in (*heights, *widths))


def test_a_layer_that_is_no_convolution_may_come_first():
    network = NetworkConfig(layers=(BatchNormalization(), Pooling(), Flatten()))
    boxes = network_boxes(describe(network, (8, 8, 3), 2))
    assert [box.name for box in boxes] == ["pixels", "batch norm", "pool", "flatten", "classes"]
    assert boxes[0].shape == (8, 8, 3)
    assert boxes[-1].kind is BoxKind.CLASSES


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        ((Convolution(filters=2),), ["pixels", "1"]),
        ((Convolution(filters=2), Convolution(filters=2), Pooling(size=31)), ["pixels", "1", "2"]),
        ((Flatten(), Dense(units=4), Convolution(filters=2)), ["pixels", "flatten", "dense"]),
    ],
)
def test_a_refused_layer_is_an_empty_box_behind_all_that_fit(layers, names):
    network = NetworkConfig(layers=layers)
    description, refusal = describe_until_refused(network, (8, 8, 1), 2)
    assert refusal is not None
    figure = draw_network(network_boxes(description), refused=True)
    assert list(figure.layout.xaxis.ticktext) == [*names, "does not fit"]


@pytest.mark.parametrize(
    ("count", "text"), [(7, "7"), (9999, "9999"), (25_088, "25k"), (1_234_567, "1.2M")]
)
def test_numbers_stay_short(count, text):
    assert short_count(count) == text
