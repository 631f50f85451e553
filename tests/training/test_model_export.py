"""Networks of every layer, written in other formats and used by those formats' own programs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnlab.config import ActivationName, DataConfig, NetworkConfig
from cnnlab.networks.builder import build
from cnnlab.runs.model_formats import ModelFormat, missing_packages
from cnnlab.training.model_export import write_model
from cnnlab.workspace import RunFiles

CLASSES = 4
DATA = DataConfig(size=20)
LAYERS = [
    {"kind": "conv", "filters": 6, "padding": "same", "activation": "gelu"},
    {"kind": "pool"},
    {"kind": "batch_norm"},
    {"kind": "activation", "function": "silu"},
    {
        "kind": "residual",
        "layers": [
            {"kind": "conv", "filters": 6, "padding": "same", "activation": "linear"},
            {"kind": "batch_norm"},
            {"kind": "activation", "function": "elu"},
        ],
    },
    {"kind": "pool", "mode": "average"},
    {"kind": "flatten"},
    {"kind": "dense", "units": 8, "activation": "tanh"},
    {"kind": "dropout", "rate": 0.3},
    {"kind": "dense", "units": 8, "activation": "gelu"},
]
POOLED = [
    {"kind": "conv", "filters": 6, "activation": "relu"},
    {"kind": "global_pool", "mode": "max"},
]


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(12, *DATA.picture_shape), dtype=np.uint8)


@pytest.fixture(params=[LAYERS, POOLED], ids=["every-layer", "pooled"])
def network(request, tmp_path, pictures):
    """The files of a run with an untrained network, and what Keras says of the pictures."""
    config = NetworkConfig.model_validate({"layers": request.param})
    model = build(config, DATA.picture_shape, CLASSES, 0)
    files = RunFiles(tmp_path)
    model.save(files.keras_model)
    return files, model.predict(pictures.astype(np.float32), verbose=0)


def test_every_activation_is_among_the_layers():
    used = str([LAYERS, POOLED])
    assert all(f"'{name.value}'" in used for name in ActivationName)


def test_onnx_computes_what_keras_does(network, pictures, tmp_path):
    files, expected = network
    check_onnx(files, tmp_path, pictures, expected)


def test_onnx_looks_into_grouped_convolutions(pictures, tmp_path):
    """As the backbone ConvNeXt has them."""
    model = keras.Sequential(
        [
            keras.Input(DATA.picture_shape),
            keras.layers.Conv2D(8, 3),
            keras.layers.Conv2D(8, 3, groups=4),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    files = RunFiles(tmp_path)
    model.save(files.keras_model)
    expected = model.predict(pictures.astype(np.float32), verbose=0)
    check_onnx(files, tmp_path, pictures, expected)
    assert not tf.config.functions_run_eagerly()


def check_onnx(files, folder, pictures, expected) -> None:
    missing = missing_packages(ModelFormat.ONNX)
    if missing:
        pytest.skip(f"the extra 'export' is not installed: {', '.join(missing)}")
    import onnxruntime

    write_model(ModelFormat.ONNX, files, folder)
    path = str(folder / "model.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (pictures, pictures[:1]):
        (said,) = session.run(["probabilities"], {"pixels": batch.astype(np.float32)})
        np.testing.assert_allclose(said, expected[: len(batch)], atol=1e-5)


def test_tensorflow_computes_what_keras_does(network, pictures, tmp_path):
    files, expected = network
    write_model(ModelFormat.SAVED_MODEL, files, tmp_path)
    loaded = tf.saved_model.load(str(tmp_path / "saved_model"))
    said = loaded.signatures["serving_default"](pixels=tf.constant(pictures, tf.float32))
    np.testing.assert_allclose(said["probabilities"].numpy(), expected, atol=1e-5)


def test_eight_bits_come_near_to_it(network, pictures, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    files, expected = network
    write_model(ModelFormat.LITERT_INT8, files, tmp_path, calibration=pictures)
    interpreter = Interpreter(str(tmp_path / "model.tflite"))
    run = interpreter.get_signature_runner("serving_default")
    for batch in (pictures, pictures[:1]):
        said = run(pixels=batch.astype(np.float32))["probabilities"]
        np.testing.assert_allclose(said, expected[: len(batch)], atol=0.1)
