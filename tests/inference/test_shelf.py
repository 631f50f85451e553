"""Networks in memory: loaded once, replaced when their file changes, dropped beyond the budget."""

import shutil
import threading
import time

import numpy as np
import pytest

from cnnlab.errors import RunError
from cnnlab.inference.model import load_model
from cnnlab.inference.shelf import ModelShelf
from cnnlab.workspace import RunFiles, write_atomically


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


def test_a_run_that_is_deleted_in_use_gives_a_sentence_and_leaves_memory(files):
    gone, kept = copy_of(files, "gone"), copy_of(files, "kept")
    shelf = ModelShelf()
    held = shelf.get(gone)
    shelf.get(kept)
    shutil.rmtree(gone.folder)
    with pytest.raises(RunError) as refusal:
        shelf.get(gone)
    assert refusal.value.reason == "deleted-model"
    assert "'gone'" in str(refusal.value)
    assert len(shelf) == 1
    size = held.facts.data.size
    assert np.isfinite(held.predict(np.zeros((1, size, size, 3), np.uint8)).probabilities).all()


def test_unused_models_are_put_away(files):
    now = [0.0]
    one, two = copy_of(files, "one"), copy_of(files, "two")
    shelf = ModelShelf(idle_seconds=60, clock=lambda: now[0])
    shelf.get(one)
    now[0] = 50.0
    shelf.get(two)
    now[0] = 70.0
    shelf.put_away_unused()
    assert len(shelf) == 1
    now[0] = 120.0
    shelf.put_away_unused()
    assert len(shelf) == 0


def test_the_last_model_is_put_away_though_nobody_asks_for_another(files):
    shelf = ModelShelf(idle_seconds=0.05)
    shelf.get(files)
    deadline = time.monotonic() + 30
    while len(shelf) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(shelf) == 0


def test_many_threads_load_a_model_once(files):
    shelf, found = ModelShelf(), []
    threads = [threading.Thread(target=lambda: found.append(shelf.get(files))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(model) for model in found}) == 1


def test_swapping_a_model_under_load_never_mixes_two(files):
    """Whoever asks gets the one or the other, whole."""
    place = copy_of(files, "swapped")
    other = files.lite_model.read_bytes()
    shelf, stop, wrong = ModelShelf(), threading.Event(), []
    size = shelf.get(place).facts.data.size
    pixels = np.random.default_rng(2).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    expected = shelf.get(place).predict(pixels).probabilities

    def ask() -> None:
        while not stop.is_set():
            given = shelf.get(place).predict(pixels).probabilities
            if not np.allclose(given, expected, atol=1e-6):
                wrong.append(given)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        write_atomically(place.lite_model, lambda file: file.write(other))
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


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
