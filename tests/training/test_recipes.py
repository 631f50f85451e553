"""Every recipe the whole way: built, trained for two steps, saved, exported, loaded again."""

import gc
import os

import keras
import numpy as np
import pytest

from cnnlab.config import BackboneName
from cnnlab.inference.model import ModelFacts
from cnnlab.inference.weights import find_weights
from cnnlab.networks.builder import build
from cnnlab.networks.recipes import RECIPES, recipe
from cnnlab.training.compiling import compile_model
from tests.training.test_class_map import assert_same, by_tape, exported, exported_map

FAMILY = ["conv-grid(1,32,2)", "conv-grid(3,128,0)"]
WITHOUT_MAP = ["dense-only"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*RECIPES, *FAMILY])
def test_every_recipe_agrees_after_training_saving_and_exporting(name: str, tmp_path) -> None:
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

    facts = ModelFacts(run_id=name, class_names=("",) * classes, data=chosen.config.data)
    lite = exported(loaded, tmp_path / "model.tflite", facts)
    np.testing.assert_allclose(lite.predict(pictures).probabilities, expected, atol=1e-4)
    assert lite.explains == (name not in WITHOUT_MAP)
    if lite.explains:
        asked = [0, 1, 1, 0]
        # A deep backbone rounds otherwise in LiteRT than in Keras, and a sum over its many
        # channels cancels: there the gradient is taken at the map that was really computed.
        deep = network.backbone is not None
        entering = exported_map(tmp_path / "model.tflite", pictures) if deep else None
        assert_same(lite.explain(pictures, asked), by_tape(loaded, pictures, asked, entering))
    keras.backend.clear_session()
    gc.collect()
