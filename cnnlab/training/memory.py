"""How much memory there is, how much a training will want, and how much it took."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

import psutil

from cnnlab.config import Features, Optimizer, RunConfig
from cnnlab.errors import RunError
from cnnlab.networks.description import NetworkDescription

SAMPLE_SECONDS = 0.5
_FRAMEWORK_BYTES = 700_000_000  # TensorFlow and the rest, before any network
_ACTIVATION_COPIES = 2  # the outputs, and their gradients
_FROZEN_COPIES = 0.25  # of a frozen backbone's outputs, which need not be kept
_GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_GROUP_USE = Path("/sys/fs/cgroup/memory.current")
_GROUP_FACTS = Path("/sys/fs/cgroup/memory.stat")
_SLOTS = {Optimizer.ADAM: 2, Optimizer.ADAMW: 2, Optimizer.SGD: 1, Optimizer.RMSPROP: 1}


class MemoryWatch:
    """Samples the private memory of this process while its block runs.

    Attributes:
        peak_bytes: The most that was seen; pages shared with others, such as those of the prepared
            pictures, do not count.
    """

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._sample()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        self.peak_bytes = max(self.peak_bytes, private_bytes())


def private_bytes(process: psutil.Process | None = None) -> int:
    """Memory that a process, or this one, holds for itself.

    Pages of mapped files do not count: the system shares them and gives them up when asked.
    """
    process = process or psutil.Process()
    facts = process.memory_info()
    if hasattr(facts, "shared"):  # Linux
        return int(facts.rss - facts.shared)
    return int(process.memory_full_info().uss)


def available_bytes() -> int:
    """Memory that can still be had, within the limit of a container if there is one."""
    free = int(psutil.virtual_memory().available)
    try:
        limit, use = _GROUP_LIMIT.read_text().strip(), int(_GROUP_USE.read_text())
        facts = dict(line.split() for line in _GROUP_FACTS.read_text().splitlines())
        kept = int(facts["inactive_file"])  # pages of files, which the system gives up when asked
    except (OSError, ValueError, LookupError):
        return free
    return free if limit == "max" else max(0, min(free, int(limit) - use + kept))


def estimated_bytes(config: RunConfig, network: NetworkDescription, pictures: int) -> int:
    """Private memory that a training will want, from arithmetic alone.

    Weights, gradients and the optimizer's slots, and two copies of all layer outputs of a batch.

    Args:
        config: The training.
        network: Its network.
        pictures: Training pictures; no batch is larger.
    """
    slots = 2 + _SLOTS[config.training.optimizer]
    weights = 4 * (network.total_parameters + (slots - 1) * network.trainable_parameters)
    return _FRAMEWORK_BYTES + weights + _output_bytes(config, network, pictures)


def _output_bytes(config: RunConfig, network: NetworkDescription, pictures: int) -> int:
    """Memory for the layer outputs of a batch, and their gradients."""
    backbone = config.network.backbone
    of_backbone = sum(4 * row.activation_values for row in network.rows)
    copies: float = _ACTIVATION_COPIES
    if backbone is not None and config.training.fine_tuning is None:
        copies = 0.0 if backbone.features is Features.CACHED else _FROZEN_COPIES
    others = network.activation_bytes - of_backbone
    batch = min(config.training.batch_size, pictures)
    return round(batch * (_ACTIVATION_COPIES * others + copies * of_backbone))


def require_memory(config: RunConfig, network: NetworkDescription, pictures: int) -> None:
    """Refuse a training that cannot fit, before it brings the machine down.

    Raises:
        RunError: "not-enough-memory", with the option to lower.
    """
    free = available_bytes() + private_bytes()
    if estimated_bytes(config, network, pictures) > free:
        raise not_enough_memory(config, network, pictures, free)


def not_enough_memory(
    config: RunConfig,
    network: NetworkDescription,
    pictures: int,
    free_bytes: int | None = None,
) -> RunError:
    """The sentence for a training that does not fit, naming what to lower."""
    wanted = estimated_bytes(config, network, pictures)
    outputs = _output_bytes(config, network, pictures)
    if outputs > wanted / 2 and config.training.batch_size > 1:
        cure = (
            f"Lower training.batch_size (now {config.training.batch_size}), or data.size (now "
            f"{config.data.size})"
        )
    else:
        cure = (
            f"Lower network.width (now {config.network.width:g}) or data.size (now "
            f"{config.data.size}), or make the dense layers smaller"
        )
    has = "" if free_bytes is None else f", and {free_bytes / 1e9:.1f} GB are free"
    return RunError(
        "not-enough-memory",
        f"There is not enough memory: this training wants about {wanted / 1e9:.1f} GB{has}. "
        f"{cure}.",
    )
