"""Built-in data sets, so that the first minute needs no download."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from PIL import Image

from cnnlab.datasets.scenes import CLASS_NAMES, paint_scene
from cnnlab.errors import DatasetError
from cnnlab.progress import Progress
from cnnlab.workspace import appearing_folder, explain_os_error, remove_leftovers

SCENES_PER_CLASS = 200
DIGIT_SIDE_PX = 32
MAX_PAINTERS = 4
_DIGITS_FILE = Path("datasets", "data", "digits.csv.gz")  # within scikit-learn


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltinSet:
    """A data set that cnnlab makes by itself.

    Attributes:
        summary: One plain sentence.
        image_count: Pictures in all classes together.
        write: Writes the pictures into class folders that exist; yields how many are done.
    """

    name: str
    summary: str
    class_names: tuple[str, ...]
    image_count: int
    write: Callable[[Path], Iterator[int]]


def materialise(name: str, folder: Path, progress: Progress | None = None) -> Path:
    """Write a built-in set's class folders, once; all of it appears at the same moment.

    Args:
        name: One of `BUILTIN`.
        folder: Where the class folders will lie; one that exists is complete.
        progress: Told the pictures done and in all.

    Returns:
        `folder`.

    Raises:
        DatasetError: If there is no such set.
        WorkspaceError: If the disk is full or may not be written to.
    """
    if name not in BUILTIN:
        raise DatasetError(
            "unknown-dataset",
            f"There is no built-in set {name!r}. Choose one of: {', '.join(BUILTIN)}.",
        )
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not folder.is_dir():
                remove_leftovers(folder)
                with appearing_folder(folder) as part:
                    _write(BUILTIN[name], part, progress)
    except OSError as error:
        raise explain_os_error(error, folder, "write the pictures to") from error
    return folder


def _write(builtin: BuiltinSet, folder: Path, progress: Progress | None) -> None:
    for class_name in builtin.class_names:
        (folder / class_name).mkdir(parents=True)
    for done in builtin.write(folder):
        if progress is not None:
            progress(done, builtin.image_count)


def _write_scenes(folder: Path) -> Iterator[int]:
    """Paint in several processes: it is mostly Python, which threads would take turns at."""
    tasks = [
        (str(folder), class_name, number)
        for number in range(SCENES_PER_CLASS)
        for class_name in CLASS_NAMES
    ]
    workers = min(os.cpu_count() or 1, MAX_PAINTERS)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from accumulate(1 for _ in pool.map(_save_scene, tasks, chunksize=20))


def _save_scene(task: tuple[str, str, int]) -> None:
    folder, class_name, number = task
    picture = paint_scene(class_name, number)
    picture.save(Path(folder) / class_name / f"{class_name}-{number:03}.png", compress_level=1)


def digit_pictures() -> NDArray[np.uint8]:
    """The handwritten digits, shape (1797, 8, 8), values of 0-255, bright on black."""
    return _digits()[0]


@cache
def _digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The digits with their labels, out of scikit-learn's file: its import takes seconds."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DatasetError(
            "no-digits", "The handwritten digits are a part of scikit-learn. Install scikit-learn."
        )
    table = np.loadtxt(Path(spec.origin).parent / _DIGITS_FILE, delimiter=",")
    levels = table[:, :-1].reshape(-1, 8, 8)
    return (levels * (255 / 16)).round().astype(np.uint8), table[:, -1].astype(np.int64)


def _write_digits(folder: Path) -> Iterator[int]:
    """Scikit-learn's handwritten digits: 8x8 with 17 levels, bright on black, enlarged smoothly."""
    for number, (levels, label) in enumerate(zip(*_digits(), strict=True)):
        small = Image.fromarray(levels)
        large = small.resize((DIGIT_SIDE_PX, DIGIT_SIDE_PX), Image.Resampling.BICUBIC)
        large.save(folder / str(label) / f"{number:04}.png")
        yield number + 1


BUILTIN: Mapping[str, BuiltinSet] = MappingProxyType(
    {
        "scenes": BuiltinSet(
            name="scenes",
            summary="Drawn scenes of six kinds, 1,200 pictures of 96x96 in colour.",
            class_names=CLASS_NAMES,
            image_count=SCENES_PER_CLASS * len(CLASS_NAMES),
            write=_write_scenes,
        ),
        "digits": BuiltinSet(
            name="digits",
            summary="Real handwritten digits, 1,797 pictures of 32x32 in grey.",
            class_names=tuple("0123456789"),
            image_count=1797,
            write=_write_digits,
        ),
    }
)
