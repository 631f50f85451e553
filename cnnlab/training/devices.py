"""What a training computes with: threads, and several graphics cards of one machine together."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager

import tensorflow as tf


def replica_devices() -> list[str]:
    """Names of the graphics cards, if there are several; else nothing is to be divided."""
    cards = [device.name for device in tf.config.list_logical_devices("GPU")]
    return cards if len(cards) > 1 else []


def on_devices(devices: Sequence[str]) -> AbstractContextManager[object]:
    """A block in which a model is built and compiled so that each device takes a part of a batch.

    Args:
        devices: Such as `replica_devices` names; with fewer than two, nothing changes.
    """
    if len(devices) < 2:
        return contextlib.nullcontext()
    scope: AbstractContextManager[object] = tf.distribute.MirroredStrategy(devices).scope()
    return scope


def limit_threads(threads: int | None) -> None:
    """Compute with so many threads, since others train beside; None takes all cores.

    Only the first call of a process counts: TensorFlow divides its threads when it begins.
    """
    if threads is None:
        return
    with contextlib.suppress(RuntimeError):  # it has begun
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
