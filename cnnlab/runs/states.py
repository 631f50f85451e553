"""The states of a job, and which may follow which."""

from enum import StrEnum


class RunState(StrEnum):
    """Where a job, and with it its run, stands."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        """True while a process works on it."""
        return self in (RunState.RUNNING, RunState.STOPPING)

    @property
    def final(self) -> bool:
        """True when nothing more will happen by itself."""
        return self not in (RunState.QUEUED, RunState.RUNNING, RunState.STOPPING)


class JobKind(StrEnum):
    """What a worker process is asked to do."""

    TRAIN = "train"
    TRIAL = "trial"  # a few steps before a training
    SCAN = "scan"  # bring the pictures and look at each of them
    AUDIT = "audit"  # measure them, find copies and shortcuts
    MAP = "map"  # lay them out in a plane
    EXPORT = "export"  # write the corrected set into a new folder
    EXPORT_MODEL = "export-model"  # write a finished network for other programs, and check it
    INSPECT = "inspect"  # filters and feature maps of a finished network

    @property
    def needs_tensorflow(self) -> bool:
        """True for work that a worker with TensorFlow in memory starts sooner."""
        return self in (JobKind.TRAIN, JobKind.TRIAL, JobKind.EXPORT_MODEL, JobKind.INSPECT)
