"""Networks as blocks and a head: a second, coarser way to write down a stack of layers.

A block begins with a convolution. `to_layers` writes a blueprint out; `from_layers` reads it back
where that is possible, and then `to_layers` gives the same layers again.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import Field, ValidationError

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
    Padding,
    Pooling,
    Residual,
    Section,
)
from cnnlab.errors import ConfigError

SectionType = TypeVar("SectionType", bound=Section)


class Block(Section):
    """A convolution and what follows it, up to the next one.

    The order is: convolution, pooling if `pool_first`, normalisation, activation if
    `activate_last`, pooling if not `pool_first`, residual, dropout.
    """

    convolution: Convolution
    normalisation: BatchNormalization | None = None
    activate_last: bool = Field(
        default=False, description="The activation is a layer behind the normalisation"
    )
    pooling: Pooling | None = None
    pool_first: bool = Field(default=False, description="Pooling in front of the normalisation")
    residual: int = Field(
        default=0, ge=0, le=12, description="Convolutions of the same width in a residual"
    )
    dropout: float | None = Field(default=None, ge=0, lt=1)


class HiddenLayer(Section):
    """A dense layer of the head."""

    units: int = Field(ge=1, le=65536)
    activation: ActivationName = ActivationName.RELU
    dropout: float | None = Field(default=None, ge=0, lt=1)


class Head(Section):
    """From the last map to the vector in front of the softmax.

    The order is: `dropout_on_map`, flatten or global pooling, `dropout`, the dense layers.
    """

    join: Flatten | GlobalPooling = Field(default=GlobalPooling(), discriminator="kind")
    dropout_on_map: float | None = Field(default=None, ge=0, lt=1)
    dropout: float | None = Field(default=None, ge=0, lt=1)
    dense: tuple[HiddenLayer, ...] = ()


class Blueprint(Section):
    """A network without its softmax."""

    blocks: tuple[Block, ...] = ()
    head: Head = Head()


def to_layers(blueprint: Blueprint) -> tuple[Layer, ...]:
    """Write every layer out, in the order of computation."""
    layers = [layer for block in blueprint.blocks for layer in block_layers(block)]
    return (*layers, *_head_layers(blueprint.head))


def from_layers(layers: tuple[Layer, ...]) -> Blueprint | None:
    """Read layers as blocks and a head; None where they cannot be said that way."""
    reader = _Reader(layers)
    blocks: list[Block] = []
    while reader.sees(Convolution):
        blocks.append(_read_block(reader))
    head = _read_head(reader)
    if head is None:
        return None
    blueprint = Blueprint(blocks=tuple(blocks), head=head)
    return blueprint if to_layers(blueprint) == layers else None


def block_layers(block: Block) -> tuple[Layer, ...]:
    """Write one block out."""
    unit = _unit(block, block.convolution)
    if block.pooling is not None:
        place = 1 if block.pool_first else len(unit)
        unit = (*unit[:place], block.pooling, *unit[place:])
    return (*unit, *_residual(block), *_dropout(block.dropout))


def block_at(blueprint: Blueprint, layer_number: int) -> int:
    """Index of the block that a layer belongs to; the number of blocks stands for the head.

    Args:
        blueprint: The network.
        layer_number: The layer's place among all layers, from 1.
    """
    seen = 0
    for index, block in enumerate(blueprint.blocks):
        seen += len(block_layers(block))
        if layer_number <= seen:
            return index
    return len(blueprint.blocks)


def changed(section: SectionType, name: str, value: Any) -> SectionType:
    """Return a part of a blueprint with one field replaced.

    Args:
        section: A block, a head, a hidden layer or a blueprint.
        name: The field, such as "residual" or "convolution.filters".
        value: Its new value.

    Raises:
        ConfigError: If the value breaks the field's rule.
    """
    document = section.model_dump()
    place = document
    *outer, field = name.split(".")
    for part in outer:
        place = place[part]
    place[field] = value.model_dump() if isinstance(value, Section) else value
    try:
        return type(section).model_validate(document)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        rule = problem["msg"].removeprefix("Input ")
        raise ConfigError(f"{name}: {rule}. Received: {value!r}") from error


def added(blueprint: Blueprint, index: int) -> Blueprint:
    """Put a new block at an index; it fits wherever there is a map.

    It takes the filters and the way of the block in front, without making the map smaller.
    """
    if index > 0:
        before = blueprint.blocks[index - 1]
        same = before.convolution.model_copy(update={"stride": 1, "padding": Padding.SAME})
        new = Block(
            convolution=same,
            normalisation=before.normalisation,
            activate_last=before.activate_last,
        )
    else:
        new = Block(convolution=Convolution(filters=32, padding=Padding.SAME))
    return _with_blocks(blueprint, (*blueprint.blocks[:index], new, *blueprint.blocks[index:]))


def duplicated(blueprint: Blueprint, index: int) -> Blueprint:
    """Put a copy of a block behind it."""
    blocks = blueprint.blocks
    return _with_blocks(blueprint, (*blocks[: index + 1], *blocks[index:]))


def removed(blueprint: Blueprint, index: int) -> Blueprint:
    """Take a block out."""
    return _with_blocks(blueprint, (*blueprint.blocks[:index], *blueprint.blocks[index + 1 :]))


def moved(blueprint: Blueprint, index: int, to: int) -> Blueprint:
    """Put a block at another index; those between move up."""
    blocks = list(blueprint.blocks)
    blocks.insert(to, blocks.pop(index))
    return _with_blocks(blueprint, tuple(blocks))


def replaced(blueprint: Blueprint, index: int, block: Block) -> Blueprint:
    """Put another block in the place of one."""
    blocks = blueprint.blocks
    return _with_blocks(blueprint, (*blocks[:index], block, *blocks[index + 1 :]))


def _with_blocks(blueprint: Blueprint, blocks: tuple[Block, ...]) -> Blueprint:
    return Blueprint(blocks=blocks, head=blueprint.head)


def _unit(block: Block, convolution: Convolution) -> tuple[Layer, ...]:
    """A convolution with the normalisation and the activation of its block."""
    normalised = () if block.normalisation is None else (block.normalisation,)
    if not block.activate_last:
        return (convolution, *normalised)
    linear = convolution.model_copy(update={"activation": ActivationName.LINEAR})
    return (linear, *normalised, Activation(function=convolution.activation))


def _residual(block: Block) -> tuple[Layer, ...]:
    if not block.residual:
        return ()
    same = block.convolution.model_copy(update={"stride": 1, "padding": Padding.SAME})
    return (Residual(layers=_unit(block, same) * block.residual),)


def _dropout(rate: float | None) -> tuple[Layer, ...]:
    return () if rate is None else (Dropout(rate=rate),)


def _head_layers(head: Head) -> tuple[Layer, ...]:
    layers: list[Layer] = [*_dropout(head.dropout_on_map), head.join, *_dropout(head.dropout)]
    for hidden in head.dense:
        layers.append(Dense(units=hidden.units, activation=hidden.activation))
        layers.extend(_dropout(hidden.dropout))
    return tuple(layers)


LayerType = TypeVar("LayerType", bound=Section)


class _Reader:
    """Takes layers one by one."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._rest = list(layers)

    def sees(self, *kinds: type[Section]) -> bool:
        """True if the next layers are of these kinds."""
        ahead = self._rest[: len(kinds)]
        return len(ahead) == len(kinds) and all(map(isinstance, ahead, kinds))

    def take(self, kind: type[LayerType]) -> LayerType | None:
        """The next layer if it is of this kind; it is then done with."""
        layer: Any = self._rest[0] if self._rest else None
        if not isinstance(layer, kind):
            return None
        del self._rest[0]
        return layer

    def take_dropout(self) -> float | None:
        """The rate of a dropout, if one is next."""
        dropout = self.take(Dropout)
        return None if dropout is None else dropout.rate


