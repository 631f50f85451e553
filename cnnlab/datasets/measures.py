"""What is measured once in every distinct picture: how it looks, and a miniature of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from cnnlab.datasets.images import Pixels, content_hash, load, read
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.inspection import look_into
from cnnlab.errors import ImageError
from cnnlab.progress import Progress
from cnnlab.tables import TableError, read_frame, write_frame
from cnnlab.workspace import write_atomically

MINIATURE_PX = 32
MEASURED_PX = 256  # larger pictures are shrunk to this side, so that sharpness can be compared
TONE_LEVELS = 8  # levels to each side of the most common one that still count as its tone

COLUMNS = {
    "content_hash": "str",
    "brightness": "float32",  # mean luma, 0-255
    "contrast": "float32",  # standard deviation of luma, 0-255
    "sharpness": "float32",  # variance of the Laplacian of luma, longer side at most 256 px
    "uniformity": "float32",  # share of the pixels within 8 levels of the most common luma, 0-1
    "colourfulness": "float32",  # after Hasler and Suesstrunk (2003), of the miniature
}
"""Columns of the measures and their types."""

_VERSION = 1  # raised when a measure changes; older files are measured anew
_KIND = "measures"
_FILE, _MINIATURES = "measures.parquet", "miniatures.npy"


@dataclass(frozen=True, eq=False)
class Measures:
    """What was measured, one row a distinct content.

    Attributes:
        frame: Columns of `COLUMNS`, sorted by content_hash, numbered from 0.
        miniatures: RGB, shape (n, 32, 32, 3), uint8, rows as in `frame`; of length 0 where they
            were not read.
    """

    frame: pd.DataFrame
    miniatures: NDArray[np.uint8]

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row numbers by content hash."""
        return {content: row for row, content in enumerate(self.frame["content_hash"])}


@dataclass(frozen=True, slots=True)
class _Measured:
    values: tuple[float, ...]  # in the order of COLUMNS, without the first
    miniature: NDArray[np.uint8]


