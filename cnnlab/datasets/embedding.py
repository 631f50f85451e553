"""Laying pictures out in a plane by their features, similar ones side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.tables import TableError, read_frame, write_frame

MAP_SAMPLE = 3_000  # pictures that t-SNE lays out; the others join their nearest of these
COMPONENTS = 50

_CELLS = 4  # cells along a side, for colours and for gradients
_COLOUR_LEVELS = 4
_DIRECTIONS = 9
_NEIGHBOURS = 3
_PERPLEXITY = 30.0
_BLOCK = 1024
_COLUMNS = {"content_hash": "str", "x": "float32", "y": "float32"}
_VERSION = 1
_KIND = "map"

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ImageMap:
    """Points of pictures.

    Attributes:
        frame: Columns content_hash, x and y (-1 to 1), one row a content.
        features: What they were laid out by, such as "histograms".
    """

    frame: pd.DataFrame
    features: str


def histogram_features(miniatures: NDArray[np.uint8]) -> Floats:
    """Colours, and directions of edges, in a coarse grid of cells.

    Each half is a histogram of its own length 1: colours in 4x4x4 levels over the whole picture
    and mean colours of 4x4 cells; gradient directions by magnitude in 4x4 cells (after Dalal and
    Triggs 2005).

    Args:
        miniatures: RGB, shape (n, 32, 32, 3).

    Returns:
        Shape (n, 256).
    """
    blocks = [
        np.concatenate([_unit(_colours(some)), _unit(_gradients(some))], axis=1)
        for some in np.array_split(miniatures, max(1, -(-len(miniatures) // _BLOCK)))
    ]
    return np.concatenate(blocks).astype(np.float32)


def embed(features: Floats, *, seed: int = 0) -> Floats:
    """Lay out rows of features in a plane: principal components, then t-SNE (van der Maaten 2008).

    Of many pictures a random sample is laid out; the others are put amid their nearest ones.

    Args:
        features: Shape (n, d), finite.
        seed: The same seed and features give the same layout.

    Returns:
        Shape (n, 2), centred, within -1 and 1.
    """
    count = len(features)
    if count < 3 or not np.ptp(features, axis=0).any():
        return _circle(count)
    from sklearn.decomposition import PCA
    from sklearn.neighbors import NearestNeighbors

    spread = features.std(axis=0)
    standard = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    components = min(COMPONENTS, count - 1, features.shape[1])
    reduced = PCA(components, random_state=seed).fit_transform(standard)
    chosen = np.sort(np.random.default_rng(seed).permutation(count)[:MAP_SAMPLE])
    points = np.empty((count, 2), dtype=np.float64)
    points[chosen] = _lay_out(reduced[chosen], seed)
    others = np.setdiff1d(np.arange(count), chosen)
    if len(others):
        nearest = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(reduced[chosen])
        amid = nearest.kneighbors(reduced[others], return_distance=False)
        points[others] = points[chosen][amid].mean(axis=1)
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    return np.asarray(points / max(np.abs(points).max(), 1e-9), dtype=np.float32)


def write_map(image_map: ImageMap, file: Path) -> None:
    """Write a map to a Parquet file.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    facts = {"features": image_map.features}
    write_frame(image_map.frame, file, kind=_KIND, version=_VERSION, facts=facts)


def read_map(file: Path) -> ImageMap | None:
    """Read what `write_map` wrote; None where it is missing, damaged or of another version."""
    try:
        frame, facts = read_frame(file, _COLUMNS, kind=_KIND, version=_VERSION)
        return ImageMap(frame=frame, features=str(facts["features"]))
    except (TableError, LookupError):
        return None


def _lay_out(reduced: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, max(1.0, (len(reduced) - 1) / 3))
    start = reduced[:, :2] if reduced.shape[1] > 1 else np.repeat(reduced, 2, axis=1)
    scale = max(float(start[:, 0].std()), 1e-12)
    layout = TSNE(perplexity=perplexity, init=1e-4 * start / scale, random_state=seed, n_jobs=-1)
    return np.asarray(layout.fit_transform(reduced), dtype=np.float64)


def _circle(count: int) -> Floats:
    """Pictures that nothing tells apart, in a ring."""
    if count < 2:
        return np.zeros((count, 2), dtype=np.float32)
    angles = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _colours(miniatures: NDArray[np.uint8]) -> Floats:
    count, side = len(miniatures), miniatures.shape[1]
    levels = (miniatures // (256 // _COLOUR_LEVELS)).astype(np.int64)
    codes = (levels[..., 0] * _COLOUR_LEVELS + levels[..., 1]) * _COLOUR_LEVELS + levels[..., 2]
    bins = _COLOUR_LEVELS**3
    rows = np.arange(count)[:, None] * bins + codes.reshape(count, -1)
    histogram = np.bincount(rows.ravel(), minlength=count * bins).reshape(count, bins)
    cell = side // _CELLS
    means = miniatures.reshape(count, _CELLS, cell, _CELLS, cell, 3).mean(axis=(2, 4)) / 255
    return np.concatenate(
        [np.sqrt(histogram / side**2), means.reshape(count, -1) / _CELLS], axis=1
    ).astype(np.float32)


def _gradients(miniatures: NDArray[np.uint8]) -> Floats:
    count, side = len(miniatures), miniatures.shape[1]
    grey = miniatures.astype(np.float32).mean(axis=3)
    down, across = np.gradient(grey, axis=(1, 2))
    magnitude = np.hypot(down, across)
    direction = np.floor(np.arctan2(down, across) % np.pi / np.pi * _DIRECTIONS).astype(np.int64)
    direction = np.minimum(direction, _DIRECTIONS - 1)
    place = np.arange(side) // (side // _CELLS)
    cells = place[:, None] * _CELLS + place[None, :]
    bins = _CELLS**2 * _DIRECTIONS
    rows = np.arange(count)[:, None, None] * bins + cells * _DIRECTIONS + direction
    histogram = np.bincount(rows.ravel(), weights=magnitude.ravel(), minlength=count * bins)
    return np.sqrt(histogram.reshape(count, bins)).astype(np.float32)


def _unit(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9))
