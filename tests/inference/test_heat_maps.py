"""Heat maps from a finished run's file: by its class map, or by covering parts of the picture."""

from pathlib import Path

import numpy as np
import pytest

from cnnlab.config import BatchNormalization, DataConfig, Dense, Flatten, NetworkConfig
from cnnlab.datasets.images import load, prepare
from cnnlab.errors import RunError
from cnnlab.inference.heat_maps import HeatMethod, heat_map
from cnnlab.inference.model import LiteModel, ModelFacts, load_model
from cnnlab.inference.occlusion import patch_for
from cnnlab.networks.builder import build
from cnnlab.training.export import to_lite
from cnnlab.workspace import RunFiles
from tests.pictures import coloured_square


@pytest.fixture(scope="module")
def model(trained_once) -> LiteModel:
    place, _, run_id = trained_once
    return load_model(RunFiles(place.run_folder(run_id)))


@pytest.fixture(scope="module")
def dense(tmp_path_factory) -> LiteModel:
    """A network without convolutions, as `dense-only` is: bright pixels speak for its class 1."""
    network = NetworkConfig(layers=(Flatten(), BatchNormalization(), Dense(units=1)))
    keras_model = build(network, (12, 12, 1), 2)
    dense_layer, output = keras_model.layers[-2:]
    weights = np.zeros((12, 12), np.float32)
    weights[6:, :6] = 0.1  # it looks at the lower left quarter only
    dense_layer.set_weights([weights.reshape(-1, 1), np.zeros(1, np.float32)])
    output.set_weights([np.array([[0, 1]], np.float32), np.zeros(2, np.float32)])
    file = Path(tmp_path_factory.mktemp("dense")) / "model.tflite"
    file.write_bytes(to_lite(keras_model))
    facts = ModelFacts(run_id="dense", class_names=("dark", "bright"), data=DataConfig(size=12))
    return LiteModel(facts, file)


def picture(model: LiteModel, tmp_path: Path) -> np.ndarray:
    coloured_square("red", 7).save(tmp_path / "red.png")
    data = model.facts.data
    return prepare(load(tmp_path / "red.png"), data.size, data.resize, data.colour)


def test_a_finished_run_explains_every_class_by_gradient(model, tmp_path):
    pixels = picture(model, tmp_path)
    maps = [heat_map(model, pixels, number) for number in range(3)]
    for found in maps:
        assert found.method is HeatMethod.GRADIENT
        assert found.values.shape == (28, 28)
        assert found.places == (3, 3)
        assert found.values.dtype == np.float32
        assert found.values.min() >= 0
        assert found.blank or found.values.max() == 1
    assert not all(found.blank for found in maps)
    assert not np.array_equal(maps[0].values, maps[2].values)


def test_without_a_class_map_parts_are_covered(dense):
    assert not dense.explains
    told = []
    pixels = np.full((12, 12, 1), 255, np.uint8)
    found = heat_map(dense, pixels, 1, lambda done, total: told.append((done, total)))
    assert found.method is HeatMethod.OCCLUSION
    assert found.places == (len(patch_for(12).starts_px),) * 2
    assert found.values.max() == 1
    inside, outside = found.values[7:, :5], found.values[:5, 7:]
    assert inside.min() > 0.3
    assert outside.max() < 1e-4
    assert told[-1] == (len(patch_for(12).starts_px) ** 2,) * 2


def test_a_picture_without_anything_for_the_class_stays_zero(dense):
    """Covering a dark picture makes it brighter, which never speaks against being bright."""
    found = heat_map(dense, np.zeros((12, 12, 1), np.uint8), 1)
    assert found.blank
    assert found.values.shape == (12, 12)
    assert np.isfinite(found.values).all()


def test_an_unknown_class_is_refused_by_name(model, tmp_path):
    for number in (-1, 3):
        with pytest.raises(RunError) as refusal:
            heat_map(model, picture(model, tmp_path), number)
        assert refusal.value.reason == "unknown-class"


@pytest.mark.parametrize("size", [1, 2, 7, 28, 50, 224])
def test_patches_reach_from_border_to_border(size: int):
    patch = patch_for(size)
    assert patch.starts_px[0] == 0
    assert patch.starts_px[-1] + patch.side_px == size
    assert len(patch.starts_px) <= 12
    assert np.diff(patch.starts_px).max(initial=0) <= patch.side_px  # nothing is left out


def test_explaining_leaves_predictions_alone(model, tmp_path):
    pixels = picture(model, tmp_path)[None].repeat(11, axis=0)
    before = model.predict(pixels).probabilities
    assert model.explain(pixels, [0] * 11).shape[0] == 11
    np.testing.assert_array_equal(model.predict(pixels).probabilities, before)
    np.testing.assert_array_equal(model.predict(pixels[:3]).probabilities, before[:3])
