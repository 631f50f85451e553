"""The part of a script that builds the network: layer after layer, written out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnlab.config import (
    Activation,
    ActivationName,
    Backbone,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Features,
    Flatten,
    GlobalPooling,
    Layer,
    NetworkConfig,
    Padding,
    Pooling,
    PoolMode,
    Residual,
    RunConfig,
    Scaling,
)
from cnnlab.networks.backbones import BACKBONES, BackboneFacts, Preprocessing
from cnnlab.networks.description import describe
from cnnlab.networks.layer_rows import (
    BACKBONE_NAME,
    INPUT_NAME,
    OUTPUT_NAME,
    SCALING_NAME,
    Position,
    Shape,
    layer_name,
    widened,
)
from cnnlab.reports.script_source import call, definitions

_HELPERS = '''\
def seed_of(name: str) -> int:
    """A seed for each layer, so that layers of one shape do not start equal."""
    return zlib.crc32(f"{SEED}/{name}".encode()) & 0x7FFF_FFFF'''

_NAMED = '''\
def named(name: str) -> dict[str, Any]:
    """A layer's name, and its starting weights, drawn from a seed that the name decides."""
    start = keras.initializers.GlorotUniform(seed=seed_of(name))
    return {"name": name, "kernel_initializer": start}'''

_MIXED = "    keras.config.set_dtype_policy(precision)  # of the computation; weights stay float32"
_PLAIN_AGAIN = '    keras.config.set_dtype_policy("float32")'


def network_code(config: RunConfig, *, mixed: bool) -> list[str]:
    """Functions that build the network of a run.

    Without a backbone that is `build_model(class_count)`. With one there are `build_model(
    class_count, weights)` and, where its features are cached, `build_features(weights)` and
    `build_head(shape, class_count)`.

    Args:
        config: Of the run.
        mixed: Whether the run computed in a coarser precision than float32; the functions then
            take the precision as a further argument.
    """
    backbone = config.network.backbone
    if backbone is None:
        return [_HELPERS, _NAMED, _plain_model(config, mixed=mixed)]
    parts = [_HELPERS, _NAMED, _preprocessing_constants(config.network)]
    parts += [_backbone(config, backbone), _head(config)]
    parts.append(_whole_model(config, mixed=mixed))
    if backbone.features is Features.CACHED:
        parts += [_features_model(config), _head_model(mixed=mixed)]
    return [part for part in parts if part]


def _plain_model(config: RunConfig, *, mixed: bool) -> str:
    lines = [
        f"def build_model(class_count: int{_precision_argument(mixed)}) -> keras.Model:",
        '    """The network, from pixels of 0-255 to the probability of each class."""',
        *([_MIXED] if mixed else []),
        _input(),
        *(_scaling_lines(config.network) or ["    x = pixels"]),
        *_layer_lines(config, "outputs"),
        *_returned('keras.Model(pixels, outputs, name="network")', mixed=mixed),
    ]
    return "\n".join(lines)


def _whole_model(config: RunConfig, *, mixed: bool) -> str:
    policy = _precision_argument(mixed)
    lines = [
        f"def build_model(class_count: int, weights: str | None{policy}) -> keras.Model:",
        '    """The whole network, from pixels of 0-255 to the probability of each class."""',
        *([_MIXED] if mixed else []),
        _input(),
        "    outputs = add_head(add_backbone(pixels, weights), class_count)",
        *_returned('keras.Model(pixels, outputs, name="network")', mixed=mixed),
    ]
    return "\n".join(lines)


def _head_model(*, mixed: bool) -> str:
    policy = _precision_argument(mixed)
    lines = [
        f"def build_head(shape: tuple[int, ...], class_count: int{policy}) -> keras.Model:",
        '    """What follows the backbone, on its features as input."""',
        *([_MIXED] if mixed else []),
        f'    features = keras.Input(shape, name="{BACKBONE_NAME}")',
    ]
    model = 'keras.Model(features, add_head(features, class_count), name="head")'
    return "\n".join([*lines, *_returned(model, mixed=mixed)])


def _returned(model: str, *, mixed: bool) -> list[str]:
    """The end of a function; a model remembers the precision in which it was made."""
    if mixed:
        return [f"    model = {model}", _PLAIN_AGAIN, "    return model"]
    return [f"    return {model}"]


def _features_model(config: RunConfig) -> str:
    first = config.network.stack[0] if config.network.stack else None
    pooling = ""
    if isinstance(first, GlobalPooling):
        kind = "Max" if first.mode is PoolMode.MAX else "Average"
        pooling = f"    x = layers.Global{kind}Pooling2D(keepdims=True)(x)\n"
    return (
        "def build_features(weights: str | None) -> keras.Model:\n"
        '    """The backbone alone, from pixels of 0-255 to what it sees in them."""\n'
        f"{_input()}\n"
        "    x = add_backbone(pixels, weights)\n"
        f"{pooling}"
        "    return keras.Model(pixels, x)"
    )


def _backbone(config: RunConfig, backbone: Backbone) -> str:
    facts = BACKBONES[backbone.name]
    lines = [
        "def add_backbone(pixels: keras.KerasTensor, weights: str | None) -> keras.KerasTensor:",
        f'    """{facts.title} without its own classes, frozen: a map of features."""',
        *(_scaling_lines(config.network) or ["    x = pixels"]),
        "    if weights is None:",
        f'        keras.utils.set_random_seed(seed_of("{BACKBONE_NAME}"))',
        call("backbone", f"keras.applications.{facts.keras_name}", _backbone_arguments(facts)),
        f'    backbone.name = "{BACKBONE_NAME}"',
        "    backbone.trainable = False",
        "    return backbone(x, training=False)",
    ]
    return "\n".join(lines)


def _backbone_arguments(facts: BackboneFacts) -> list[str]:
    arguments = ["input_shape=(SIZE, SIZE, CHANNELS)", "include_top=False", "weights=weights"]
    if facts.keras_name == "MobileNetV2":
        arguments.append(f"alpha={facts.alpha!r}")
    if facts.keras_name.startswith(("MobileNetV3", "EfficientNetV2", "ConvNeXt")):
        arguments.append("include_preprocessing=False")
    return arguments


def _head(config: RunConfig) -> str:
    lines = [
        "def add_head(x: keras.KerasTensor, class_count: int) -> keras.KerasTensor:",
        '    """The layers behind the backbone, up to the probability of each class."""',
        *_layer_lines(config, "return"),
    ]
    return "\n".join(lines)


def _precision_argument(mixed: bool) -> str:
    return ', precision: str = "float32"' if mixed else ""


def _input() -> str:
    return f'    pixels = keras.Input((SIZE, SIZE, CHANNELS), name="{INPUT_NAME}")'


def _preprocessing_constants(network: NetworkConfig) -> str:
    if network.scaling is not Scaling.BACKBONE or network.backbone is None:
        return ""
    names = {
        Preprocessing.SIGNED: [],
        Preprocessing.STANDARDIZED: ["_IMAGENET_MEAN", "_IMAGENET_DEVIATION"],
        Preprocessing.CENTRED_BGR: ["_CAFFE_MEAN_BGR"],
    }[BACKBONES[network.backbone.name].preprocessing]
    return definitions("cnnlab.networks.builder", names) if names else ""


def _scaling_lines(network: NetworkConfig) -> list[str]:
    preprocessing = None
    if network.scaling is Scaling.BACKBONE and network.backbone is not None:
        preprocessing = BACKBONES[network.backbone.name].preprocessing
    name = f'name="{SCALING_NAME}"'
    if network.scaling is Scaling.UNIT:
        return [call("x", "layers.Rescaling", ["1 / 255", name], applied_to="pixels")]
    if network.scaling is Scaling.SIGNED or preprocessing is Preprocessing.SIGNED:
        scaled = ["1 / 127.5", "offset=-1", name]
        return [call("x", "layers.Rescaling", scaled, applied_to="pixels")]
    if preprocessing is Preprocessing.STANDARDIZED:
        return [
            "    scale = [1 / (255 * deviation) for deviation in _IMAGENET_DEVIATION]",
            "    pairs = zip(_IMAGENET_MEAN, _IMAGENET_DEVIATION, strict=True)",
            "    offset = [-mean / deviation for mean, deviation in pairs]",
            call("x", "layers.Rescaling", ["scale", "offset=offset", name], applied_to="pixels"),
        ]
    if preprocessing is Preprocessing.CENTRED_BGR:
        scaled = ["[1.0] * 3", "offset=[-mean for mean in _CAFFE_MEAN_BGR]", name]
        return [
            "    x = ops.flip(pixels, axis=-1)  # blue, green, red",
            call("x", "layers.Rescaling", scaled, applied_to="x"),
        ]
    return []


def _layer_lines(config: RunConfig, target: str) -> Iterator[str]:
    """The configured layers and the softmax over the classes, from `x` to `target`.

    A remark tells the shape of one picture's values wherever it changes.
    """
    network, data = config.network, config.data
    pixels = data.picture_shape
    shapes = {row.name: row.output_shape for row in describe(network, pixels, 2).rows}
    shape: Shape = shapes.get(BACKBONE_NAME, pixels)
    if BACKBONE_NAME in shapes:
        yield _shape_remark(shape)
    for name, line in _stack_lines(network.stack, network.width, ()):
        yield line
        if shapes.get(name, shape) != shape:
            shape = shapes[name]
            yield _shape_remark(shape)
    softmax = ["class_count", 'activation="softmax"', 'dtype="float32"', _named(OUTPUT_NAME)]
    yield call(target, "layers.Dense", softmax, applied_to="x")


def _shape_remark(shape: Shape) -> str:
    text = " x ".join(str(side) for side in shape)
    return f"    # {text}" if len(shape) > 1 else f"    # {text} values"


def _named(name: str) -> str:
    return f'**named("{name}")'


def _stack_lines(
    layers: Sequence[Layer], width: float, parents: Position
) -> Iterator[tuple[str, str]]:
    """Name and source of each layer."""
    for index, layer in enumerate(layers, start=1):
        position = (*parents, index)
        name = layer_name(layer, position)
        if isinstance(layer, Residual):
            shortcut = name.replace("residual", "shortcut")
            yield shortcut, f"    {shortcut} = x"
            yield from _stack_lines(layer.layers, width, position)
            yield name, f'    x = layers.Add(name="{name}")([{shortcut}, x])'
        else:
            function, arguments = _layer(layer, name, width)
            if not isinstance(layer, Convolution | Dense):
                arguments.append(f'name="{name}"')
            yield name, call("x", f"layers.{function}", arguments, applied_to="x")


def _layer(layer: Layer, name: str, width: float) -> tuple[str, list[str]]:
    """The Keras class of a layer and its arguments, without those that are Keras' own."""
    match layer:
        case Convolution():
            arguments = [str(widened(layer.filters, width)), str(layer.kernel)]
            arguments += [f"strides={layer.stride}"] if layer.stride > 1 else []
            arguments += _padding(layer.padding) + _activation(layer.activation)
            arguments += [] if layer.bias else ["use_bias=False"]
            return "Conv2D", [*arguments, _named(name)]
        case Pooling():
            kind = "MaxPooling2D" if layer.mode is PoolMode.MAX else "AveragePooling2D"
            return kind, [str(layer.size), *_padding(layer.padding)]
        case Dense():
            arguments = [str(widened(layer.units, width)), *_activation(layer.activation)]
            return "Dense", [*arguments, _named(name)]
        case BatchNormalization():
            return "BatchNormalization", [f"momentum={layer.momentum!r}"]
        case Activation():
            return "Activation", [f'"{layer.function.value}"']
        case Dropout():
            return "Dropout", [repr(layer.rate), f'seed=seed_of("{name}")']
        case Flatten():
            return "Flatten", []
        case GlobalPooling():
            kind = "Max" if layer.mode is PoolMode.MAX else "Average"
            return f"Global{kind}Pooling2D", []
        case Residual():
            raise TypeError("A residual is more than one line.")


def _padding(padding: Padding) -> list[str]:
    return ['padding="same"'] if padding is Padding.SAME else []


def _activation(activation: ActivationName) -> list[str]:
    return [] if activation is ActivationName.LINEAR else [f'activation="{activation.value}"']
