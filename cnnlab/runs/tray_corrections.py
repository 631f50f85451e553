"""What users say that photos really show, kept beside them, and labelled sets made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cnnlab.datasets.photos import Photo
from cnnlab.datasets.uploads import check_class_name, check_file_name
from cnnlab.errors import DatasetError, WorkspaceError
from cnnlab.runs.datasets import Dataset, remove_dataset
from cnnlab.runs.made_sets import class_folders_of, make_set, put_pictures
from cnnlab.runs.store import Store
from cnnlab.runs.trays import Tray
from cnnlab.workspace import Workspace, explain_os_error, write_atomically

FILE_NAME = "corrections.json"
_VERSION = 1
_Step = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class TrayCorrections:
    """What users have said about the photos of a tray.

    Attributes:
        classes: By the photo's name, in the tray's order.
        steps: How many can be undone.
    """

    classes: Mapping[str, str] = field(default_factory=dict)
    steps: int = 0


def corrections_of(tray: Tray) -> TrayCorrections:
    """What was said so far.

    Raises:
        WorkspaceError: If the file is damaged ("damaged-corrections").
    """
    steps = _read(tray)
    classes: dict[str, str | None] = {}
    for step in steps:
        classes |= step
    said = ((photo.name, classes.get(photo.name)) for photo in tray.photos)
    return TrayCorrections({name: of for name, of in said if of is not None}, len(steps))


def correct_photos(workspace: Workspace, tray: Tray, said: Mapping[str, str | None]) -> None:
    """Note the class of some photos, as one step.

    Args:
        workspace: Of the tray.
        tray: Of the photos.
        said: The class by the photo's name; None takes back what was said.

    Raises:
        DatasetError: If a folder cannot have a class's name ("class-name").
        WorkspaceError: If it cannot be kept.
    """
    checked = {name: check_class_name(name) for name in said.values() if name is not None}
    step = {photo: None if name is None else checked[name] for photo, name in said.items()}
    if step:
        _change(workspace, tray, lambda steps: [*steps, step])


def undo_correction(workspace: Workspace, tray: Tray) -> None:
    """Take back the last step; nothing where there is none.

    Raises:
        WorkspaceError: If that cannot be kept.
    """
    _change(workspace, tray, lambda steps: steps[:-1])


def make_labelled_set(store: Store, workspace: Workspace, tray: Tray, name: str) -> Dataset:
    """A new data set of the photos whose class was said; scan it afterwards.

    The files are copied as they are.

    Raises:
        DatasetError: If there are fewer than two classes ("one-class"), or the name cannot be one.
        WorkspaceError: If a file is gone or the disk is full. Nothing is left then.
    """
    classes = sorted(set(corrections_of(tray).classes.values()))
    dataset = make_set(store, workspace, name, classes)
    try:
        add_to_set(workspace, tray, dataset)
    except BaseException:  # also where the visitor leaves: Streamlit ends a script by an exception
        remove_dataset(store, dataset.id)
        raise
    return dataset


def add_to_set(workspace: Workspace, tray: Tray, dataset: Dataset) -> int:
    """Copy the photos whose class was said into a set that was made here; scan it afterwards.

    Returns:
        How many.

    Raises:
        DatasetError: If pictures cannot be put into the set ("not-made-here").
        WorkspaceError: If a file is gone or the disk is full.
    """
    classes = corrections_of(tray).classes
    there = {folder.casefold(): folder for folder in class_folders_of(dataset)}
    for class_name in sorted(set(classes.values())):
        folder = there.get(class_name.casefold(), class_name)  # one folder on some systems
        for number, photo in enumerate(tray.photos, start=1):
            if classes.get(photo.name) == class_name:
                _put(workspace, dataset, folder, photo, number)
    return len(classes)


def _put(
    workspace: Workspace, dataset: Dataset, class_name: str, photo: Photo, number: int
) -> None:
    with ExitStack() as opened:
        content: BinaryIO
        if isinstance(photo.source, bytes):
            content = BytesIO(photo.source)
        else:
            try:
                content = opened.enter_context(photo.source.open("rb"))
            except OSError as error:
                raise explain_os_error(error, photo.source, "read", "hand it over again") from error
        put_pictures(workspace, dataset, class_name, [(_file_name(photo, number), content)])


def _file_name(photo: Photo, number: int) -> str:
    """The photo's own name; another one where not every system takes that."""
    name = PurePosixPath(photo.name).name
    try:
        return check_file_name(name).name
    except DatasetError:
        suffix = Path(name).suffix
        fallback = f"photo-{number}"
        return fallback + suffix if suffix[1:].isalnum() and suffix.isascii() else fallback


def _change(workspace: Workspace, tray: Tray, change: Callable[[list[_Step]], list[_Step]]) -> None:
    with workspace.lock(f"photos-{tray.id}"):
        if not tray.folder.is_dir():  # it would come into being again
            raise WorkspaceError(
                "photos-gone", "These photos were removed meanwhile. Hand them over again."
            )
        steps = change(_read(tray))
        content = json.dumps({"version": _VERSION, "steps": steps}).encode()
        write_atomically(tray.folder / FILE_NAME, lambda file: file.write(content))


def _read(tray: Tray) -> list[_Step]:
    path = tray.folder / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            raise ValueError(f"it is of version {document['version']}")
        return [
            {photo: None if name is None else str(name) for photo, name in step.items()}
            for step in document["steps"]
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise WorkspaceError(
            "damaged-corrections",
            f"What was said about these photos cannot be read: {path} is damaged. Delete it, and "
            "say it again.",
        ) from error
