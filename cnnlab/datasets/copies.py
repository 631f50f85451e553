"""Which pictures are the same picture: saved again, scaled or cut a little.

A picture's perceptual hash is, as in pHash (Zauner 2010), the low frequencies of the cosine
transform of its grey miniature; but they are kept as numbers, weighted by their frequency, rather
than as signs. Two pictures are as similar as the cosine of the angle between their hashes, the best
of several small cuts of either. Photographs of different things stay below 0.85, copies above 0.93.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from cnnlab.datasets.measures import MINIATURE_PX, Measures
from cnnlab.progress import Progress
from cnnlab.tables import TableError, read_frame, write_frame

SIMILAR_FROM = 0.90
CUTS = (0.0, 0.025, 0.05)  # shares that may be cut from each side
MOST_COLOUR_DIFFERENCE = 30.0  # root of the mean square, of 255, between coarse colours

_FREQUENCIES = 12
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_LEAST_CONTRAST = 3.0  # flatter miniatures would be compared by their noise
_USUAL_NEIGHBOUR = 5
_USUAL_SHARE = 0.2
_SAMPLED = 500
_BLOCK = 2048
_COARSE = 4
_COLUMNS = {"first": "str", "second": "str", "similarity": "float32"}
_VERSION = 1
_KIND = "copies"

Floats = NDArray[np.float32]


def near_copies(measures: Measures, progress: Progress | None = None) -> pd.DataFrame:
    """Find the pairs of different files that show the same picture.

    Where all pictures resemble each other, as handwritten digits do, a pair must stand out from
    what is usual in the set. Nearly uniform pictures are left out.

    Args:
        measures: With their miniatures.
        progress: Told the pictures done and in all, from the calling thread.

    Returns:
        Columns first and second (content hashes, first < second) and similarity (0-1), sorted.
    """
    miniatures = measures.miniatures
    hashes = [perceptual_hashes(_cut(miniatures, share)) for share in CUTS]
    flat = _grey(miniatures).std(axis=(1, 2)) < _LEAST_CONTRAST
    for each in hashes:
        each[flat] = 0
    whole = hashes[0]
    limit = max(SIMILAR_FROM, 1 - _USUAL_SHARE * _usual_distance(whole[~flat]))
    best: dict[tuple[int, int], tuple[float, float]] = {}  # similarity and cut, by rows
    for start in range(0, len(whole), _BLOCK):
        for share, cut in zip(CUTS, hashes, strict=True):
            for row, other, similarity in _above(cut[start : start + _BLOCK], whole, limit, start):
                key = (min(row, other), max(row, other))
                if similarity > best.get(key, (0.0, 0.0))[0]:
                    best[key] = (similarity, share)
        if progress is not None:
            progress(min(start + _BLOCK, len(whole)), len(whole))
    contents = measures.frame["content_hash"].tolist()
    rows = [
        (contents[row], contents[other], min(similarity, 1.0))
        for (row, other), (similarity, share) in sorted(best.items())
        if _colour_difference(miniatures[row], miniatures[other], share) <= MOST_COLOUR_DIFFERENCE
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def perceptual_hashes(miniatures: NDArray[np.uint8]) -> Floats:
    """Low frequencies of pictures, weighted by their frequency, without their mean.

    Args:
        miniatures: RGB, shape (n, 32, 32, 3).

    Returns:
        Shape (n, 144); each row has the length 1, or 0 for a uniform picture.
    """
    basis = _cosines()
    coefficients = basis @ _grey(miniatures) @ basis.T  # (n, 12, 12)
    frequencies = np.hypot(*np.meshgrid(np.arange(_FREQUENCIES), np.arange(_FREQUENCIES)))
    weighted = (coefficients * frequencies).reshape(len(miniatures), _FREQUENCIES**2)
    length = np.linalg.norm(weighted, axis=1, keepdims=True)
    return np.asarray(weighted / np.maximum(length, 1e-3), dtype=np.float32)


def copy_groups(pictures: pd.DataFrame, pairs: pd.DataFrame | None) -> NDArray[np.int64]:
    """Number pictures so that copies and near copies of each other have the same number.

    Args:
        pictures: With the column content_hash.
        pairs: Near copies by content; pairs of other pictures are ignored. None for exact ones.

    Returns:
        Shape (len(pictures),), numbered by first appearance; linked through others counts.
    """
    codes, contents = pd.factorize(pictures["content_hash"])
    numbers = codes.astype(np.int64)
    if pairs is None or pairs.empty or not len(contents):
        return numbers
    place = {content: number for number, content in enumerate(contents)}
    parent = list(range(len(contents)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for first, second in zip(pairs["first"], pairs["second"], strict=True):
        if first in place and second in place:
            one, other = sorted((root(place[first]), root(place[second])))
            parent[other] = one
    roots = np.array([root(number) for number in range(len(contents))], dtype=np.int64)
    return pd.factorize(roots[numbers])[0].astype(np.int64)


def write_pairs(pairs: pd.DataFrame, file: Path) -> None:
    """Write what `near_copies` found to a Parquet file.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    write_frame(pairs, file, kind=_KIND, version=_VERSION, facts={})


