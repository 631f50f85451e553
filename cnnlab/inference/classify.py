"""Photos in, class probabilities out; a bad file is answered with its reason."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab.datasets.images import load, prepare
from cnnlab.errors import DatasetError, ImageError
from cnnlab.inference.model import BATCH_SIZE, FloatArray, LiteModel, PixelArray
from cnnlab.paths import user_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """Something to classify: its name for people, and a file or its bytes."""

    name: str
    source: Path | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The answer for one photo: probabilities, or the reason why there are none.

    Attributes:
        probabilities: float32, shape (n_classes,), or None for a file that cannot be read.
        seen: The picture as it enters the network, uint8, shape (size, size, channels).
    """

    name: str
    class_names: tuple[str, ...]
    probabilities: FloatArray | None = None
    seen: PixelArray | None = None
    error: ImageError | None = None

    @property
    def label(self) -> str | None:
        """The most probable class."""
        if self.probabilities is None:
            return None
        return self.class_names[int(np.argmax(self.probabilities))]

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        if self.probabilities is None:
            return {
                "path": self.name,
                "error": self.error.reason if self.error else "unreadable",
                "detail": str(self.error or ""),
            }
        values = [float(value) for value in self.probabilities]
        return {
            "path": self.name,
            "label": self.label,
            "probability": max(values),
            "probabilities": dict(zip(self.class_names, values, strict=True)),
            "verdict": None,  # whether it belongs to any class at all is not judged yet
        }


def classify(model: LiteModel, photos: Iterable[Photo]) -> Iterator[Classification]:
    """Classify photos one after the other, in their order, a few in memory at a time."""
    threads = min(os.cpu_count() or 1, BATCH_SIZE)
    with ThreadPoolExecutor(threads) as pool:
        for chunk in _chunks(photos, BATCH_SIZE):
            prepared = list(pool.map(lambda photo: _prepare(model, photo), chunk))
            readable = [pixels for pixels in prepared if not isinstance(pixels, ImageError)]
            answers = iter(model.predict(np.stack(readable)).probabilities if readable else ())
            for photo, pixels in zip(chunk, prepared, strict=True):
                names = model.facts.class_names
                if isinstance(pixels, ImageError):
                    yield Classification(name=photo.name, class_names=names, error=pixels)
                else:
                    yield Classification(
                        name=photo.name,
                        class_names=names,
                        probabilities=next(answers),
                        seen=pixels,
                    )


def _prepare(model: LiteModel, photo: Photo) -> PixelArray | ImageError:
    data = model.facts.data
    try:
        pixels = load(photo.source, name=photo.name)
    except ImageError as error:
        return error
    return prepare(pixels, data.size, data.resize, data.colour)


def _chunks(photos: Iterable[Photo], size: int) -> Iterator[list[Photo]]:
    iterator = iter(photos)
    while chunk := list(islice(iterator, size)):
        yield chunk


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
