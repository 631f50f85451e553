"""A run's network for other Python programs: photos in, answers out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from cnnlab.datasets.photos import Photo, photos_at
from cnnlab.errors import RunError
from cnnlab.inference.classify import Classification, classify
from cnnlab.inference.model import LiteModel, load_model
from cnnlab.paths import user_path
from cnnlab.workspace import RunFiles, find_workspace

Source: TypeAlias = str | os.PathLike[str] | bytes
"""A picture's path, a folder's path, or the bytes of a picture's file."""


class Classifier:
    """A finished network in memory. Safe to share between threads.

    It stays usable when its run is deleted meanwhile.

    Attributes:
        run_id: The run that it comes from.
        class_names: Its classes, in the order of every answer's probabilities.
    """

    def __init__(self, model: LiteModel) -> None:
        self._model = model
        self.run_id = model.facts.run_id
        self.class_names = model.facts.class_names

    def __repr__(self) -> str:
        return f"Classifier({self.run_id!r}, {len(self.class_names)} classes)"

    def predict(self, photos: Source | Iterable[Source]) -> list[Classification]:
        """Classify photos; a file that cannot be read is answered with its reason.

        Args:
            photos: Paths of pictures, paths of folders, bytes of pictures, or one of these.

        Returns:
            An answer a picture, in order; those of a folder by name.

        Raises:
            DatasetError: If a path does not exist ("missing-path").
            PathError: If there can be no such path.
        """
        return list(self.stream(photos))

    def stream(self, photos: Source | Iterable[Source]) -> Iterator[Classification]:
        """Classify photos as `predict` does, a few in memory at a time.

        Args:
            photos: As for `predict`; taken as they are needed.

        Yields:
            One answer after the other, in order, as soon as it is there.

        Raises:
            DatasetError: When the turn comes to a path that does not exist ("missing-path").
            PathError: When it comes to one that cannot exist.
        """
        one = isinstance(photos, str | bytes | os.PathLike)
        sources: Iterable[Source] = [photos] if one else photos  # type: ignore[list-item,assignment]
        yield from classify(self._model, _photos(sources))


def load(
    run: str | os.PathLike[str], workspace: str | os.PathLike[str] | None = None
) -> Classifier:
    """Load the network of a finished run.

    Args:
        run: A run's id, or the folder of a run, wherever it was copied to.
        workspace: Where the run with this id lies; else CNNLAB_WORKSPACE; else ./workspace.

    Raises:
        RunError: If there is no such run ("unknown-run"), it has no finished network ("no-model"),
            or that is damaged ("damaged-model").
        PathError: If there can be no such folder.
    """
    return Classifier(load_model(RunFiles(_folder_of(run, workspace))))


def _folder_of(run: str | os.PathLike[str], workspace: str | os.PathLike[str] | None) -> Path:
    """A run's folder by its id, else by its path."""
    path = user_path(Path(run))
    is_name = isinstance(run, str) and path.name == run
    if is_name:
        place = find_workspace(None if workspace is None else Path(workspace))
        folder = place.run_folder(path.name)
        if folder.is_dir():
            return folder
    if path.is_dir():
        return path
    if is_name:
        raise RunError(
            "unknown-run",
            f"There is no run {run!r} in the workspace {place.root}. `cnnlab runs list` names "
            "those there are; name another workspace, or the run's folder.",
        )
    raise RunError(
        "unknown-run",
        f"There is no folder of a run at {str(path)!r}. Check the path's spelling, or give a "
        "run's id.",
    )


def _photos(sources: Iterable[Source]) -> Iterator[Photo]:
    for number, source in enumerate(sources, 1):
        if isinstance(source, bytes):
            yield Photo(name=f"photo-{number}", source=source)
        else:
            yield from photos_at([Path(source)])
