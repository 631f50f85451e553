"""Starts worker processes on this machine, one of them ahead of time.

Importing TensorFlow takes many seconds, so one spare worker has done it already and waits for the
number of a job on its standard input. It ends by itself when that input closes, that is when the
scheduler ends. A worker that has a job no longer listens and outlives the scheduler.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress

import psutil

from cnnlab.runs.jobs import Job
from cnnlab.runs.processes import ProcessIdentity, spawn
from cnnlab.runs.states import JobKind
from cnnlab.workspace import Workspace

SPARE_NEEDS_BYTES = 2 * 2**30


class LocalLauncher:
    """Starts jobs as processes of this machine."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._spare: subprocess.Popen[bytes] | None = None
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._exit_codes: dict[int, int] = {}  # of children that the system has forgotten

    def start(self, job: Job) -> ProcessIdentity:
        """Start a process that waits for `hand_over`; a training or a trial gets the spare."""
        process = self._take_spare() if job.kind.needs_tensorflow else None
        if process is None:
            process = self._spawn_worker(job.kind)
        self._children[process.pid] = process
        self._exit_codes.pop(process.pid, None)
        return ProcessIdentity.of(process.pid)

    def hand_over(self, job: Job, process: ProcessIdentity) -> None:
        """Tell a started process which job is its own."""
        child = self._children[process.pid]
        with suppress(OSError):  # a process that has died is found and buried by the scheduler
            if child.stdin is not None:
                child.stdin.write(f"{job.id}\n".encode())
                child.stdin.close()

    def keep_spare(self, *, wanted: bool) -> None:
        """Start or end the spare; it is not kept where memory is short."""
        if self._spare is not None and self._spare.poll() is not None:
            self._spare = None
        if wanted and self._spare is None:
            if psutil.virtual_memory().available > SPARE_NEEDS_BYTES:
                self._spare = self._spawn_worker(JobKind.TRAIN)
        elif self._spare is not None and (
            not wanted or psutil.virtual_memory().available < SPARE_NEEDS_BYTES // 4
        ):
            self.end_spare()

    def end_spare(self) -> None:
        """Close the spare's input, which ends it."""
        if self._spare is not None:
            with suppress(OSError):
                if self._spare.stdin is not None:
                    self._spare.stdin.close()
            self._children[self._spare.pid] = self._spare
            self._spare = None

    def reap(self) -> None:
        """Let the system forget children that have ended."""
        for pid, child in list(self._children.items()):
            code = child.poll()
            if code is not None:
                self._exit_codes[pid] = code
                del self._children[pid]

    def has_ended(self, process: ProcessIdentity) -> bool:
        """True when a process is gone for good; a child whose threads still end is not."""
        self.reap()
        return process.pid not in self._children and not process.alive

    def exit_code(self, process: ProcessIdentity) -> int | None:
        """How a child ended; None for one that runs or was not started by us."""
        return self._exit_codes.get(process.pid)

    def _take_spare(self) -> subprocess.Popen[bytes] | None:
        spare, self._spare = self._spare, None
        return spare if spare is not None and spare.poll() is None else None

    def _spawn_worker(self, kind: JobKind) -> subprocess.Popen[bytes]:
        arguments = ["worker", "--workspace", str(self._workspace.root), "--kind", kind]
        return spawn(arguments, self._workspace.scheduler_log, pipe_input=True)
