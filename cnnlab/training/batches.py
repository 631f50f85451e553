"""Prepared pixels become shuffled, augmented batches for `fit`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from cnnlab.config import AugmentationConfig
from cnnlab.datasets.augmentation import augment
from cnnlab.datasets.order import batch_generator, epoch_order
from cnnlab.datasets.pixels import PixelRows

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class LabelledPixels:
    """Pictures of one split, without copying them.

    Attributes:
        pixels: uint8, shape (n_all, size, size, channels); the whole set's memory map, or a stream.
        rows: Rows of `pixels` that belong to this split, shape (n_images,).
        labels: Class indices, shape (n_images,).
    """

    pixels: PixelRows
    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


class TrainingFeed:
    """Batches of an epoch in an order that only seed and epoch decide."""

    def __init__(
        self,
        images: LabelledPixels,
        class_count: int,
        *,
        batch_size: int,
        seed: int,
        augmentation: AugmentationConfig,
        label_smoothing: float,
    ) -> None:
        self.epoch = 0  # from 0; set by a callback when an epoch begins
        self._images = images
        self._class_count = class_count
        self._batch_size = batch_size
        self._seed = seed
        self._augmentation = augmentation
        self._label_smoothing = label_smoothing

    @property
    def steps(self) -> int:
        """Batches an epoch; the last one may be smaller."""
        return math.ceil(len(self._images) / self._batch_size)

    def batches(self) -> Iterator[Batch]:
        """The batches of the current epoch."""
        order = epoch_order(self._seed, self.epoch, len(self._images))
        for number in range(self.steps):
            chosen = order[number * self._batch_size : (number + 1) * self._batch_size]
            pixels = self._images.pixels[self._images.rows[chosen]]
            rng = batch_generator(self._seed, self.epoch, number)
            yield (
                augment(pixels, self._augmentation, rng),
                one_hot(self._images.labels[chosen], self._class_count, self._label_smoothing),
            )

    def dataset(self) -> tf.data.Dataset:
        """The feed for `fit`, which starts it anew for each epoch; pixels as float32 0-255."""
        return _as_dataset(self.batches, self._images, self._class_count, self.steps)


def evaluation_dataset(
    images: LabelledPixels, class_count: int, *, batch_size: int
) -> tf.data.Dataset:
    """Unchanged pictures in their order, pixels as float32 0-255."""

    def batches() -> Iterator[Batch]:
        for start in range(0, len(images), batch_size):
            chosen = slice(start, start + batch_size)
            yield images.pixels[images.rows[chosen]], one_hot(images.labels[chosen], class_count)

    steps = math.ceil(len(images) / batch_size)
    return _as_dataset(batches, images, class_count, steps)


def one_hot(
    labels: npt.NDArray[np.int64], class_count: int, smoothing: float = 0.0
) -> npt.NDArray[np.float32]:
    """Class indices as rows of target probabilities, shape (n_images, class_count)."""
    targets = np.full((len(labels), class_count), smoothing / class_count, dtype=np.float32)
    targets[np.arange(len(labels)), labels] += 1.0 - smoothing
    return targets


def _as_dataset(
    batches: Callable[[], Iterator[Batch]], images: LabelledPixels, class_count: int, steps: int
) -> tf.data.Dataset:
    shape = (None, *images.pixels.shape[1:])
    dataset = tf.data.Dataset.from_generator(
        batches,
        output_signature=(
            tf.TensorSpec(shape, tf.uint8),
            tf.TensorSpec((None, class_count), tf.float32),
        ),
    )
    dataset = dataset.map(lambda pixels, labels: (tf.cast(pixels, tf.float32), labels))
    return dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)
