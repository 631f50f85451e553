"""TensorBoard beside the dashboard: one process a workspace, found again by a file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

from cnnlab.errors import RunError
from cnnlab.runs.processes import ProcessIdentity, spawn_detached
from cnnlab.runs.scheduler import IDLE_SECONDS
from cnnlab.workspace import Workspace, write_atomically

ADDRESS = "127.0.0.1"
_START_SECONDS = 30.0
_POLL_SECONDS = 0.2
_LOOK_SECONDS = 5.0


def running_tensorboard(workspace: Workspace) -> str | None:
    """Where TensorBoard shows this workspace's logs now; None if it does not run."""
    try:
        document = json.loads(workspace.tensorboard_file.read_text(encoding="utf-8"))
        process = ProcessIdentity(document["pid"], document["started_at"])
        return str(document["url"]) if process.alive else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def ensure_tensorboard(workspace: Workspace) -> str:
    """Start TensorBoard on a free port unless it runs; returns its address.

    Raises:
        RunError: If it does not start.
    """
    with workspace.lock("tensorboard"):  # two visitors may want it at once
        running = running_tensorboard(workspace)
        if running is None:
            spawn_detached(
                ["tensorboard", "--workspace", str(workspace.root), "--port", "0", "--until-idle"],
                workspace.scheduler_log,
            )
        deadline = time.monotonic() + _START_SECONDS
        while running is None:
            if time.monotonic() > deadline:
                raise RunError(
                    "no-tensorboard",
                    f"TensorBoard did not start; {workspace.scheduler_log} may say why. Try "
                    "`python -m cnnlab tensorboard`.",
                )
            time.sleep(_POLL_SECONDS)
            running = running_tensorboard(workspace)
        return running


def serve_logs(
    workspace: Workspace, port: int, *, announce: Callable[[str], object], until_idle: bool
) -> None:
    """Serve the logs until Ctrl-C or, on request, until nobody uses the workspace any more.

    Args:
        workspace: Whose logs.
        port: On 127.0.0.1; 0 takes a free one.
        announce: Told one sentence with the address.
        until_idle: End when no page and no command was used for a while.

    Raises:
        RunError: If the port is taken.
    """
    from tensorboard import program  # 0.5 s: only when used

    workspace.tensorboard_folder.mkdir(parents=True, exist_ok=True)
    board = program.TensorBoard()
    board.configure(
        argv=[
            "tensorboard",
            f"--logdir={workspace.tensorboard_folder}",
            f"--host={ADDRESS}",
            f"--port={port or _free_port()}",
            "--load_fast=false",
        ]
    )
    try:
        url = board.launch().rstrip("/")
    except program.TensorBoardServerException as error:
        raise RunError(
            "port-taken",
            f"TensorBoard could not listen on {ADDRESS}:{port}: {error.msg} Choose another port "
            "with --port.",
        ) from error
    facts = {"url": url, "pid": os.getpid()}
    facts["started_at"] = ProcessIdentity.of(os.getpid()).started_at
    text = json.dumps(facts).encode()
    write_atomically(workspace.tensorboard_file, lambda file: file.write(text))
    announce(f"TensorBoard shows the logs at {url}")
    while not (until_idle and _forgotten(workspace)):
        time.sleep(_LOOK_SECONDS)


def _free_port() -> int:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _forgotten(workspace: Workspace) -> bool:
    try:
        return time.time() - workspace.attention_file.stat().st_mtime > IDLE_SECONDS
    except OSError:
        return True
