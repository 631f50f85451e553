"""A few real steps before a long run: how long it will take, how much memory, which precision."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnlab.config import Precision, RunConfig
from cnnlab.datasets.splits import Split
from cnnlab.networks.description import NetworkDescription
from cnnlab.training.batches import Labelled, TrainingFeed
from cnnlab.training.callbacks import Logs, StopRequested
from cnnlab.training.compiling import compile_model
from cnnlab.training.memory import MemoryWatch

WARM_UP_STEPS = 2
FEWEST_STEPS = 4
MOST_STEPS = 40
SECONDS = 2.0  # measured at least, unless the steps run out
ENOUGH_SECONDS = 10.0  # measured: so long that fewer steps are enough
SLOW_STEP_SECONDS = 5.0  # beside which warming up is nothing, after the first step
CLEARLY_FASTER = 1.1  # a coarser precision must be worth it
LONG_SECONDS = 30.0  # runs that take longer than this by arithmetic deserve a trial
_SECOND_OF_WORK = 50e9  # multiply-adds, of a modest processor
_VALIDATION_SHARE = 1 / 3  # of a training step: the way forward, without the way back
_CPU_FACTS = Path("/proc/cpuinfo")
_HALF_PRECISION_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}

MakeModel = Callable[[Precision], keras.Model]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a trial says about a run.

    Attributes:
        precision: The one to train in.
        seconds_per_step: Of a training step, for each precision that was measured.
        seconds_per_epoch: Training and validation.
        seconds: All epochs together.
        memory_bytes: Most private memory of the process during the steps.
        steps: How many were measured in each precision.
    """

    precision: Precision
    seconds_per_step: Mapping[str, float]
    seconds_per_epoch: float
    seconds: float
    memory_bytes: int
    steps: int

    def to_json(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self) | {"precision": self.precision.value}


def deserves_trial(config: RunConfig, network: NetworkDescription, pictures: int) -> bool:
    """True where the arithmetic says that a run is long."""
    work = 3 * network.multiply_adds * pictures * config.training.total_epochs
    return work / _SECOND_OF_WORK > LONG_SECONDS


def candidates(precision: Precision) -> tuple[Precision, ...]:
    """The precisions that a trial should measure on this machine."""
    if precision is not Precision.AUTO:
        return (precision,)
    if tf.config.list_physical_devices("GPU"):
        return (Precision.FLOAT32, Precision.FLOAT16)
    if _computes_in_bfloat16():
        return (Precision.FLOAT32, Precision.BFLOAT16)
    return (Precision.FLOAT32,)


def try_steps(
    config: RunConfig,
    images: Mapping[Split, Labelled],
    class_count: int,
    make_model: MakeModel,
    *,
    stop_requested: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Prediction:
    """Train a few steps in each precision and throw the networks away.

    Args:
        config: The run to come.
        images: Its pictures, or their features.
        class_count: Number of classes.
        make_model: Builds the network that is trained, in a precision.
        stop_requested: Asked after each step.
        progress: Told after each step how many are done, of how many that are planned.

    Raises:
        StopRequested: If the user has asked to stop.
    """
    measured: dict[str, float] = {}
    memory, steps = 0, MOST_STEPS
    precisions = candidates(config.training.precision)
    planned = WARM_UP_STEPS + FEWEST_STEPS
    for place, precision in enumerate(precisions):

        def step_done(step: int, before: int = place * planned) -> None:
            if stop_requested():
                raise StopRequested
            progress(before + min(step, planned), planned * len(precisions))

        with MemoryWatch() as watch:
            times = _step_times(
                make_model(precision), config, images[Split.TRAIN], class_count, step_done
            )
        measured[precision.value] = float(np.median(times))
        memory, steps = max(memory, watch.peak_bytes), min(steps, len(times))
        gc.collect()
    chosen = choose(measured)
    feed_steps = -(-len(images[Split.TRAIN]) // config.training.batch_size)
    validation_steps = len(images[Split.VALIDATION]) / config.training.batch_size
    epoch = measured[chosen.value] * (feed_steps + _VALIDATION_SHARE * validation_steps)
    return Prediction(
        precision=chosen,
        seconds_per_step=measured,
        seconds_per_epoch=epoch,
        seconds=epoch * config.training.epochs,
        memory_bytes=memory,
        steps=steps,
    )


def choose(seconds_per_step: Mapping[str, float]) -> Precision:
    """The fastest precision; float32 unless another is clearly faster.

    Args:
        seconds_per_step: Measured, by precision; at least one.
    """
    fastest = min(seconds_per_step, key=lambda name: seconds_per_step[name])
    plain = seconds_per_step.get(Precision.FLOAT32)
    if plain is not None and plain < CLEARLY_FASTER * seconds_per_step[fastest]:
        return Precision.FLOAT32
    return Precision(fastest)


def enough(times: Sequence[float]) -> bool:
    """Whether steps that took so many seconds tell how long the others will take."""
    measured = sum(times)
    return (measured >= SECONDS and len(times) >= FEWEST_STEPS) or measured >= ENOUGH_SECONDS


class _StepTimer(keras.callbacks.Callback):
    """Times the steps after the first ones, and ends the epoch when it has enough."""

    def __init__(self, step_done: Callable[[int], None]) -> None:
        super().__init__()
        self.times: list[float] = []
        self._step_done = step_done
        self._last = 0.0

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        now = time.perf_counter()
        self._step_done(batch + 1)
        took = now - self._last
        if batch >= WARM_UP_STEPS or (batch > 0 and took >= SLOW_STEP_SECONDS):
            self.times.append(took)
        self._last = time.perf_counter()
        if enough(self.times):
            self.model.stop_training = True
            raise _Enough


class _Enough(Exception):
    """The steps that were wanted are measured."""


def _step_times(
    model: keras.Model,
    config: RunConfig,
    images: Labelled,
    class_count: int,
    step_done: Callable[[int], None],
) -> list[float]:
    """Seconds of each step, through the very pipeline that the run will use."""
    compile_model(model, config.training, class_count)
    feed = TrainingFeed(images, class_count, config.training, config.augmentation)
    timer = _StepTimer(step_done)
    steps = WARM_UP_STEPS + MOST_STEPS
    with suppress(_Enough):
        model.fit(feed.dataset().repeat().take(steps), shuffle=False, callbacks=[timer], verbose=0)
    return timer.times


def _computes_in_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; where that is unknown, it is measured."""
    try:
        text = _CPU_FACTS.read_text(encoding="utf-8")
    except OSError:
        return True
    words = text.split()
    return bool(_HALF_PRECISION_FLAGS & set(words)) or "flags" not in words
