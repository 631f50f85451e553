"""Pictures and indexes for the pages, kept in memory between reruns."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cnnlab.config import SplitConfig
from cnnlab.datasets.images import load, thumbnail
from cnnlab.datasets.index import DatasetIndex, read_index
from cnnlab.datasets.splits import SplitAssignment, assign_splits
from cnnlab.errors import DatasetError, ImageError
from cnnlab.evaluation.predictions import Predictions, read_predictions
from cnnlab.runs.datasets import Dataset
from cnnlab.ui import context
from cnnlab.workspace import RunFiles

THUMBNAIL_PX = 160


def index_of(dataset: Dataset) -> DatasetIndex | None:
    """What the last scan found, or None before the first.

    Raises:
        DatasetError: If the index file is damaged.
    """
    file = context.workspace().index_file(dataset.id)
    try:
        changed_ns = file.stat().st_mtime_ns
    except OSError:
        return None
    return _read_index(file, changed_ns)


def split_of(dataset: Dataset, config: SplitConfig) -> SplitAssignment:
    """Which picture is used for what under a configuration.

    Raises:
        DatasetError: If the data set was not scanned, or cannot be split for training.
    """
    file = context.workspace().index_file(dataset.id)
    index = index_of(dataset)
    if index is None:
        raise DatasetError("not-scanned", f"{dataset.name} has not been looked at yet.")
    return _split(file, file.stat().st_mtime_ns, config.model_dump_json())


def thumbnail_of(path: Path) -> bytes | None:
    """A small JPEG of a picture, or None if it cannot be read (any more)."""
    try:
        return _thumbnail(path, path.stat().st_mtime_ns)
    except (OSError, ImageError):
        return None


def predictions_of(run_id: str) -> Predictions:
    """A run's stored predictions.

    Raises:
        RunError: If they are missing or damaged.
    """
    file = RunFiles(context.workspace().run_folder(run_id)).predictions
    return _read_predictions(file, file.stat().st_mtime_ns if file.exists() else 0)


@st.cache_resource(max_entries=4, show_spinner=False)
def _read_index(file: Path, changed_ns: int) -> DatasetIndex:
    return read_index(file)


@st.cache_resource(max_entries=8, show_spinner=False)
def _split(file: Path, changed_ns: int, config: str) -> SplitAssignment:
    return assign_splits(_read_index(file, changed_ns), SplitConfig.model_validate_json(config))


@st.cache_data(max_entries=2000, show_spinner=False)
def _thumbnail(path: Path, changed_ns: int) -> bytes:
    return thumbnail(load(path), THUMBNAIL_PX)


@st.cache_resource(max_entries=8, show_spinner=False)
def _read_predictions(file: Path, changed_ns: int) -> Predictions:
    return read_predictions(file)
