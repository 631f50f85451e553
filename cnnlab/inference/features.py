"""Features of pictures by a network that was trained on ImageNet, without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.config import Colour, Resize
from cnnlab.datasets.images import load, prepare
from cnnlab.errors import ImageError
from cnnlab.inference.model import BATCH_SIZE, FEATURES, PIXELS
from cnnlab.progress import Progress
from cnnlab.threads import in_order

BACKBONE_SIDE_PX = 160

Floats = NDArray[np.float32]


def picture_features(
    model_file: Path,
    root: Path,
    paths: Sequence[str],
    progress: Progress | None = None,
) -> tuple[Floats, NDArray[np.int64]]:
    """Features of pictures, decoded on several threads while the network works.

    Args:
        model_file: What `cnnlab.training.backbones.export_backbone` wrote.
        root: The data set's folder.
        paths: Its pictures.
        progress: Told the pictures done and in all; what it raises ends the work.

    Returns:
        The features, shape (n, 1280), and which of `paths` they are of, shape (n,): pictures that
        cannot be read any more are left out.
    """
    from ai_edge_litert.interpreter import Interpreter  # 0.2 s and 39 MB: only when used

    interpreter = Interpreter(str(model_file), num_threads=min(os.cpu_count() or 1, 4))
    run: Any = interpreter.get_signature_runner()
    rows: list[Floats] = []
    read: list[int] = []
    done = 0
    for numbers, batch in _batches(root, paths):
        if len(batch):
            outputs = run(**{PIXELS: batch.astype(np.float32)})
            rows.append(np.array(outputs[FEATURES]).reshape(len(batch), -1))
            read += numbers
        done = min(done + BATCH_SIZE, len(paths))
        if progress is not None:
            progress(done, len(paths))
    if not rows:
        return np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.int64)
    return np.concatenate(rows), np.array(read, dtype=np.int64)


def _batches(root: Path, paths: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.uint8]]]:
    """Numbers and pixels of a few pictures at a time, some of them prepared ahead."""

    def prepare_some(start: int) -> tuple[list[int], NDArray[np.uint8]]:
        numbers, pictures = [], []
        for number, path in enumerate(paths[start : start + BATCH_SIZE], start=start):
            picture = _prepare(root / path)
            if picture is not None:
                numbers.append(number)
                pictures.append(picture)
        shape = (0, BACKBONE_SIDE_PX, BACKBONE_SIDE_PX, 3)
        return numbers, np.stack(pictures) if pictures else np.empty(shape, dtype=np.uint8)

    return in_order(prepare_some, range(0, len(paths), BATCH_SIZE))


def _prepare(path: Path) -> NDArray[np.uint8] | None:
    try:
        return prepare(load(path), BACKBONE_SIDE_PX, Resize.SQUASH, Colour.RGB)
    except ImageError:
        return None
