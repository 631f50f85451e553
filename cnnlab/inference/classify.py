"""Photos in, class probabilities out; a bad file is answered with its reason."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from cnnlab.datasets.images import load, prepare
from cnnlab.datasets.photos import Photo
from cnnlab.errors import ImageError
from cnnlab.inference.model import BATCH_SIZE, FloatArray, LiteModel, PixelArray
from cnnlab.inference.rejection import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The answer for one photo: probabilities, or the reason why there are none.

    Attributes:
        probabilities: float32, shape (n_classes,), or None for a file that cannot be read.
        verdict: Whether it shows any of the classes; None where the run has no rule for that.
        features: What enters the last layer, as `cnnlab.inference.projection.compact` makes it,
            float32, shape (n_features,).
        seen: The picture as it enters the network, uint8, shape (size, size, channels).
        size_px: Width and height of the picture, upright.
        thumbnail: A small JPEG of it, where that was asked for.
        error: Why it cannot be read.
    """

    name: str
    class_names: tuple[str, ...]
    probabilities: FloatArray | None = None
    verdict: Verdict | None = None
    features: FloatArray | None = None
    seen: PixelArray | None = None
    size_px: tuple[int, int] | None = None
    thumbnail: bytes | None = None
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
            "verdict": self.verdict and self.verdict.to_json(),
        }


def classify(
    model: LiteModel, photos: Iterable[Photo], *, thumbnail_px: int | None = None
) -> Iterator[Classification]:
    """Classify photos one after the other, in their order, a few in memory at a time.

    Args:
        model: The network.
        photos: Taken as they are needed.
        thumbnail_px: Also make a small JPEG of each, its longer side so long.
    """
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
