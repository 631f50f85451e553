"""Processes of this machine: who they are, starting them so that they outlive us, ending them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAME_START_SECONDS = 0.05
_left_alone: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process for sure: the system reuses ids, but not together with a start time."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """The identity of a process that runs now.

        Raises:
            psutil.NoSuchProcess: If there is none with this id.
        """
        return cls(pid, psutil.Process(pid).create_time())

    @property
    def alive(self) -> bool:
        """True while this very process runs; one that only waits to be reaped does not."""
        return self._process() is not None

    def end(self, grace_seconds: float = 5.0) -> None:
        """Ask the process to end, then make it, together with its children."""
        process = self._process()
        if process is None:
            return
        with suppress(psutil.Error):
            family = [*process.children(recursive=True), process]
            for member in family:
                with suppress(psutil.Error):
                    member.terminate()
            _, stubborn = psutil.wait_procs(family, timeout=grace_seconds)
            for member in stubborn:
                with suppress(psutil.Error):
                    member.kill()

    def _process(self) -> psutil.Process | None:
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < _SAME_START_SECONDS
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def spawn(
    arguments: list[str], log: Path, *, pipe_input: bool = False, pipe_output: bool = False
) -> subprocess.Popen[bytes]:
    """Start `python -m cnnlab ...` in a session of its own, so that our Ctrl-C does not reach it.

    Args:
        arguments: What follows `python -m cnnlab`.
        log: File that its output is added to.
        pipe_input: Keep a pipe to its standard input; without it, that is empty.
        pipe_output: Keep a pipe to its standard output; its errors still go into the log.
    """
    package_parent = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [package_parent, inherited])),
        "PYTHONUNBUFFERED": "1",
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "cnnlab", *arguments],
            stdin=subprocess.PIPE if pipe_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipe_output else output,
            stderr=output,
            env=environment,
            start_new_session=True,
            creationflags=flags,
        )


def spawn_detached(arguments: list[str], log: Path) -> None:
    """Start `python -m cnnlab ...` and leave it alone; it goes on when this process ends."""
    _left_alone[:] = [process for process in _left_alone if process.poll() is None]
    _left_alone.append(spawn(arguments, log))
