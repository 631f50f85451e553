"""Photos in, class probabilities out; a bad file is answered with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from cnnlab.datasets.decode_limits import PHOTO_LIMITS
from cnnlab.datasets.images import Look, look
from cnnlab.datasets.photos import Photo
from cnnlab.errors import ImageError
from cnnlab.inference.model import FloatArray, LiteModel, PixelArray
from cnnlab.inference.projection import compact
from cnnlab.inference.rejection import Verdict
from cnnlab.threads import in_order

PHOTOS_AT_ONCE = 4  # of each thread


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
        if not all(map(math.isfinite, values)):
            return {
                "path": self.name,
                "error": "no-numbers",
                "detail": f"The network gave no numbers for {self.name}: its weights are damaged, "
                "or the training went astray. Train it again with a lower learning rate.",
            }
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

    def classified(chunk: Sequence[Photo]) -> list[Classification]:
        return _answers(model, thumbnail_px, chunk)

    with closing(in_order(classified, _chunks(photos, model.threads), model.threads)) as found:
        for answers in found:
            yield from answers


def _answers(
    model: LiteModel, thumbnail_px: int | None, photos: Sequence[Photo]
) -> list[Classification]:
    """Decode some photos and ask the network about them, all on this thread."""
    answers: list[Classification] = []
    found = [_look(model, thumbnail_px, photo) for photo in photos]
    looks = [each for each in found if isinstance(each, Look)]
    seen = iter(_seen(model, looks))
    for photo, each in zip(photos, found, strict=True):
        answer = Classification(name=photo.name, class_names=model.facts.class_names)
        if isinstance(each, ImageError):
            answers.append(replace(answer, error=each))
            continue
        probabilities, features, verdict = next(seen)
        answers.append(
            replace(
                answer,
                probabilities=probabilities,
                verdict=verdict,
                features=features,
                seen=each.pixels,
                size_px=each.size_px,
                thumbnail=each.thumbnail,
            )
        )
    return answers


def _seen(
    model: LiteModel, looks: Sequence[Look]
) -> Iterator[tuple[FloatArray, FloatArray, Verdict | None]]:
    """What the network says about some pictures, and what its rule says then."""
    if not looks:
        return
    outputs = model.predict(np.stack([each.pixels for each in looks]))
    features = compact(outputs.features)
    verdicts: Sequence[Verdict | None] = [None] * len(looks)
    if model.rule is not None:
        verdicts = model.rule.judge(outputs.probabilities, features)
    yield from zip(outputs.probabilities, features, verdicts, strict=True)


def _look(model: LiteModel, thumbnail_px: int | None, photo: Photo) -> Look | ImageError:
    try:
        return look(
            photo.source,
            model.facts.data,
            photo.name,
            thumbnail_px=thumbnail_px,
            limits=PHOTO_LIMITS,
        )
    except ImageError as error:
        # The one that was raised keeps the file and half a picture alive by its traceback.
        return ImageError(error.reason, error.message)


def _chunks(photos: Iterable[Photo], threads: int) -> Iterator[list[Photo]]:
    """A photo a thread first, so that a few are answered soon; then several at a time."""
    iterator = iter(photos)
    sizes = chain(repeat(1, threads), repeat(PHOTOS_AT_ONCE))
    while chunk := list(islice(iterator, next(sizes))):
        yield chunk