def read_pairs(file: Path) -> pd.DataFrame | None:
    """Read what `write_pairs` wrote; None where it is missing, damaged or of another version."""
    try:
        return read_frame(file, _COLUMNS, kind=_KIND, version=_VERSION)[0]
    except TableError:
        return None


def _cosines() -> Floats:
    """The first rows of the orthonormal cosine transform (DCT-II), shape (12, 32)."""
    places = (np.arange(MINIATURE_PX) + 0.5) * np.pi / MINIATURE_PX
    basis = np.cos(np.outer(np.arange(_FREQUENCIES), places)) * np.sqrt(2 / MINIATURE_PX)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, dtype=np.float32)


def _grey(miniatures: NDArray[np.uint8]) -> Floats:
    return np.asarray(miniatures.astype(np.float32) @ _LUMA)


def _cut(miniatures: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """Miniatures of the same pictures without a margin."""
    if share == 0:
        return miniatures
    low, high = MINIATURE_PX * share, MINIATURE_PX * (1 - share)
    cut = np.empty_like(miniatures)
    for row, miniature in enumerate(miniatures):
        cut[row] = np.asarray(
            Image.fromarray(miniature).resize(
                (MINIATURE_PX, MINIATURE_PX), Image.Resampling.BILINEAR, (low, low, high, high)
            )
        )
    return cut


def _usual_distance(hashes: Floats) -> float:
    """Median distance to the fifth nearest picture, of a sample; 1 in a small set."""
    if len(hashes) <= _USUAL_NEIGHBOUR:
        return 1.0
    rows = np.random.default_rng(0).permutation(len(hashes))[:_SAMPLED]
    similarity = hashes[rows] @ hashes.T
    similarity[np.arange(len(rows)), rows] = -1
    nearest = np.partition(similarity, -_USUAL_NEIGHBOUR, axis=1)[:, -_USUAL_NEIGHBOUR]
    return float(1 - np.median(nearest))


def _above(
    some: Floats, whole: Floats, limit: float, start: int
) -> Iterator[tuple[int, int, float]]:
    """Rows that are similar, `some` beginning at row `start` of `whole`."""
    similarity = some @ whole.T
    rows, others = np.nonzero(similarity >= limit)
    for row, other in zip(rows.tolist(), others.tolist(), strict=True):
        if row + start != other:
            yield row + start, other, float(similarity[row, other])


def _colour_difference(one: NDArray[np.uint8], other: NDArray[np.uint8], share: float) -> float:
    """Between coarse colours, where either may be a cut of the other."""
    ways = [(one, other), (_cut(one[None], share)[0], other), (one, _cut(other[None], share)[0])]
    return min(float(np.sqrt(((_coarse(a) - _coarse(b)) ** 2).mean())) for a, b in ways)


def _coarse(miniature: NDArray[np.uint8]) -> Floats:
    side = MINIATURE_PX // _COARSE
    blocks = miniature.reshape(_COARSE, side, _COARSE, side, 3).astype(np.float32)
    return np.asarray(blocks.mean(axis=(1, 3)))
