"""TensorBoard as a process beside the workspace, found again by its file."""

import os
import time
import urllib.request

import psutil

from cnnlab.runs.tensorboard import ensure_tensorboard, running_tensorboard
from tests.test_cli import call


def test_tensorboard_starts_once_and_answers(workspace):
    workspace.attention_file.touch()
    url = ensure_tensorboard(workspace)
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert answer.status == 200
        assert ensure_tensorboard(workspace) == url
        port = int(url.rsplit(":", 1)[1])
        refused = call("tensorboard", "--port", port, workspace=workspace)
        assert refused.returncode == 1
        assert "port-taken" in refused.stderr
    finally:
        import json

        pid = json.loads(workspace.tensorboard_file.read_text())["pid"]
        psutil.Process(pid).terminate()
    deadline = time.monotonic() + 20
    while running_tensorboard(workspace) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running_tensorboard(workspace) is None


def test_a_file_of_a_process_that_is_gone_or_damaged_means_nothing(workspace):
    assert running_tensorboard(workspace) is None
    workspace.tensorboard_file.write_text("{")
    assert running_tensorboard(workspace) is None
    workspace.tensorboard_file.write_text(
        f'{{"url": "http://127.0.0.1:1", "pid": {os.getpid()}, "started_at": 1.0}}'
    )
    assert running_tensorboard(workspace) is None
