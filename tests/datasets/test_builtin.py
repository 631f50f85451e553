"""The built-in sets: made anywhere, always the same, never half."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets.builtin import BUILTIN, materialise
from cnnlab.datasets.scenes import CLASS_NAMES, SIZE_PX, paint_scene
from cnnlab.errors import DatasetError

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    return materialise("digits", tmp_path_factory.mktemp("sets") / "digits")


def test_scene_depends_on_class_number_and_seed_only():
    first = np.asarray(paint_scene("sea", 5))
    paint_scene("forest", 1)
    assert np.array_equal(np.asarray(paint_scene("sea", 5)), first)
    assert not np.array_equal(np.asarray(paint_scene("sea", 6)), first)
    assert not np.array_equal(np.asarray(paint_scene("sea", 5, seed=1)), first)


@pytest.mark.parametrize("name", CLASS_NAMES)
def test_scene_is_a_colour_picture_with_something_on_it(name: str):
    for number in range(3):
        picture = paint_scene(name, number)
        assert (picture.mode, picture.size) == ("RGB", (SIZE_PX, SIZE_PX))
        assert np.asarray(picture).std() > 10


def test_digits_are_scikit_learns(digits):
    from sklearn.datasets import load_digits

    known = load_digits()
    assert sum(1 for _ in digits.glob("*/*.png")) == BUILTIN["digits"].image_count == 1797
    for number in (0, 7, 1796):
        (file,) = digits.glob(f"*/{number:04}.png")
        assert file.parent.name == str(known.target[number])
        with Image.open(file) as picture:
            assert picture.size == (32, 32)
            small = np.asarray(picture.resize((8, 8), Image.Resampling.BOX), np.float64)
        agreement = np.corrcoef(small.ravel(), known.images[number].ravel())[0, 1]
        assert agreement > 0.95


def test_set_that_is_there_is_not_written_again(digits):
    before = {file: file.stat().st_mtime_ns for file in digits.rglob("*.png")}
    materialise("digits", digits)
    assert {file: file.stat().st_mtime_ns for file in digits.rglob("*.png")} == before


def test_interrupted_writing_leaves_no_half_set_and_is_made_good(tmp_path):
    folder = tmp_path / "digits"

    def interrupt(done: int, _total: int) -> None:
        if done == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        materialise("digits", folder, interrupt)
    assert not folder.exists()
    materialise("digits", folder)
    assert sum(1 for _ in folder.glob("*/*.png")) == 1797


def test_two_processes_at_once_make_one_complete_set(tmp_path):
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from cnnlab.datasets.builtin import materialise
        materialise("digits", Path(sys.argv[1]))
        """
    )
    command = [sys.executable, "-c", code, str(tmp_path / "digits")]
    both = [subprocess.Popen(command, cwd=PROJECT) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert sum(1 for _ in (tmp_path / "digits").glob("*/*.png")) == 1797


def test_unknown_set_is_answered_with_those_there_are(tmp_path):
    with pytest.raises(DatasetError, match="scenes, digits"):
        materialise("nothing", tmp_path / "x")
