"""Files are written whole or not at all."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cnnlab.errors import PathError, WorkspaceError
from cnnlab.workspace import (
    WORKSPACE_VARIABLE,
    appearing_folder,
    open_workspace,
    remove_leftovers,
    write_atomically,
)

PROJECT = Path(__file__).parents[1]


def test_workspace_is_the_named_folder_else_the_environments(tmp_path, monkeypatch):
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(tmp_path / "from-environment"))
    assert open_workspace().root == tmp_path / "from-environment"
    assert open_workspace(tmp_path / "named").root == tmp_path / "named"
    assert (tmp_path / "named" / "runs").is_dir()


def test_file_in_place_of_the_workspace_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").write_text("here first")
    with pytest.raises(WorkspaceError, match="file") as refusal:
        open_workspace(tmp_path / "file")
    assert refusal.value.reason == "workspace-unusable"
    assert (tmp_path / "file").read_text() == "here first"


def test_failed_write_keeps_the_earlier_file_and_leaves_nothing_behind(tmp_path):
    target = tmp_path / "kept.txt"
    target.write_text("before")

    def fail(file) -> None:
        file.write(b"half")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_atomically(target, fail)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_process_killed_while_writing_keeps_the_earlier_file(tmp_path):
    target = tmp_path / "kept.txt"
    target.write_text("before")
    code = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from cnnlab.workspace import write_atomically
        def write(file):
            file.write(b"half")
            file.flush()
            print("writing", flush=True)
            time.sleep(60)
        write_atomically(Path(sys.argv[1]), write)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(target)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().strip() == "writing"
        process.send_signal(signal.SIGKILL)
    assert target.read_text() == "before"


def test_appearing_folder_leaves_other_hidden_folders_alone(tmp_path):
    other = tmp_path / ".out.part"
    other.mkdir()
    (other / "diary.txt").write_text("precious")
    with appearing_folder(tmp_path / "out") as part:
        (part / "new.txt").write_text("new")
    assert (other / "diary.txt").read_text() == "precious"
    assert (tmp_path / "out" / "new.txt").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".out.part", "out"]


def test_of_two_folders_that_appear_at_one_place_the_first_stays_whole(tmp_path):
    target = tmp_path / "out"
    with pytest.raises(PathError) as refused, appearing_folder(target) as slow:  # noqa: PT012
        (slow / "slow.txt").write_text("slow")
        with appearing_folder(target) as fast:
            (fast / "fast.txt").write_text("fast")
    assert refused.value.reason == "bad-target"
    assert [p.name for p in target.iterdir()] == ["fast.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_leftovers_of_killed_processes_are_removed_by_name(tmp_path):
    target = tmp_path / "out"
    for name in (".out.0123abcd.part", ".out.part", ".other.0123abcd.part"):
        (tmp_path / name).mkdir()
    remove_leftovers(target)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".other.0123abcd.part", ".out.part"]
