"""Optimizer, loss and metrics for a network."""

from __future__ import annotations

import keras
from keras import ops

from cnnlab.config import Monitor, TrainingConfig
from cnnlab.training.optimizers import make_optimizer


class BalancedAccuracy(keras.metrics.Metric):
    """Mean over the classes of the share of their pictures that was recognised.

    Classes without a picture are left out.
    """

    def __init__(self, class_count: int, name: str = "balanced_accuracy") -> None:
        super().__init__(name=name)
        self._class_count = class_count
        self._right = self.add_weight(shape=(class_count,), initializer="zeros", name="right")
        self._all = self.add_weight(shape=(class_count,), initializer="zeros", name="all")

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: object = None,
    ) -> None:
        """Count a batch; both arguments have the shape (n_images, n_classes)."""
        true = ops.argmax(y_true, axis=-1)
        found = ops.one_hot(true, self._class_count, dtype=self._all.dtype)
        right = ops.cast(ops.equal(true, ops.argmax(y_pred, axis=-1)), self._all.dtype)
        self._all.assign_add(ops.sum(found, axis=0))
        self._right.assign_add(ops.sum(found * right[:, None], axis=0))

    def result(self) -> keras.KerasTensor:
        """The mean over the classes that occurred."""
        recall = ops.divide_no_nan(self._right, self._all)
        present = ops.cast(self._all > 0, recall.dtype)
        return ops.divide_no_nan(ops.sum(recall), ops.sum(present))


def compile_model(model: keras.Model, training: TrainingConfig, class_count: int) -> None:
    """Give a model its optimizer, its loss and the metrics that are watched.

    Args:
        model: From pictures or features to class probabilities.
        training: Which optimizer and which monitor.
        class_count: Number of classes.
    """
    metrics = [keras.metrics.CategoricalAccuracy(name="accuracy")]
    if training.monitor is Monitor.VALIDATION_BALANCED_ACCURACY:
        metrics.append(BalancedAccuracy(class_count))
    if training.monitor is Monitor.VALIDATION_MACRO_F1:
        metrics.append(keras.metrics.F1Score(average="macro", name="macro_f1"))
    model.compile(
        optimizer=make_optimizer(training),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=metrics,
        jit_compile=False,  # on a CPU it makes these networks many times slower
    )
