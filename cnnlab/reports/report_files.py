"""The files of a finished run as others may check them, and what they were made with."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import cnnlab
from cnnlab.workspace import RunFiles

_MADE_WITH = ("cnnlab", "tensorflow", "keras")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """One file of a run.

    Attributes:
        purpose: What it is for, a few words.
        size_bytes, sha256: None where the file is missing or cannot be read.
    """

    name: str
    purpose: str
    size_bytes: int | None = None
    sha256: str | None = None


def file_facts(files: RunFiles) -> tuple[FileFact, ...]:
    """Size and digest of the files that a run leaves for others."""
    return (
        _fact(files.keras_model, "the network for Keras"),
        _fact(files.lite_model, "the network for LiteRT; every figure here comes from it"),
        _fact(files.predictions, "what it said about every picture that it is judged by"),
        _fact(files.split, "which picture was used for what"),
    )


def made_with(files: RunFiles, results: Mapping[str, Any]) -> dict[str, str]:
    """Versions of the programs by name: those that the run noted, else as far as its files tell.

    A network for Keras says which Keras saved it. Older runs know no more than that.
    """
    noted = results.get("versions")
    if isinstance(noted, Mapping):
        return {name: str(noted[name]) for name in _MADE_WITH if name in noted}
    saved_by = _keras_version(files.keras_model)
    return {} if saved_by is None else {"keras": saved_by}


def versions_here() -> dict[str, str]:
    """Versions of the same programs where the report is written."""
    found = {"cnnlab": cnnlab.__version__}
    for name in _MADE_WITH[1:]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _fact(file: Path, purpose: str) -> FileFact:
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        size = file.stat().st_size
    except OSError:
        return FileFact(name=file.name, purpose=purpose)
    return FileFact(name=file.name, purpose=purpose, size_bytes=size, sha256=digest)


def _keras_version(file: Path) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    except (OSError, zipfile.BadZipFile, LookupError, ValueError, TypeError):
        return None
