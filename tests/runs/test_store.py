"""The store under many writers, locked, damaged, from a newer version, on a full disk."""

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from cnnlab.errors import StoreError, WorkspaceError
from cnnlab.runs.datasets import add_dataset, list_datasets
from cnnlab.runs.schema import SCHEMA_VERSION, meta
from cnnlab.runs.store import open_store
from cnnlab.workspace import Workspace, open_workspace, write_atomically

PROJECT = Path(__file__).parents[2]
PROCESSES, INCREMENTS = 8, 500


def start_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def put(store, name: str, value: str) -> None:
    with store.write() as connection:
        connection.execute(insert(meta).values(name=name, value=value))


def get(store, name: str) -> str | None:
    with store.read() as connection:
        return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()


def test_eight_processes_that_read_add_one_and_write_lose_nothing(store, workspace):
    put(store, "counter", "0")
    code = """
        import sys
        from sqlalchemy import select, update
        from cnnlab.runs.schema import meta
        from cnnlab.runs.store import open_store
        from cnnlab.workspace import open_workspace
        store = open_store(open_workspace(sys.argv[1]))
        counter = meta.c.name == "counter"
        for _ in range(int(sys.argv[2])):
            with store.write() as connection:
                value = connection.execute(select(meta.c.value).where(counter)).scalar_one()
                connection.execute(update(meta).where(counter).values(value=str(int(value) + 1)))
        """
    processes = [start_python(code, workspace.root, INCREMENTS) for _ in range(PROCESSES)]
    for process in processes:
        process.communicate(timeout=240)
    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert get(store, "counter") == str(PROCESSES * INCREMENTS)


def test_processes_that_open_a_new_workspace_at_once_make_its_tables_once(tmp_path):
    code = """
        import sys
        from cnnlab.runs.store import open_store
        from cnnlab.workspace import open_workspace
        print(open_store(open_workspace(sys.argv[1])).version())
        """
    processes = [start_python(code, tmp_path / "new") for _ in range(4)]
    said = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert said == [str(SCHEMA_VERSION)] * 4


def test_store_of_a_newer_version_is_refused_and_left_as_it_is(workspace):
    store = open_store(workspace)
    with store.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "version").values(value="999"))
    store.close()
    before = workspace.store_file.read_bytes()
    with pytest.raises(StoreError, match=r"newer cnnlab.*999") as refusal:
        open_store(workspace)
    assert refusal.value.reason == "store-newer"
    assert workspace.store_file.read_bytes() == before


def test_file_that_is_no_database_is_named_as_damaged(workspace):
    workspace.store_file.write_bytes(b"no database at all " * 500)
    with pytest.raises(StoreError) as refusal:
        open_store(workspace)
    assert refusal.value.reason == "store-damaged"


def test_database_with_a_torn_page_is_named_as_damaged(workspace, tmp_path):
    store = open_store(workspace)
    for number in range(300):
        put(store, f"row {number}", "x" * 200)
    store.close()
    content = bytearray(workspace.store_file.read_bytes())
    content[4096 : 4096 * 8] = os.urandom(4096 * 7)
    workspace.store_file.write_bytes(content)
    with pytest.raises(StoreError) as refusal:
        put(open_store(workspace), "more", "y")
    assert refusal.value.reason in ("store-damaged", "store-unusable")


def test_locked_store_gives_a_sentence_and_works_afterwards(workspace):
    store = open_store(workspace, busy_timeout_seconds=0.3)
    holder = start_python(
        """
        import sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        print("held", flush=True)
        sys.stdin.readline()
        """,
        workspace.store_file,
    )
    assert holder.stdout.readline().strip() == "held"
    with pytest.raises(StoreError, match="locked by another program") as refusal:
        put(store, "a", "1")
    assert refusal.value.reason == "store-locked"
    assert get(store, "a") is None  # reading goes on
    holder.communicate("go\n", timeout=20)
    put(store, "a", "2")
    assert get(store, "a") == "2"
    store.close()


def test_interrupted_write_leaves_nothing_behind(store):
    def write_half() -> None:
        with store.write() as connection:
            connection.execute(insert(meta).values(name="half", value="1"))
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert get(store, "half") is None


def test_store_keeps_a_write_ahead_log_and_checks_foreign_keys(workspace, store):
    with sqlite3.connect(workspace.store_file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with store.read() as opened:
        assert opened.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_full_disk_gives_a_sentence_and_loses_nothing(small_disk, class_folders):
    place: Workspace = open_workspace(small_disk / "workspace")
    store = open_store(place)
    add_dataset(store, place, class_folders)
    kept = place.root / "kept.bin"
    write_atomically(kept, lambda file: file.write(b"before"))
    with pytest.raises(WorkspaceError) as refusal:
        write_atomically(kept, lambda file: file.write(bytes(4 * 2**20)))
    assert refusal.value.reason == "disk-full"
    assert kept.read_bytes() == b"before"

    (place.root / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    with pytest.raises(WorkspaceError) as refusal:
        put(store, "large", "x" * 2_000_000)
    assert refusal.value.reason == "disk-full"
    assert len(list_datasets(store)) == 1
    (place.root / "filler").unlink()
    put(store, "after", "1")
    assert get(store, "after") == "1"
    store.close()
