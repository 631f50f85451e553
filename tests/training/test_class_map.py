"""What speaks for a class: the forward operations against a gradient tape, also after reload."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from cnnlab.config import (
    Activation,
    ActivationName,
    BatchNormalization,
    Convolution,
    DataConfig,
    Dense,
    Dropout,
    Flatten,
    GlobalPooling,
    Layer,
    NetworkConfig,
    Pooling,
    PoolMode,
    Residual,
)
from cnnlab.errors import RunError
from cnnlab.inference.model import LiteModel, ModelFacts
from cnnlab.inference.signatures import MAP, PREDICT
from cnnlab.networks.builder import build
from cnnlab.training.class_map import find_head
from cnnlab.training.export import to_lite

SHAPE, CLASSES = (12, 12, 1), 3
FACTS = ModelFacts(run_id="test", class_names=("a", "b", "c"), data=DataConfig(size=12))
BODY: tuple[Layer, ...] = (Convolution(filters=4), Pooling(), Convolution(filters=5))

HEADS: dict[str, tuple[Layer, ...]] = {
    "max": (GlobalPooling(mode=PoolMode.MAX),),
    "max, then dense": (GlobalPooling(mode=PoolMode.MAX), Dense(units=7)),
    "two dense layers": (
        Dropout(rate=0.2),
        Flatten(),
        Dense(units=9),
        Dropout(rate=0.5),
        Dense(units=6),
    ),
    "gelu and silu": (
        Flatten(),
        Dense(units=9, activation=ActivationName.GELU),
        Dense(units=8, activation=ActivationName.SILU),
    ),
    "tanh and elu": (
        GlobalPooling(),
        Dense(units=9, activation=ActivationName.TANH),
        Dense(units=8, activation=ActivationName.ELU),
    ),
    "normalised": (
        Flatten(),
        BatchNormalization(),
        Dense(units=9, activation=ActivationName.LINEAR),
        BatchNormalization(),
        Activation(function=ActivationName.GELU),
        Dense(units=5),
    ),
    "activation in front of the dense layers": (
        Flatten(),
        BatchNormalization(),
        Activation(function=ActivationName.TANH),
        BatchNormalization(),
        Dense(units=6, activation=ActivationName.SILU),
    ),
    "activation behind pooling": (
        GlobalPooling(),
        BatchNormalization(),
        Activation(function=ActivationName.ELU),
    ),
}

WITHOUT: dict[str, tuple[Layer, ...]] = {
    "mere pixels": (Flatten(), Dense(units=4)),
    "pooled pixels": (Pooling(), Flatten(), Dense(units=4)),
    "a residual": (*BODY, Flatten(), Dense(units=4), Residual(layers=(Dense(units=4),))),
    "one place only": (Convolution(filters=4, kernel=12), Flatten()),
}


def network(layers: tuple[Layer, ...]) -> keras.Model:
    """A network whose normalisations have seen something, as after a training."""
    model = build(NetworkConfig(layers=layers), SHAPE, CLASSES, seed=1)
    rng = np.random.default_rng(2)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable in layer.weights:
                variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    return model


def pictures(count: int, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.float32]:
    rng = np.random.default_rng(3)
    return rng.integers(0, 256, (count, *shape)).astype(np.float32)


def by_tape(
    model: keras.Model,
    pixels: NDArray[np.float32],
    classes: list[int],
    entering: NDArray[np.float32] | None = None,
) -> NDArray:
    """The same by TensorFlow's own gradients.

    The map is what enters the flatten or global pooling (`entering`, or what Keras says does), or
    what an activation behind a flatten makes of it.
    """
    kinds = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)
    joins = (*kinds, keras.layers.GlobalMaxPooling2D)
    place = next(i for i, layer in enumerate(model.layers) if isinstance(layer, joins))
    join, behind = model.layers[place], model.layers[place + 1 :]
    in_front = 0
    if isinstance(join, keras.layers.Flatten):
        dense = next(i for i, each in enumerate(behind) if isinstance(each, keras.layers.Dense))
        for number, layer in enumerate(behind[:dense], start=1):
            in_front = number if isinstance(layer, keras.layers.Activation) else in_front
    values = keras.Model(model.input, join.input)(pixels, training=False)
    if entering is not None:
        np.testing.assert_allclose(entering, values, atol=1e-4)  # as probabilities must agree
        values = tf.constant(entering)
    shape = values.shape
    if in_front:
        values = join(values)
        for layer in behind[:in_front]:
            values = layer(values, training=False)
        values = tf.reshape(values, shape)
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = join(values)
        for layer in behind[in_front:-1]:
            result = layer(result, training=False)
        last = behind[-1]
        logits = tf.matmul(result, last.kernel) + last.bias
        chosen = tf.gather(logits, classes, axis=1, batch_dims=1)
    gradient = tape.gradient(chosen, values)
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * values, axis=-1)).numpy()


def assert_same(found: NDArray, expected: NDArray) -> None:
    """Equal to 1e-5 of the largest value."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * expected.max())


