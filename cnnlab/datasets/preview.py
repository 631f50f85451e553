"""What a configuration makes of pictures, before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.config import DataConfig, RunConfig, Scaling
from cnnlab.datasets.augmentation import augment
from cnnlab.datasets.images import load, prepare
from cnnlab.datasets.order import batch_generator, epoch_order
from cnnlab.datasets.splits import Split, SplitAssignment
from cnnlab.errors import ImageError


@dataclass(frozen=True, slots=True)
class PreparedPictures:
    """Pictures as the network gets them.

    Attributes:
        pixels: Shape (n, size, size, channels), uint8.
        classes: The class of each.
        paths: Where each comes from.
    """

    pixels: NDArray[np.uint8]
    classes: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def value_range(self) -> tuple[int, int]:
        """Smallest and largest pixel value; (0, 0) without pictures."""
        if not self.pixels.size:
            return 0, 0
        return int(self.pixels.min()), int(self.pixels.max())


def first_pictures(
    root: Path, assignment: SplitAssignment, config: RunConfig, count: int = 64
) -> PreparedPictures:
    """The first training pictures of the first epoch, in its order and with its augmentation.

    Args:
        root: The data set's folder.
        assignment: Which picture is used for what.
        config: Preparation, augmentation, batch size and seed.
        count: How many, at most.
    """
    frame = assignment.frame[assignment.frame["split"] == Split.TRAIN.value]
    order = epoch_order(config.training.seed, 0, len(frame))
    size = config.training.batch_size
    pieces: list[PreparedPictures] = []
    for number in range(-(-min(count, len(frame)) // size)):
        rows = frame.iloc[order[number * size : (number + 1) * size][:count]]
        piece = prepare_rows(root, rows, config.data)
        rng = batch_generator(config.training.seed, 0, number)
        pixels = augment(piece.pixels, config.augmentation, rng)
        pieces.append(PreparedPictures(pixels, piece.classes, piece.paths))
    if not pieces:
        return prepare_rows(root, frame.iloc[:0], config.data)
    return PreparedPictures(
        np.concatenate([piece.pixels for piece in pieces])[:count],
        tuple(name for piece in pieces for name in piece.classes)[:count],
        tuple(path for piece in pieces for path in piece.paths)[:count],
    )


def prepare_rows(root: Path, rows: pd.DataFrame, data: DataConfig) -> PreparedPictures:
    """Prepare some pictures; those that cannot be read any more are left out.

    Args:
        root: The data set's folder.
        rows: With the columns path and class.
        data: How to prepare them.
    """
    pixels, classes, paths = [], [], []
    for path, name in zip(rows["path"], rows["class"], strict=True):
        try:
            picture = load(root / path, name=path)
        except ImageError:
            continue
        pixels.append(prepare(picture, data.size, data.resize, data.colour))
        classes.append(name)
        paths.append(path)
    shape = (0, *data.picture_shape)
    return PreparedPictures(
        np.stack(pixels) if pixels else np.empty(shape, dtype=np.uint8),
        tuple(classes),
        tuple(paths),
    )


def choose_examples(
    assignment: SplitAssignment, split: Split, *, count: int, seed: int
) -> pd.DataFrame:
    """A few random pictures of a split."""
    rows = assignment.frame[assignment.frame["split"] == split.value]
    return rows.sample(min(count, len(rows)), random_state=seed)


def choose_by_class(assignment: SplitAssignment, *, per_class: int, seed: int) -> pd.DataFrame:
    """A few random training pictures of each class, class by class."""
    rows = assignment.frame[assignment.frame["split"] == Split.TRAIN.value]
    shuffled = rows.sample(frac=1, random_state=seed)
    return shuffled.groupby("class").head(per_class).sort_values("class", kind="stable")


def scaled_range(low: int, high: int, scaling: Scaling) -> tuple[float, float] | None:
    """Pixel values as the first layer of the network hands them on; None if channels differ."""
    match scaling:
        case Scaling.NONE:
            return float(low), float(high)
        case Scaling.UNIT:
            return low / 255, high / 255
        case Scaling.SIGNED:
            return low / 127.5 - 1, high / 127.5 - 1
        case Scaling.BACKBONE:
            return None
