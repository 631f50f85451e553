"""Every recipe the whole way: built, trained for two steps, saved, exported, loaded again."""

import gc
import os

import keras
import numpy as np
import pytest

from cnnlab.config import BackboneName
from cnnlab.inference.model import PIXELS, PROBABILITIES
from cnnlab.inference.weights import find_weights
from cnnlab.networks.builder import build
from cnnlab.networks.recipes import RECIPES, recipe
from cnnlab.training.compiling import compile_model
from cnnlab.training.export import to_lite

FAMILY = ["conv-grid(1,32,2)", "conv-grid(3,128,0)"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*RECIPES, *FAMILY])
def test_every_recipe_agrees_after_training_saving_and_exporting(name: str, tmp_path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    chosen = recipe(name)
    network, shape, classes = chosen.config.network, chosen.input_shape, chosen.class_count
    weights = None
    if network.backbone is not None and os.environ.get("KERAS_HOME"):
        weights = find_weights(BackboneName.MOBILENET_V2, chosen.config.data.size)
    model = build(network, shape, classes, backbone_weights=weights)
    compile_model(model, chosen.config.training, classes)
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (4, *shape)).astype(np.float32)
    targets = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, 4)]
    before = [weight.numpy() for weight in model.trainable_weights]
    for step in range(2):
        model.train_on_batch(pictures[2 * step : 2 * step + 2], targets[2 * step : 2 * step + 2])
    after = [weight.numpy() for weight in model.trainable_weights]
    assert any(not np.array_equal(one, two) for one, two in zip(before, after, strict=True))
    expected = model.predict_on_batch(pictures)
    assert np.isfinite(expected).all()

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(loaded.predict_on_batch(pictures), expected, atol=1e-4)

    lite = tmp_path / "model.tflite"
    lite.write_bytes(to_lite(loaded))
    outputs = Interpreter(str(lite)).get_signature_runner()(**{PIXELS: pictures})
    np.testing.assert_allclose(outputs[PROBABILITIES], expected, atol=1e-4)
    keras.backend.clear_session()
    gc.collect()
