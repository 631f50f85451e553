"""Pictures and indexes for the pages, kept in memory between reruns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnlab.config import DataConfig, RunConfig, SplitConfig
from cnnlab.datasets.embedding import ImageMap, read_map
from cnnlab.datasets.findings import Finding
from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.measures import Measures, read_measures
from cnnlab.datasets.selection import select
from cnnlab.datasets.splits import SplitAssignment, assign_splits
from cnnlab.datasets.thumbnails import Picture, Thumbnails
from cnnlab.errors import CnnlabError, DatasetError
from cnnlab.runs import audits, corrections
from cnnlab.runs.audits import AuditFiles
from cnnlab.runs.datasets import Dataset, get_dataset
from cnnlab.ui import context


def index_of(dataset: Dataset) -> DatasetIndex | None:
    """What the last scan found, corrections applied, or None before the first.

    Raises:
        DatasetError: If the index file is damaged.
    """
    state = _index_state(dataset)
    return None if state is None else _read_index(dataset.id, state)


def split_of(dataset: Dataset, config: RunConfig) -> SplitAssignment:
    """Which picture is used for what under a configuration.

    Raises:
        DatasetError: If the data set was not scanned, or cannot be split for training.
    """
    state = _index_state(dataset)
    if state is None:
        raise DatasetError("not-scanned", f"{dataset.name} has not been looked at yet.")
    data, split = config.data.model_dump_json(), config.split.model_dump_json()
    return _split(dataset.id, state, _audit_state(dataset), data, split)


def sides_of(dataset: Dataset, config: RunConfig) -> dict[str, str]:
    """Split by path, for every picture that a configuration uses; empty where it cannot be."""
    try:
        frame = split_of(dataset, config).frame
    except CnnlabError:
        return {}
    return dict(zip(frame["path"], frame["split"], strict=True))


def findings_of(dataset: Dataset) -> list[Finding]:
    """What is worth telling about a data set that was scanned, as far as it was audited."""
    state = _index_state(dataset)
    return [] if state is None else _findings(dataset.id, state, _audit_state(dataset))


def audit_is_current(dataset: Dataset) -> bool:
    """Whether the last audit says all about a data set that was scanned."""
    state = _index_state(dataset)
    return state is not None and _audit_is_current(dataset.id, state, _audit_state(dataset))


def measures_of(dataset: Dataset) -> Measures | None:
    """What was measured in the pictures, without the miniatures; None before the audit."""
    folder = context.workspace().audit_folder(dataset.id)
    return _measures(folder, _audit_state(dataset))


def map_of(dataset: Dataset) -> ImageMap | None:
    """The pictures as points in a plane; None before the map was computed."""
    file = AuditFiles(context.workspace().audit_folder(dataset.id)).map
    return _map(file, file.stat().st_mtime_ns) if file.exists() else None


def means_of(dataset: Dataset) -> dict[str, NDArray[np.uint8]]:
    """The mean picture of each class; empty before the audit."""
    state = _index_state(dataset)
    return {} if state is None else _means(dataset.id, state, _audit_state(dataset))


def thumbnails_of(root: Path, rows: pd.DataFrame) -> list[bytes | None]:
    """Small JPEGs of pictures; None for one that cannot be read (any more).

    Args:
        root: The data set's folder.
        rows: With the columns path and content_hash.
    """
    pictures = [
        Picture(root / path, content)
        for path, content in zip(rows["path"], rows["content_hash"], strict=True)
    ]
    return _thumbnails(context.workspace().thumbnails_folder).get(pictures)


def _index_state(dataset: Dataset) -> str | None:
    """A word that changes whenever the index or the corrections do."""
    try:
        changed_ns = context.workspace().index_file(dataset.id).stat().st_mtime_ns
    except OSError:
        return None
    return f"{changed_ns}/{corrections.version(context.store(), dataset.id)}"


def _audit_state(dataset: Dataset) -> str:
    """A word that changes whenever the audit does."""
    folder = context.workspace().audit_folder(dataset.id)
    try:
        return "/".join(
            f"{file.name}:{file.stat().st_mtime_ns}"
            for file in sorted(folder.iterdir())
            if not file.name.startswith(".")  # being written
        )
    except OSError:
        return ""


@st.cache_resource(max_entries=4, show_spinner=False)
def _read_index(dataset_id: str, state: str) -> DatasetIndex:
    return corrections.load_index(
        context.store(), context.workspace(), get_dataset(context.store(), dataset_id)
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _split(dataset_id: str, state: str, audit: str, data: str, split: str) -> SplitAssignment:
    dataset, index = get_dataset(context.store(), dataset_id), _read_index(dataset_id, state)
    config = SplitConfig.model_validate_json(split)
    chosen = select(index, DataConfig.model_validate_json(data), config.seed)
    return assign_splits(chosen, config, audits.known_pairs(context.workspace(), dataset, index))


@st.cache_resource(max_entries=4, show_spinner=False)
def _findings(dataset_id: str, state: str, audit: str) -> list[Finding]:
    index = _read_index(dataset_id, state)
    return audits.findings(context.workspace(), get_dataset(context.store(), dataset_id), index)


@st.cache_resource(max_entries=8, show_spinner=False)
def _audit_is_current(dataset_id: str, state: str, audit: str) -> bool:
    dataset = get_dataset(context.store(), dataset_id)
    return audits.is_current(context.workspace(), dataset, _read_index(dataset_id, state))


@st.cache_resource(max_entries=4, show_spinner=False)
def _measures(folder: Path, audit: str) -> Measures | None:
    return read_measures(folder, miniatures=False)


@st.cache_resource(max_entries=2, show_spinner=False)
def _map(file: Path, changed_ns: int) -> ImageMap | None:
    return read_map(file)


@st.cache_resource(max_entries=4, show_spinner=False)
def _means(dataset_id: str, state: str, audit: str) -> dict[str, NDArray[np.uint8]]:
    return audits.mean_images(context.workspace(), dataset_id, _read_index(dataset_id, state))


@st.cache_resource(show_spinner=False)
def _thumbnails(folder: Path) -> Thumbnails:
    return Thumbnails(folder)
