"""Processes are told apart, outlive their parent, and end when they must."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from cnnlab.runs.processes import ProcessIdentity

PROJECT = Path(__file__).parents[2]


def test_same_number_with_another_start_is_another_process():
    me = ProcessIdentity.of(os.getpid())
    assert me.alive
    assert not ProcessIdentity(me.pid, me.started_at - 100).alive


def test_process_that_waits_to_be_reaped_is_not_alive():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        identity = ProcessIdentity.of(child.pid)
        assert identity.alive
        child.stdin.close()
        deadline = time.monotonic() + 20
        while identity.alive:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_process_that_ignores_the_polite_request_is_ended_all_the_same():
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('on', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline().strip() == "on"
        ProcessIdentity.of(child.pid).end(grace_seconds=0.2)
        assert child.wait(timeout=10) == -9


def test_spawned_process_outlives_the_one_that_started_it(workspace):
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from cnnlab.runs.processes import spawn
        child = spawn(["scheduler", "--workspace", sys.argv[1]], Path(sys.argv[1]) / "log")
        print(child.pid, flush=True)
        """
    )
    workspace.attention_file.touch()  # or the scheduler would rest at once
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(workspace.root)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    child = psutil.Process(int(result.stdout))
    time.sleep(1.0)
    assert child.is_running()
    assert child.status() != psutil.STATUS_ZOMBIE
    assert os.getsid(child.pid) == child.pid
