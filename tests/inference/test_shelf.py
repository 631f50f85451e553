"""Networks in memory: loaded once, replaced when their file changes, dropped beyond the budget."""

import shutil
import threading

import numpy as np
import pytest

from cnnlab.errors import RunError
from cnnlab.inference.model import load_model
from cnnlab.inference.shelf import ModelShelf
from cnnlab.workspace import RunFiles


@pytest.fixture
def files(trained) -> RunFiles:
    place, _, run_id = trained
    return RunFiles(place.run_folder(run_id))


def copy_of(files: RunFiles, name: str) -> RunFiles:
    shutil.copytree(files.folder, files.folder.with_name(name))
    return RunFiles(files.folder.with_name(name))


def test_model_is_loaded_once(files):
    shelf = ModelShelf()
    assert shelf.get(files) is shelf.get(files)
    assert len(shelf) == 1


def test_changed_file_is_loaded_anew_and_the_old_model_dropped(files):
    shelf = ModelShelf()
    first = shelf.get(files)
    files.lite_model.write_bytes(files.lite_model.read_bytes())
    assert shelf.get(files) is not first
    assert len(shelf) == 1


def test_least_used_model_goes_when_the_budget_is_full(files):
    size = files.lite_model.stat().st_size
    shelf = ModelShelf(budget_bytes=5 * size)  # room for two, which count double
    one, two, three = (copy_of(files, name) for name in ("one", "two", "three"))
    first = shelf.get(one)
    shelf.get(two)
    shelf.get(one)
    shelf.get(three)
    assert len(shelf) == 2
    assert shelf.get(one) is first


def test_missing_and_damaged_models_are_named(files):
    shelf = ModelShelf()
    files.lite_model.write_bytes(b"no model")
    with pytest.raises(RunError) as refusal:
        shelf.get(files)
    assert refusal.value.reason == "damaged-model"
    files.lite_model.unlink()
    with pytest.raises(RunError) as refusal:
        shelf.get(files)
    assert refusal.value.reason == "no-model"


def test_threads_that_share_a_model_get_the_answers_of_their_own_pictures(files):
    model = load_model(files)
    size = model.facts.data.size
    rng = np.random.default_rng(0)
    batches = [rng.integers(0, 256, (n, size, size, 3), dtype=np.uint8) for n in (1, 3, 8, 20)]
    expected = [model.predict(batch).probabilities for batch in batches]
    wrong: list[int] = []

    def ask(number: int) -> None:
        for _ in range(20):
            given = model.predict(batches[number]).probabilities
            if not np.allclose(given, expected[number], atol=1e-6):
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_one_picture_gives_the_same_as_in_a_batch(files):
    model = load_model(files)
    size = model.facts.data.size
    pixels = np.random.default_rng(1).integers(0, 256, (13, size, size, 3), dtype=np.uint8)
    together = model.predict(pixels)
    for number in range(13):
        alone = model.predict(pixels[number : number + 1])
        np.testing.assert_allclose(
            alone.probabilities[0], together.probabilities[number], atol=1e-6
        )
        np.testing.assert_allclose(alone.features[0], together.features[number], atol=1e-5)
