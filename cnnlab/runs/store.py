"""The store: one database per workspace that all processes share.

Contract: any number of processes and threads may use a Store at once. A write is one transaction
that takes the write lock when it begins (BEGIN IMMEDIATE), so that reading, deciding and writing
inside `write()` never lose somebody else's change. A change of state is one UPDATE that names the
state it starts from; the number of changed rows tells whether it happened. Reads never wait.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from cnnlab.errors import CnnlabError, StoreError, WorkspaceError
from cnnlab.runs.schema import SCHEMA_VERSION, meta, metadata, statements_since
from cnnlab.workspace import Workspace

BUSY_TIMEOUT_SECONDS = 30.0


class Store:
    """A database opened for reading and writing; made by `open_store`."""

    def __init__(self, url: str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        self.url = url
        self._engine = _make_engine(url, busy_timeout_seconds)
        weakref.finalize(self, self._engine.dispose)  # connections never outlive their store

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state and changes nothing."""
        with explained_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first moment to its commit."""
        with (
            explained_errors(),
            self._engine.connect().execution_options(cnnlab_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def version(self) -> int | None:
        """Version of the tables, or None where there are none yet."""
        with self.read() as connection:
            if not inspect(connection).has_table(meta.name):
                return None
            row = connection.execute(select(meta.c.value).where(meta.c.name == "version")).scalar()
            return None if row is None else int(row)

    def migrate(self, version: int) -> None:
        """Bring tables of an older version up to this one, all or nothing."""
        with self.write() as connection:
            for statement in statements_since(version):
                connection.exec_driver_sql(statement)
            metadata.create_all(connection)
            connection.execute(
                update(meta).where(meta.c.name == "version").values(value=str(SCHEMA_VERSION))
            )

    def create_tables(self) -> None:
        """Make every table of this version and note the version."""
        with self.write() as connection:
            metadata.create_all(connection)
            connection.execute(insert(meta).values(name="version", value=str(SCHEMA_VERSION)))

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def open_store(
    workspace: Workspace, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS
) -> Store:
    """Open the workspace's store; the first to come makes its tables, or brings them up to date.

    Raises:
        StoreError: If the store is damaged, locked for too long, or from a newer version.
    """
    store = Store(
        f"sqlite:///{workspace.store_file.as_posix()}", busy_timeout_seconds=busy_timeout_seconds
    )
    version = store.version()
    if version is None or version < SCHEMA_VERSION:
        with workspace.lock("store"):
            version = store.version()
            if version is None:
                store.create_tables()
            elif version < SCHEMA_VERSION:
                store.migrate(version)
        version = store.version()
    if version != SCHEMA_VERSION:
        store.close()
        raise StoreError(
            "store-newer",
            f"The workspace {workspace.root} was written by a newer cnnlab: its store has version "
            f"{version}, this cnnlab reads up to {SCHEMA_VERSION}. Update cnnlab, or choose "
            "another workspace. Nothing was changed.",
        )
    return store


@contextmanager
def explained_errors() -> Iterator[None]:
    """Turn what a database driver raises into sentences."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise _explain(error.orig or error) from error


def _explain(error: BaseException) -> CnnlabError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreError(
            "store-locked",
            "The workspace's store is locked by another program and did not become free in time. "
            "Close other programs that have opened store.sqlite, then try again. "
            "Nothing was lost.",
        )
    if "full" in text:
        return WorkspaceError(
            "disk-full",
            "The disk is full: the store could not be written. What was stored before is "
            "unharmed. Free some space and try again.",
        )
    if "malformed" in text or "not a database" in text:
        return StoreError(
            "store-damaged",
            "The workspace's store is damaged and cannot be read (store.sqlite: "
            f"{text}). Put back a copy, or rename the file to start with an empty store; "
            "pictures and finished models in the workspace folder are not touched.",
        )
    return StoreError(
        "store-unusable",
        f"The workspace's store could not be used: {text}. Check that the folder exists, is on "
        "a local disk and may be written to.",
    )


def _make_engine(url: str, busy_timeout_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": busy_timeout_seconds})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, below
        try:
            connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_seconds * 1000)}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("cnnlab_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
