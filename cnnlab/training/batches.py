"""Prepared pictures, or their features, become shuffled batches for `fit`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from cnnlab.config import AugmentationConfig, TrainingConfig
from cnnlab.datasets.augmentation import augment
from cnnlab.datasets.order import batch_generator, epoch_order
from cnnlab.datasets.pixels import PixelRows
from cnnlab.inference.feature_cache import FeatureRows

Inputs = npt.NDArray[Any]  # uint8 pictures or float16 features, shape (n, height, width, channels)
Targets = npt.NDArray[np.float32]
Chosen = npt.NDArray[np.int64]  # numbers of pictures within the split


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

    @property
    def signature(self) -> tf.TensorSpec:
        """Shape and type of a batch."""
        return tf.TensorSpec((None, *self.pixels.shape[1:]), tf.uint8)

    def __getitem__(self, chosen: Chosen) -> npt.NDArray[np.uint8]:
        """Some of the pictures as they are."""
        return self.pixels[self.rows[chosen]]

    def draw(
        self, chosen: Chosen, augmentation: AugmentationConfig, rng: np.random.Generator
    ) -> Inputs:
        """Some of the pictures, changed at random."""
        return augment(self[chosen], augmentation, rng)


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """What a frozen backbone sees in the pictures of one split.

    Attributes:
        features: Of all views of all pictures, shape (n_images * views, height, width, channels);
            those of a picture follow one another, the unchanged picture first.
        labels: Class indices, shape (n_images,).
        views: Views of each picture.
    """

    features: FeatureRows
    labels: npt.NDArray[np.int64]
    views: int = 1

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def signature(self) -> tf.TensorSpec:
        """Shape and type of a batch."""
        return tf.TensorSpec((None, *self.features.shape[1:]), tf.float16)

    def __getitem__(self, chosen: Chosen) -> Inputs:
        """The features of some of the unchanged pictures."""
        return self.features[chosen * self.views]

    def draw(
        self, chosen: Chosen, augmentation: AugmentationConfig, rng: np.random.Generator
    ) -> Inputs:
        """The features of a random view of some of the pictures."""
        return self.features[chosen * self.views + rng.integers(self.views, size=len(chosen))]


Labelled = LabelledPixels | LabelledFeatures


def class_weights(labels: npt.NDArray[np.int64], class_count: int) -> Targets:
    """What a picture of each class counts so that all classes count the same; the mean is 1."""
    counts = np.bincount(labels, minlength=class_count)
    present = counts > 0
    weights = np.zeros(class_count, dtype=np.float32)
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights


class TrainingFeed:
    """Batches of an epoch in an order that only seed and epoch decide."""

    def __init__(
        self,
        images: Labelled,
        class_count: int,
        training: TrainingConfig,
        augmentation: AugmentationConfig,
    ) -> None:
        self.epoch = 0  # from 0; set by a callback when an epoch begins
        self._images = images
        self._class_count = class_count
        self._training = training
        self._augmentation = augmentation
        self._weights = (
            class_weights(images.labels, class_count) if training.class_weights else None
        )

    @property
    def steps(self) -> int:
        """Batches an epoch; the last one may be smaller."""
        return math.ceil(len(self._images) / self._training.batch_size)

    def batches(self) -> Iterator[tuple[Inputs, ...]]:
        """The batches of the current epoch: inputs, targets and, with class weights, weights."""
        order = epoch_order(self._training.seed, self.epoch, len(self._images))
        size = self._training.batch_size
        for number in range(self.steps):
            yield self._batch(order[number * size : (number + 1) * size], number)

    def dataset(self) -> tf.data.Dataset:
        """The feed for `fit`, which starts it anew for each epoch; inputs as float32."""
        return _as_dataset(
            self.batches,
            self._images,
            self._class_count,
            self.steps,
            weighted=self._weights is not None,
        )

    def _batch(self, chosen: npt.NDArray[np.int64], number: int) -> tuple[Inputs, ...]:
        rng = batch_generator(self._training.seed, self.epoch, number)
        inputs, labels = (
            self._images.draw(chosen, self._augmentation, rng),
            self._images.labels[chosen],
        )
        targets = one_hot(labels, self._class_count, self._training.label_smoothing)
        weights = None if self._weights is None else self._weights[labels]
        if self._training.mixup > 0:
            inputs, targets, weights = mix(inputs, targets, weights, self._training.mixup, rng)
        return (inputs, targets) if weights is None else (inputs, targets, weights)


def mix(
    inputs: Inputs,
    targets: Targets,
    weights: Targets | None,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[Inputs, Targets, Targets | None]:
    """Blend each picture and its target with those of another of the batch.

    Mixup (Zhang et al. 2017): one share for the batch, drawn from Beta(alpha, alpha). With class
    weights, the loss is that of the two pictures, each by its own weight.

    Returns:
        The same shapes and types; pixel values are rounded.
    """
    share = np.float32(rng.beta(alpha, alpha))
    other = rng.permutation(len(inputs))

    def blend(values: Inputs) -> Inputs:
        mixed = share * values.astype(np.float32)
        mixed += (1 - share) * values[other]
        if values.dtype == np.uint8:
            mixed = np.rint(mixed)
        return mixed.astype(values.dtype)

    if weights is None:
        return blend(inputs), blend(targets), None
    blended = blend(weights)
    aims = blend(targets * weights[:, None]) / np.maximum(blended, 1e-12)[:, None]
    return blend(inputs), aims.astype(np.float32), blended


def evaluation_dataset(images: Labelled, class_count: int, *, batch_size: int) -> tf.data.Dataset:
    """Unchanged pictures in their order, inputs as float32."""

    def batches() -> Iterator[tuple[Inputs, ...]]:
        for start in range(0, len(images), batch_size):
            chosen = np.arange(start, min(start + batch_size, len(images)))
            yield images[chosen], one_hot(images.labels[chosen], class_count)

    steps = math.ceil(len(images) / batch_size)
    return _as_dataset(batches, images, class_count, steps)


def one_hot(labels: npt.NDArray[np.int64], class_count: int, smoothing: float = 0.0) -> Targets:
    """Class indices as rows of target probabilities, shape (n_images, class_count)."""
    targets = np.full((len(labels), class_count), smoothing / class_count, dtype=np.float32)
    targets[np.arange(len(labels)), labels] += 1.0 - smoothing
    return targets


def _as_dataset(
    batches: Callable[[], Iterator[tuple[Inputs, ...]]],
    images: Labelled,
    class_count: int,
    steps: int,
    *,
    weighted: bool = False,
) -> tf.data.Dataset:
    signature = [images.signature, tf.TensorSpec((None, class_count), tf.float32)]
    if weighted:
        signature.append(tf.TensorSpec((None,), tf.float32))
    dataset = tf.data.Dataset.from_generator(batches, output_signature=tuple(signature))
    dataset = dataset.map(lambda inputs, *rest: (tf.cast(inputs, tf.float32), *rest))
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread wakes ever more seldom, and its end is waited for
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)
    return dataset.with_options(options)
