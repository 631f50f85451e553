"""Pictures that somebody wants an answer for, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cnnlab.errors import DatasetError
from cnnlab.paths import user_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """Something to classify: its name for people, and a file or its bytes.

    Attributes:
        name: A file's name, or its path below what was handed over, with "/" between the parts.
        label: The class that its folder says it shows, or None.
    """

    name: str
    source: Path | bytes
    label: str | None = None


def photos_at(paths: Iterable[Path]) -> list[Photo]:
    """Every file that is named, and every file in the folders that are named, sorted within.

    Raises:
        DatasetError: If a path does not exist.
        PathError: If there can be no such path.
    """
    photos: list[Photo] = []
    for path in map(user_path, paths):
        if path.is_dir():
            files = sorted(
                file
                for file in path.rglob("*")
                if file.is_file()
                and not any(part[0] == "." for part in file.relative_to(path).parts)
            )
            photos += [Photo(name=str(file), source=file) for file in files]
        elif path.exists():
            photos.append(Photo(name=str(path), source=path))
        else:
            raise DatasetError(
                "missing-path", f"There is nothing at {str(path)!r}. Check the path's spelling."
            )
    return photos
