"""Which pictures are the same picture: saved again, scaled or cut a little.

A picture's perceptual hash is, as in pHash (Zauner 2010), the low frequencies of the cosine
transform of its grey miniature; but they are kept as numbers, weighted by their frequency, rather
than as signs. Two pictures are as similar as the cosine of the angle between their hashes, the best
of several small cuts of either. Photographs of different things stay below 0.85, copies above 0.93.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from cnnlab.datasets.measures import MINIATURE_PX, Measures
from cnnlab.progress import Progress
from cnnlab.tables import TableError, read_frame, write_frame

SIMILAR_FROM = 0.90
SURE_FROM = 0.97  # only copies are so similar, whatever the set
CUTS = (0.0, 0.025, 0.05)  # shares that may be cut from each side
MOST_COLOUR_DIFFERENCE = 30.0  # root of the mean square, of 255, between coarse colours

_FREQUENCIES = 12
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_LEAST_CONTRAST = 3.0  # flatter miniatures would be compared by their noise
_USUAL_NEIGHBOUR = 5
_USUAL_SHARE = 0.2
_SAMPLED = 500
_ASKED_COPIES = 8
_MOST_LINKS = 16  # of one picture
_PAIRS_AT_ONCE = 8192
_BLOCK_NUMBERS = 32_000_000  # similarities computed at once, 128 MB
_COARSE = 4
_COLUMNS = {"first": "str", "second": "str", "similarity": "float32"}
_VERSION = 2  # raised when other pairs are found; older files are not used
_KIND = "copies"

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


def near_copies(measures: Measures, progress: Progress | None = None) -> pd.DataFrame:
    """Find the pairs of different files that show the same picture.

    Where all pictures resemble each other, as handwritten digits do, a pair must stand out from
    what is usual in the set. Nearly uniform pictures are left out. Of a picture with very many
    copies some pairs are told, enough to link them all.

    Args:
        measures: With their miniatures.
        progress: Told the pictures done and in all, from the calling thread.

    Returns:
        Columns first and second (content hashes, first < second) and similarity (0-1), sorted.
    """
    cuts = [_cut(measures.miniatures, share) for share in CUTS]
    hashes = [perceptual_hashes(cut) for cut in cuts]
    flat = _grey(measures.miniatures).std(axis=(1, 2)) < _LEAST_CONTRAST
    for each in hashes:
        each[flat] = 0
    whole, colours = hashes[0], [_coarse(cut) for cut in cuts]
    usual = 1 - _USUAL_SHARE * _usual_distance(whole[~flat])
    limit = min(max(SIMILAR_FROM, usual), SURE_FROM)
    links = _Links(len(whole))
    block = max(1, _BLOCK_NUMBERS // max(1, len(whole)))
    for start in range(0, len(whole), block):
        for cut_hashes, cut_colours in zip(hashes, colours, strict=True):
            rows, others, similarity = _above(
                cut_hashes[start : start + block], whole, limit, start
            )
            alike = _differences(cut_colours, colours[0], rows, others) <= MOST_COLOUR_DIFFERENCE
            links.add(rows[alike], others[alike], similarity[alike])
        if progress is not None:
            progress(min(start + block, len(whole)), len(whole))
    contents = measures.frame["content_hash"].tolist()
    pairs = [
        (contents[row], contents[other], min(similarity, 1.0))
        for (row, other), similarity in sorted(links.similarity.items())
    ]
    return pd.DataFrame(pairs, columns=list(_COLUMNS)).astype(_COLUMNS)


class _Links:
    """Pairs of rows, at most so many for a picture that the memory stays bounded.

    A pair beyond that is left out only if both pictures are linked already, by others.

    Attributes:
        similarity: By pairs of rows, the smaller one first; the best that was seen.
    """

    def __init__(self, count: int) -> None:
        self.similarity: dict[tuple[int, int], float] = {}
        self._degree = np.zeros(count, dtype=np.int64)
        self._groups = _Groups(count)

    def add(self, rows: Rows, others: Rows, similarity: Floats) -> None:
        low, high = np.minimum(rows, others).tolist(), np.maximum(rows, others).tolist()
        for key in zip(low, high, similarity.tolist(), strict=True):
            self._add_one(*key)

    def _add_one(self, row: int, other: int, similarity: float) -> None:
        known = self.similarity.get((row, other))
        if known is None:
            is_new = self._groups.join(row, other)
            if not is_new and min(self._degree[row], self._degree[other]) >= _MOST_LINKS:
                return
            self._degree[[row, other]] += 1
        self.similarity[row, other] = max(similarity, known or 0.0)


class _Groups:
    """Numbers that are joined step by step, each known by the smallest of its group."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def join(self, one: int, other: int) -> bool:
        """Make two groups one; False if they are already."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low
        return low != high


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
    groups = _Groups(len(contents))
    for first, second in zip(pairs["first"], pairs["second"], strict=True):
        if first in place and second in place:
            groups.join(place[first], place[second])
    roots = np.array([groups.root(number) for number in range(len(contents))], dtype=np.int64)
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
    """Median distance to the fifth nearest picture that is no copy, of a sample.

    What is as similar as only copies are, to a picture or to some of its copies, does not count: a
    set may be made of bursts or of video frames. 1 where too few others are left.
    """
    rows = np.random.default_rng(0).permutation(len(hashes))[:_SAMPLED]
    distances = []
    for row in rows.tolist():
        similarity = hashes[row] @ hashes.T
        copies = np.flatnonzero(similarity >= SURE_FROM)[:_ASKED_COPIES]
        is_copy = ((hashes[copies] @ hashes.T) >= SURE_FROM).any(axis=0)
        others = similarity[~is_copy]
        if len(others) >= _USUAL_NEIGHBOUR:
            distances.append(1 - np.partition(others, -_USUAL_NEIGHBOUR)[-_USUAL_NEIGHBOUR])
    return float(np.median(distances)) if distances else 1.0


def _above(some: Floats, whole: Floats, limit: float, start: int) -> tuple[Rows, Rows, Floats]:
    """Pairs of rows that are similar, `some` beginning at row `start` of `whole`."""
    similarity = some @ whole.T
    rows, others = np.nonzero(similarity >= limit)
    other_one = rows + start != others
    rows, others = rows[other_one], others[other_one]
    return rows + start, others, similarity[rows, others]


def _differences(some: Floats, others: Floats, rows: Rows, of: Rows) -> Floats:
    """Root of the mean square between coarse colours of pairs, however bright each is."""
    found = [
        np.sqrt(
            ((some[rows[n : n + _PAIRS_AT_ONCE]] - others[of[n : n + _PAIRS_AT_ONCE]]) ** 2).mean(
                axis=1
            )
        )
        for n in range(0, len(rows), _PAIRS_AT_ONCE)
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.float32)


def _coarse(miniatures: NDArray[np.uint8]) -> Floats:
    """Mean colours of 4x4 cells less the mean brightness, shape (n, 48)."""
    count, side = len(miniatures), MINIATURE_PX // _COARSE
    cells = np.empty((count, _COARSE**2 * 3), dtype=np.float32)
    for start in range(0, count, _PAIRS_AT_ONCE):
        some = miniatures[start : start + _PAIRS_AT_ONCE]
        blocks = some.reshape(len(some), _COARSE, side, _COARSE, side, 3)
        cells[start : start + len(some)] = blocks.mean(axis=(2, 4), dtype=np.float32).reshape(
            len(some), -1
        )
    return np.asarray(cells - cells.mean(axis=1, keepdims=True))
