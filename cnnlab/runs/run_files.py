"""What a run keeps in files and others read."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cnnlab.errors import RunError
from cnnlab.workspace import RunFiles


def read_split(files: RunFiles, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Which picture a run has used for what.

    Args:
        files: Of the run.
        columns: Those that are needed, of path, label, split and, in newer runs, content_hash;
            None for all that there are.

    Raises:
        RunError: If the file is missing or cannot be read ("damaged-run").
    """
    try:
        return pd.read_parquet(files.split, columns=None if columns is None else list(columns))
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            "damaged-run",
            f"The file {files.split.name} of run {files.folder.name!r} cannot be read. Train it "
            "again.",
        ) from error