def _read_block(reader: _Reader) -> Block:
    """The next block; what does not belong into one shows when the layers are compared."""
    convolution = reader.take(Convolution) or Convolution(filters=1)
    linear = convolution.activation is ActivationName.LINEAR
    pool_first = reader.sees(Pooling, BatchNormalization) or (
        linear and reader.sees(Pooling, Activation)
    )
    pooling = reader.take(Pooling) if pool_first else None
    normalisation = reader.take(BatchNormalization)
    activation = reader.take(Activation) if linear else None
    if activation is not None:
        convolution = convolution.model_copy(update={"activation": activation.function})
    pooling = pooling or reader.take(Pooling)
    residual = reader.take(Residual)
    block = Block(
        convolution=convolution,
        normalisation=normalisation,
        activate_last=activation is not None,
        pooling=pooling,
        pool_first=pool_first,
    )
    depth = 0
    if residual is not None:
        depth = len(residual.layers) // len(_unit(block, convolution))
    return block.model_copy(update={"residual": min(depth, 12), "dropout": reader.take_dropout()})


def _read_head(reader: _Reader) -> Head | None:
    dropout_on_map = reader.take_dropout()
    join = reader.take(Flatten) or reader.take(GlobalPooling)
    if join is None:
        return None
    dropout = reader.take_dropout()
    dense: list[HiddenLayer] = []
    while (layer := reader.take(Dense)) is not None:
        rate = reader.take_dropout()
        dense.append(HiddenLayer(units=layer.units, activation=layer.activation, dropout=rate))
    return Head(join=join, dropout_on_map=dropout_on_map, dropout=dropout, dense=tuple(dense))
