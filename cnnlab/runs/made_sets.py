"""Data sets that are made class by class, from pictures that a user hands over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cnnlab.datasets.folders import SPLIT_FOLDERS
from cnnlab.datasets.uploads import Upload, add_pictures, check_class_name
from cnnlab.errors import DatasetError
from cnnlab.runs.datasets import Dataset, add_imported, remove_dataset
from cnnlab.runs.sources import Source
from cnnlab.runs.store import Store
from cnnlab.workspace import Workspace, explain_os_error


def make_set(store: Store, workspace: Workspace, name: str, classes: Sequence[str]) -> Dataset:
    """A new data set with a folder for each class, and no pictures yet.

    Raises:
        DatasetError: If a name cannot be one ("class-name", "name"), or there are fewer
            than two classes ("one-class").
        WorkspaceError: If the folders cannot be made.
    """
    names = [check_class_name(part) for part in classes if part.strip()]
    if len(set(names)) < 2:
        raise DatasetError(
            "one-class",
            "A set needs at least two classes to tell apart. "
            f"Received: {', '.join(names) or 'none'}.",
        )
    dataset = add_imported(store, workspace, name, Source.UPLOAD)
    try:
        for class_name in names:
            (dataset.location / class_name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remove_dataset(store, dataset.id)
        raise explain_os_error(error, dataset.location, "make the folder") from error
    return dataset


def class_folders_of(dataset: Dataset) -> list[str]:
    """Classes of a made set, those without a picture included."""
    try:
        return sorted(
            entry.name
            for entry in dataset.location.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        )
    except OSError:
        return []


def has_pictures(dataset: Dataset) -> bool:
    """Whether anything was put into a made set."""
    try:
        return any(any((dataset.location / name).iterdir()) for name in class_folders_of(dataset))
    except OSError:
        return False


def takes_pictures(dataset: Dataset) -> bool:
    """Whether pictures can be put into its classes: it lies here, and is not a tree of splits."""
    return dataset.source is Source.UPLOAD and not any(
        name.casefold() in SPLIT_FOLDERS for name in class_folders_of(dataset)
    )


def put_pictures(
    workspace: Workspace, dataset: Dataset, class_name: str, files: Iterable[Upload]
) -> list[Path]:
    """Add pictures to a class, which is made if it is new; scan the set afterwards.

    Raises:
        DatasetError: If the set is not one of class folders in the workspace ("not-made-here"):
            other folders are never written to; or a name is not safe ("class-name",
            "unsafe-member").
        WorkspaceError: If the disk is full or may not be written to.
    """
    if not takes_pictures(dataset):
        raise DatasetError(
            "not-made-here",
            "Pictures can be put into class folders that were made or uploaded here. Received: "
            f"{dataset.name!r} in {dataset.location}. Put them into its folders yourself, then "
            "look again.",
        )
    if class_name not in class_folders_of(dataset):
        class_name = check_class_name(class_name)
    with workspace.lock(f"pictures-{dataset.id}"):  # two at once would take the same free name
        return add_pictures(dataset.location, class_name, files)