def exported_map(file: Path, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The last map as an exported network computes it."""
    interpreter = Interpreter(str(file))
    return interpreter.get_signature_runner(PREDICT)(pixels=pixels)[MAP]


def exported(model: keras.Model, file: Path, facts: ModelFacts = FACTS) -> LiteModel:
    file.write_bytes(to_lite(model))
    return LiteModel(facts, file)


@pytest.mark.parametrize("name", HEADS)
def test_the_map_equals_that_of_a_gradient_tape(name: str, tmp_path: Path):
    model = network((*BODY, *HEADS[name]))
    pixels, classes = pictures(4), [0, 1, 2, 1]
    lite = exported(model, tmp_path / "model.tflite")
    expected = by_tape(model, pixels, classes)
    assert expected.max() > 0
    assert_same(lite.explain(pixels, classes), expected)
    said = lite.predict(pixels).probabilities
    np.testing.assert_allclose(said, model.predict_on_batch(pixels), atol=1e-6)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_head_that_does_not_allow_it_is_exported_without(name: str, tmp_path: Path):
    model = network(WITHOUT[name])
    assert find_head(model) is None
    lite = exported(model, tmp_path / "model.tflite")
    assert not lite.explains
    np.testing.assert_allclose(
        lite.predict(pictures(3)).probabilities, model.predict_on_batch(pictures(3)), atol=1e-6
    )
    with pytest.raises(RunError) as refusal:
        lite.explain(pictures(1), [0])
    assert refusal.value.reason == "no-class-map"


def test_every_activation_is_known_to_the_head(tmp_path: Path):
    for activation in ActivationName:
        model = network((*BODY, Flatten(), Dense(units=3, activation=activation)))
        assert find_head(model) is not None, activation


def test_reloaded_network_gives_the_same_map_without_tensorflow(tmp_path: Path):
    model = network((*BODY, *HEADS["normalised"]))
    pixels, classes = pictures(9), [0, 1, 2, 0, 1, 2, 0, 1, 2]
    expected = by_tape(model, pixels, classes)
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    (tmp_path / "model.tflite").write_bytes(to_lite(reloaded))
    np.savez(tmp_path / "given.npz", pixels=pixels, classes=classes)
    code = """
import sys
import numpy as np
from pathlib import Path
from cnnlab.config import DataConfig
from cnnlab.inference.model import LiteModel, ModelFacts
from cnnlab.inference.signatures import MAP, PREDICT
folder = Path(sys.argv[1])
facts = ModelFacts(run_id="test", class_names=("a", "b", "c"), data=DataConfig(size=12))
given = np.load(folder / "given.npz")
model = LiteModel(facts, folder / "model.tflite")
np.save(folder / "found.npy", model.explain(given["pixels"], given["classes"]))
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert_same(np.load(tmp_path / "found.npy"), expected)


def test_weights_are_in_the_file_once(tmp_path: Path):
    """The two signatures share them."""
    model = network((Convolution(filters=4), Flatten(), Dense(units=2000)))
    size = sum(variable.numpy().nbytes for variable in model.variables)
    assert len(to_lite(model)) < 1.05 * size