def measure(
    root: Path,
    index: DatasetIndex,
    previous: Measures | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Measures:
    """Measure every readable picture of a data set, excluded ones too.

    Args:
        root: The data set's folder.
        index: What the scan found in it.
        previous: What was measured before; only other contents are decoded.
        progress: Told the pictures done and in all, from the calling thread; what it raises ends
            the work.
        threads: How many decode side by side; else one for each processor.

    Returns:
        Measures of the index's contents; a file that has gone or changed for the worse since the
        scan has none. `previous` itself if nothing is new.
    """
    pictures = index.readable.drop_duplicates("content_hash").sort_values("content_hash")
    contents, paths = pictures["content_hash"].tolist(), pictures["path"].tolist()
    known = {} if previous is None else previous.rows
    new = [n for n, content in enumerate(contents) if content not in known]
    if previous is not None and not new and len(known) == len(contents):
        return previous
    content_of = {root / paths[n]: contents[n] for n in new}

    def measure_known(path: Path) -> _Measured | None:
        return _measure_file(path, content_of[path])

    looked = look_into(root, [paths[n] for n in new], measure_known, progress, threads)
    found = dict(zip(new, looked, strict=True))
    values, miniatures, kept = [], [], []
    earlier = [] if previous is None else list(previous.frame.itertuples(index=False, name=None))
    for number, content in enumerate(contents):
        if previous is not None and content in known:
            row = known[content]
            values.append(earlier[row][1:])
            miniatures.append(previous.miniatures[row])
        else:
            measured = found[number]
            if measured is None:
                continue
            values.append(measured.values)
            miniatures.append(measured.miniature)
        kept.append(content)
    frame = pd.DataFrame(values, columns=list(COLUMNS)[1:])
    frame.insert(0, "content_hash", kept)
    shape = (len(kept), MINIATURE_PX, MINIATURE_PX, 3)
    return Measures(frame.astype(COLUMNS), np.array(miniatures, dtype=np.uint8).reshape(shape))


def measure_pixels(pixels: Pixels) -> tuple[dict[str, float], NDArray[np.uint8]]:
    """Measure one picture.

    Args:
        pixels: RGB values, shape (height, width, 3), as `images.load` returns them.

    Returns:
        The measures by name, and the miniature, shape (32, 32, 3).
    """
    image = Image.fromarray(pixels)
    miniature = np.asarray(
        image.resize((MINIATURE_PX, MINIATURE_PX), Image.Resampling.BILINEAR, reducing_gap=3.0)
    )
    image.thumbnail((MEASURED_PX, MEASURED_PX), Image.Resampling.BOX, reducing_gap=2.0)
    luma = image.convert("L")
    levels = np.array(luma.histogram(), dtype=np.float64)
    levels /= levels.sum()
    values = np.arange(256)
    brightness = float(levels @ values)
    contrast = float(np.sqrt(levels @ (values - brightness) ** 2))
    measures = {
        "brightness": brightness,
        "contrast": contrast,
        "sharpness": _laplacian_variance(np.asarray(luma, dtype=np.int16)),
        "uniformity": _uniformity(levels),
        "colourfulness": _colourfulness(miniature),
    }
    return measures, miniature


def write_measures(measures: Measures, folder: Path) -> None:
    """Write measures and miniatures into a folder; a pair that does not match is never read.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    write_atomically(
        folder / _MINIATURES,
        lambda file: np.save(file, measures.miniatures, allow_pickle=False),
    )
    facts = {"contents": _digest(measures.frame), "miniatures": _digest_of(measures.miniatures)}
    write_frame(measures.frame, folder / _FILE, kind=_KIND, version=_VERSION, facts=facts)


def read_measures(folder: Path, *, miniatures: bool = True) -> Measures | None:
    """Read what `write_measures` wrote; None where it is missing, damaged or of another version.

    Args:
        folder: Where both files lie.
        miniatures: Whether to read them, too; 3 kB each.
    """
    try:
        frame, facts = read_frame(folder / _FILE, COLUMNS, kind=_KIND, version=_VERSION)
        if facts["contents"] != _digest(frame):
            return None
        if not miniatures:
            return Measures(frame, np.empty((0, MINIATURE_PX, MINIATURE_PX, 3), dtype=np.uint8))
        small = np.load(folder / _MINIATURES, allow_pickle=False)
        if facts["miniatures"] != _digest_of(small) or len(small) != len(frame):
            return None
        return Measures(frame, small)
    except (TableError, OSError, ValueError, LookupError, EOFError):
        return None


def _digest(frame: pd.DataFrame) -> str:
    text = "\0".join(frame["content_hash"])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _digest_of(miniatures: NDArray[np.uint8]) -> str:
    return blake2b(np.ascontiguousarray(miniatures).data, digest_size=16).hexdigest()


def _measure_file(path: Path, content: str) -> _Measured | None:
    """What is measured in a file, or None if it is no longer what was scanned."""
    try:
        data = read(path, path.name)
        if content_hash(data) != content:
            return None
        measures, miniature = measure_pixels(load(data, path.name))
    except ImageError:
        return None
    return _Measured(tuple(measures[name] for name in list(COLUMNS)[1:]), miniature)


def _laplacian_variance(luma: NDArray[np.int16]) -> float:
    """Variance of the four-neighbour Laplacian (Pech-Pacheco et al. 2000); 0 without an inside."""
    if min(luma.shape) < 3:
        return 0.0
    inside = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inside
    return float(laplacian.var(dtype=np.float64))


def _uniformity(levels: NDArray[np.float64]) -> float:
    """Share of the pixels whose luma lies close to the most common one."""
    most = int(levels.argmax())
    return float(levels[max(0, most - TONE_LEVELS) : most + TONE_LEVELS + 1].sum())


def _colourfulness(miniature: NDArray[np.uint8]) -> float:
    red, green, blue = np.moveaxis(miniature.astype(np.float32), -1, 0)
    red_green, yellow_blue = red - green, 0.5 * (red + green) - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))
