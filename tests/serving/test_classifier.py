"""`cnnlab.load(run).predict(paths)`."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import cnnlab
from cnnlab.datasets.photos import photos_at
from cnnlab.errors import DatasetError, RunError
from cnnlab.inference.classify import classify
from cnnlab.workspace import WORKSPACE_VARIABLE
from tests.file_kinds import write_every_kind
from tests.pictures import coloured_square, write_class_folders


@pytest.fixture
def model(served_place) -> cnnlab.Classifier:
    place, _, _, run_id = served_place
    return cnnlab.load(run_id, place.root)


def test_importing_cnnlab_is_light():
    code = (
        "import sys, cnnlab; print([m for m in ('numpy', 'PIL', 'pydantic') if m in sys.modules])"
    )
    words = [sys.executable, "-c", code]
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="nothing"):
        _ = cnnlab.nothing


def test_a_run_is_loaded_by_its_id(model, served_place):
    assert isinstance(model, cnnlab.Classifier)
    assert model.class_names == ("blue", "green", "red")
    assert model.run_id == served_place[3]
    assert model.run_id in repr(model)


def test_the_workspace_may_come_from_the_environment(served_place, monkeypatch):
    place, _, _, run_id = served_place
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(place.root))
    assert cnnlab.load(run_id).run_id == run_id


def test_a_copied_folder_of_a_run_needs_no_workspace(served_place, tmp_path, monkeypatch):
    place, _, _, run_id = served_place
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for name in ("model.tflite", "model.json"):
        shutil.copy(place.run_folder(run_id) / name, copy)
    monkeypatch.chdir(tmp_path)
    for folder in (copy, str(copy), "elsewhere", Path("elsewhere")):
        assert cnnlab.load(folder).run_id == run_id
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere"]


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("no-such-run", "unknown-run"),
        ("no/such/folder", "unknown-run"),
        (Path("no"), "unknown-run"),
    ],
)
def test_an_unknown_run_is_named(served_place, run, reason):
    with pytest.raises(RunError, match="no") as caught:
        cnnlab.load(run, served_place[0].root)
    assert caught.value.reason == reason


def test_a_folder_without_a_network_is_named(tmp_path):
    with pytest.raises(RunError) as caught:
        cnnlab.load(tmp_path)
    assert caught.value.reason == "no-model"


def test_paths_folders_and_bytes_are_answered_as_classify_does(model, network, tmp_path):
    folder = write_class_folders(tmp_path / "folder", per_class=2)
    kinds = tmp_path / "kinds"
    kinds.mkdir()
    paths = write_every_kind(kinds)
    expected = list(classify(network, photos_at([folder, *paths, paths[0]])))
    given = model.predict([str(folder), *paths, paths[0].read_bytes()])
    assert [answer.name for answer in given[:-1]] == [answer.name for answer in expected[:-1]]
    assert given[-1].name == f"photo-{len(paths) + 2}"
    for one, other in zip(given, expected, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
        assert one.label == other.label


def test_one_picture_needs_no_list(model, tmp_path):
    path = tmp_path / "photo.png"
    coloured_square("green", 4).save(path)
    for source in (path, str(path), path.read_bytes()):
        (answer,) = model.predict(source)
        assert answer.label in model.class_names


def test_a_broken_file_is_answered_and_a_missing_one_raises(model, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"words")
    (answer,) = model.predict(broken)
    assert answer.label is None
    assert answer.error is not None
    assert answer.error.reason == "not-an-image"
    with pytest.raises(DatasetError, match="nowhere"):
        model.predict([broken, tmp_path / "nowhere.jpg"])


def test_a_stream_takes_photos_as_they_are_needed(model):
    taken = 0

    def photos():
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b"words"

    stream = model.stream(photos())
    assert next(stream).error is not None
    stream.close()
    assert taken < 200


def test_threads_may_share_a_classifier(model, network, tmp_path):
    folder = write_class_folders(tmp_path / "folder", per_class=8)
    paths = sorted(folder.rglob("*.png"))
    expected = list(classify(network, photos_at(paths)))
    with ThreadPoolExecutor(8) as pool:
        given = [part[0] for part in pool.map(model.predict, paths)]
    for one, other in zip(given, expected, strict=True):
        assert one.name == other.name
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)


def test_a_loaded_network_outlives_its_run(trained, tmp_path):
    place, _, run_id = trained
    model = cnnlab.load(run_id, place.root)
    shutil.rmtree(place.run_folder(run_id))
    path = tmp_path / "photo.png"
    coloured_square("green", 4).save(path)
    assert model.predict(path)[0].label in model.class_names
