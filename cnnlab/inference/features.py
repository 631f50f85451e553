"""Features of pictures by a network that was trained on ImageNet, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnlab.config import Colour, DataConfig, Resize
from cnnlab.datasets.images import look
from cnnlab.errors import ImageError
from cnnlab.inference.engines import FeatureEngines
from cnnlab.progress import Progress
from cnnlab.threads import in_order

BACKBONE_SIDE_PX = 160
_BACKBONE_DATA = DataConfig(size=BACKBONE_SIDE_PX, resize=Resize.SQUASH, colour=Colour.RGB)

Floats = NDArray[np.float32]


def picture_features(
    model_file: Path,
    root: Path,
    paths: Sequence[str],
    progress: Progress | None = None,
) -> tuple[Floats, NDArray[np.int64]]:
    """Features of pictures, decoded and looked at on several threads.

    Args:
        model_file: What `cnnlab.training.backbones.export_backbone` wrote.
        root: The data set's folder.
        paths: Its pictures.
        progress: Told the pictures done and in all; what it raises ends the work.

    Returns:
        The features, shape (n, 1280), and which of `paths` they are of, shape (n,): pictures that
        cannot be read any more are left out.
    """
    engines = FeatureEngines(model_file)
    size = engines.batch_size

    def features_from(start: int) -> tuple[list[int], Floats]:
        numbers, pictures = [], []
        for number, path in enumerate(paths[start : start + size], start=start):
            picture = _prepare(root / path)
            if picture is not None:
                numbers.append(number)
                pictures.append(picture)
        if not pictures:
            return [], np.zeros((0, 0), dtype=np.float32)
        return numbers, engines.features(np.stack(pictures)).reshape(len(pictures), -1)

    rows: list[Floats] = []
    read: list[int] = []
    starts = range(0, len(paths), size)
    with closing(in_order(features_from, starts, engines.count)) as results:
        for start, (numbers, features) in zip(starts, results, strict=True):
            if numbers:
                rows.append(features)
                read += numbers
            if progress is not None:
                progress(min(start + size, len(paths)), len(paths))
    if not rows:
        return np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.int64)
    return np.concatenate(rows), np.array(read, dtype=np.int64)


def _prepare(path: Path) -> NDArray[np.uint8] | None:
    try:
        return look(path, _BACKBONE_DATA).pixels
    except ImageError:
        return None
