"""Tables in Parquet files, whole or not at all, with checksums and a header for their kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cnnlab.workspace import write_atomically

_VERSION = "version"


class TableError(ValueError):
    """A table is missing, damaged, or of another kind or version."""


def write_frame(
    frame: pd.DataFrame, path: Path, *, kind: str, version: int, facts: Mapping[str, Any]
) -> None:
    """Write a frame to a file.

    Args:
        frame: Columns of simple types.
        path: Where to; its folder is made if it is missing.
        kind: What it is, such as "index".
        version: Of this kind of table.
        facts: What else the header says; JSON.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    header = json.dumps({_VERSION: version, **facts}).encode()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _key(kind): header})
    write_atomically(
        path,
        lambda file: pq.write_table(table, file, compression="zstd", write_page_checksum=True),
    )


def read_frame(
    path: Path, columns: Mapping[str, str], *, kind: str, version: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read what `write_frame` wrote.

    Args:
        path: The file.
        columns: Their names and types.
        kind, version: What it must be.

    Returns:
        The frame with these columns in their order, and the facts of its header.

    Raises:
        TableError: If it is not what was asked for.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(use_threads=False)  # starting the threads takes longer than it
        facts: dict[str, Any] = json.loads(table.schema.metadata[_key(kind)])
        found = facts.pop(_VERSION)
        if found != version:
            raise ValueError(f"it is of version {found}, not {version}")
        frame = table.to_pandas(use_threads=False)[list(columns)].astype(dict(columns))
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
        raise TableError(f"{path}: {error}") from error
    return frame, facts


def _key(kind: str) -> bytes:
    return f"cnnlab.{kind}".encode()
