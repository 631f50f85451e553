"""A running mean of the weights, which is often better than the weights themselves."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from cnnlab.training.callbacks import Logs

_COUNT = "count"


class WeightAverage(keras.callbacks.Callback):
    """Validates, and lets others save, the mean of the weights instead of the weights.

    After step n, mean = d * mean + (1 - d) * weight with d = min(decay, (1 + n) / (10 + n)), the
    ramp of TensorFlow's ExponentialMovingAverage. The statistics of batch normalisation take part.
    The means are in the model from the beginning of a validation to the end of its epoch: callbacks
    that save the best epoch stand in front of this one, those that save the training behind it.
    """

    def __init__(self, decay: float) -> None:
        super().__init__()
        self._decay = decay
        self._count = tf.Variable(0.0)
        self._means: list[tf.Variable] = []
        self._in_model = False

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin with the weights as they are, unless means were restored."""
        if not self._means:
            self._means = [tf.Variable(weight.numpy()) for weight in self.model.weights]
        weights = [weight.value for weight in self.model.weights]

        @tf.function
        def update() -> None:
            count = self._count.assign_add(1.0)
            keep = tf.minimum(self._decay, (1.0 + count) / (10.0 + count))
            for mean, weight in zip(self._means, weights, strict=True):
                mean.assign_add((1.0 - keep) * (tf.cast(weight, mean.dtype) - mean))

        self._update = update

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Follow the weights."""
        self._update()

    def on_test_begin(self, logs: Logs = None) -> None:
        """Put the means into the model."""
        if not self._in_model:
            self._swap()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Put the weights back."""
        if self._in_model:
            self._swap()

    def arrays(self) -> dict[str, np.ndarray]:
        """What a checkpoint needs to know."""
        named = {f"{place:05}": mean.numpy() for place, mean in enumerate(self._means)}
        return named | {_COUNT: self._count.numpy()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on with what `arrays` gave."""
        self._count.assign(float(arrays[_COUNT]))
        self._means = [tf.Variable(arrays[name]) for name in sorted(set(arrays) - {_COUNT})]

    def _swap(self) -> None:
        for mean, weight in zip(self._means, self.model.weights, strict=True):
            value = weight.numpy()
            weight.assign(mean)
            mean.assign(value)
        self._in_model = not self._in_model
