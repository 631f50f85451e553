"""What simple methods reach on the same pictures, so that a network can be held against them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.predictions import IntArray

MOST_TRAINING_PICTURES = 4_000
MOST_HELD_OUT_PICTURES = 2_000  # of each split; of more, an accuracy is right to about two points
SMALL_PX = 16

DECIDING_SPLITS = ("test", "validation")  # the first one that a network has figures of decides

_PIECE_BYTES = 8_000_000
_PIECE_PICTURES = 256
_LEAST_SPREAD = 0.01  # a bin that is all but empty in training must not decide alone
_MOST_ITERATIONS = 200
_QUERIES = 512
_SUFFIX = "_accuracy"

Floats = NDArray[np.float64]
SmallFloats = NDArray[np.float32]


class BaselineName(StrEnum):
    """The methods, from the one that knows least to the one that knows most."""

    MAJORITY = "majority"
    HISTOGRAM = "histogram"
    NEIGHBOUR = "neighbour"


class PictureRows(Protocol):
    """Prepared pictures by row number, such as an array mapped from a file."""

    def __getitem__(self, rows: NDArray[np.int64], /) -> NDArray[np.uint8]:
        """Some of the pictures, shape (len(rows), size, size, channels)."""


LabelledRows = tuple[PictureRows, IntArray]  # pictures, and their class indices by row number


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What one simple method reaches.

    Attributes:
        name: The method.
        title: What it is called in charts and tables, such as "Colour histogram".
        accuracy: Share of right answers by split, such as "validation".
    """

    name: BaselineName
    title: str
    accuracy: Mapping[str, float]

    @property
    def phrase(self) -> str:
        """The method in the midst of a sentence."""
        match self.name:
            case BaselineName.MAJORITY:
                return "always naming the largest class"
            case BaselineName.HISTOGRAM:
                return f"a {self.title.lower()} with logistic regression"
            case BaselineName.NEIGHBOUR:
                return "the nearest neighbour among small pictures"

    def to_json(self) -> dict[str, Any]:
        """Plain words and numbers that `from_json` reads; accuracies as "validation_accuracy"."""
        figures = {f"{split}{_SUFFIX}": share for split, share in self.accuracy.items()}
        return {"name": self.name.value, "title": self.title, **figures}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Baseline:
        """Read what `to_json` made.

        Raises:
            LookupError, TypeError, ValueError: If it is something else.
        """
        return cls(
            name=BaselineName(document["name"]),
            title=str(document["title"]),
            accuracy={
                key.removesuffix(_SUFFIX): float(value)
                for key, value in document.items()
                if key.endswith(_SUFFIX)
            },
        )


def stored_baselines(results: Mapping[str, Any]) -> tuple[Baseline, ...]:
    """Those that a run's results hold; none where they are missing or cannot be read."""
    try:
        return tuple(map(Baseline.from_json, results.get("baselines") or ()))
    except (LookupError, TypeError, ValueError):
        return ()


def ladder(
    train_pixels: PictureRows,
    train_labels: IntArray,
    held_out: Mapping[str, LabelledRows],
    class_count: int,
    *,
    seed: int,
) -> list[Baseline]:
    """Let simple methods learn from the training pictures and answer for the others.

    - majority: always the largest training class, the first one of equals;
    - histogram: logistic regression on how often each colour occurs, wherever it occurs;
    - neighbour: the class of the training picture that is nearest pixel by pixel, all pictures
      shrunk to 16 x 16 and freed of their mean brightness.

    The last two learn from at most 4,000 training pictures and answer for at most 2,000 of each
    split, drawn class by class in proportion. Pictures are read a few megabytes at a time.

    Args:
        train_pixels: Pictures by row number; any size, one channel or three.
        train_labels: Class index of each of its rows, shape (n_images,).
        held_out: Pictures and class indices by split; a split without any is left out.
        class_count: Number of classes; some may have no picture.
        seed: Decides which pictures are drawn; the same seed gives the same figures.

    Returns:
        The methods in the order of `BaselineName`; none without a training picture, or without
        any to answer for.

    Raises:
        ValueError: If a label is not the index of a class.
    """
    asked = {split: rows for split, rows in held_out.items() if len(rows[1])}
    for labels in (train_labels, *(labels for _, labels in asked.values())):
        _check(labels, class_count)
    if not len(train_labels) or not asked:
        return []
    largest = int(np.bincount(train_labels).argmax())
    learnt = _look_at(train_pixels, train_labels, MOST_TRAINING_PICTURES, seed)
    by_colour, by_neighbour = _learn_histograms(learnt), _learn_pictures(learnt)
    accuracy: dict[BaselineName, dict[str, float]] = {name: {} for name in BaselineName}
    for split, (pixels, labels) in asked.items():
        looks = _look_at(pixels, labels, MOST_HELD_OUT_PICTURES, seed)
        accuracy[BaselineName.MAJORITY][split] = _share(labels == largest)
        accuracy[BaselineName.HISTOGRAM][split] = _share(by_colour(looks) == looks.labels)
        accuracy[BaselineName.NEIGHBOUR][split] = _share(by_neighbour(looks) == looks.labels)
    titles = {
        BaselineName.MAJORITY: "Largest class",
        BaselineName.HISTOGRAM: "Colour histogram" if learnt.coloured else "Grey histogram",
        BaselineName.NEIGHBOUR: "Nearest neighbour",
    }
    return [
        Baseline(name=name, title=titles[name], accuracy=accuracy[name]) for name in BaselineName
    ]


def deciding_split(metrics: Mapping[str, float]) -> str | None:
    """The split by which a network is judged: test, else validation; None without either.

    Args:
        metrics: Figures of a network by name, such as "test_accuracy".
    """
    return next((split for split in DECIDING_SPLITS if f"{split}{_SUFFIX}" in metrics), None)


def unbeaten(baselines: Iterable[Baseline], metrics: Mapping[str, float]) -> list[Baseline]:
    """The methods that reach at least what the network reaches on the split that decides.

    Args:
        baselines: As `ladder` returns them; their order is kept.
        metrics: Figures of the network by name, such as "test_accuracy".
    """
    split = deciding_split(metrics)
    if split is None:
        return []
    reached = metrics[f"{split}{_SUFFIX}"]
    return [
        baseline
        for baseline in baselines
        if split in baseline.accuracy and baseline.accuracy[split] >= reached
    ]


def unbeaten_sentence(baselines: Iterable[Baseline], metrics: Mapping[str, float]) -> str | None:
    """A sentence that names the methods which the network does not beat; None if it beats all."""
    split, better = deciding_split(metrics), unbeaten(baselines, metrics)
    if split is None or not better:
        return None
    *others, last = [f"{each.phrase} ({each.accuracy[split]:.1%})" for each in better]
    named = f"{', '.join(others)} or {last}" if others else last
    reached = metrics[f"{split}{_SUFFIX}"]
    return f"The network's {reached:.1%} on the {split} pictures do not beat {named}."


@dataclass(frozen=True, slots=True, eq=False)
class _Looks:
    """What the methods know of some pictures.

    Attributes:
        labels: Class indices, shape (n,).
        histograms: Shape (n, n_bins).
        small: The pictures themselves, small and centred, shape (n, 16 * 16 * channels).
        coloured: Whether they have more than one channel.
    """

    labels: NDArray[np.int64]
    histograms: Floats
    small: SmallFloats
    coloured: bool


_Answers = Callable[[_Looks], NDArray[np.int64]]


def _check(labels: IntArray, class_count: int) -> None:
    if labels.size and not 0 <= labels.min() <= labels.max() < class_count:
        raise ValueError(
            f"labels must lie between 0 and {class_count - 1}. "
            f"Received: {labels.min()} to {labels.max()}"
        )


def _share(right: NDArray[np.bool_]) -> float:
    return float(right.mean())


def _look_at(pixels: PictureRows, labels: IntArray, most: int, seed: int) -> _Looks:
    rows = _draw(labels, most, seed)
    histograms: list[Floats] = []
    small: list[SmallFloats] = []
    channels = 1
    for piece in _pieces(pixels, rows):
        channels = piece.shape[-1]
        histograms.append(_histograms(piece))
        small.append(_shrink(piece))
    return _Looks(
        labels[rows].astype(np.int64),
        np.concatenate(histograms),
        np.concatenate(small),
        coloured=channels > 1,
    )


def _draw(labels: IntArray, most: int, seed: int) -> NDArray[np.int64]:
    """Ascending rows of at most so many pictures, of each class in proportion."""
    count = len(labels)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    shuffled = np.random.default_rng(seed).permutation(count)
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(by_class[np.arange(most) * count // most]).astype(np.int64)


def _pieces(pixels: PictureRows, rows: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
    """The pictures of some rows, a few megabytes at a time."""
    picture_bytes = pixels[rows[:1]].nbytes
    step = min(_PIECE_PICTURES, max(1, _PIECE_BYTES // picture_bytes))
    for start in range(0, len(rows), step):
        yield np.asarray(pixels[rows[start : start + step]])


def _histograms(pictures: NDArray[np.uint8]) -> Floats:
    """Square roots of the share of each colour, shape (n, n_bins); places do not matter.

    Three channels are counted together in 4 x 4 x 4 levels and each by itself in 16; one channel
    is counted in 64.
    """
    count = _count_grey if pictures.shape[-1] == 1 else _count_colours
    counts = np.stack([count(picture) for picture in pictures])
    return np.asarray(np.sqrt(counts / (pictures.shape[1] * pictures.shape[2])))


def _count_grey(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.bincount(picture.ravel() >> 2, minlength=64).astype(np.int64)


def _count_colours(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Counted once, finely, for all four histograms."""
    red, green, blue = np.ascontiguousarray(picture.reshape(-1, 3).T) >> 4
    codes = (red.astype(np.uint16) << 8) | (green << 4) | blue
    fine = np.bincount(codes, minlength=16**3).reshape(4, 4, 4, 4, 4, 4)  # two axes a channel
    together = fine.sum(axis=(1, 3, 5))
    alone = [fine.sum(axis=others) for others in ((2, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 3))]
    return np.concatenate([each.ravel() for each in (together, *alone)]).astype(np.int64)


def _shrink(pictures: NDArray[np.uint8]) -> SmallFloats:
    """Means of 16 x 16 areas less the mean of each picture, shape (n, 256 * channels)."""
    _, height, width, _ = pictures.shape
    rows = [pictures[:, area].mean(axis=1, dtype=np.float32) for area in _areas(height)]
    lines = np.stack(rows, axis=1)  # (n, 16, width, channels)
    cells = np.stack([lines[:, :, area].mean(axis=2) for area in _areas(width)], axis=2)
    small = cells.reshape(len(pictures), -1) / 255
    return np.asarray(small - small.mean(axis=1, keepdims=True), dtype=np.float32)


def _areas(size: int) -> list[slice]:
    """Sixteen stretches of a line, of whole pixels; where they do not come out even, they share."""
    return [
        slice(place * size // SMALL_PX, -(-(place + 1) * size // SMALL_PX))
        for place in range(SMALL_PX)
    ]


def _learn_histograms(learnt: _Looks) -> _Answers:
    if len(np.unique(learnt.labels)) < 2:  # nothing to tell apart
        only = learnt.labels[0]
        return lambda looks: np.full(len(looks.labels), only)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    mean = learnt.histograms.mean(axis=0)
    spread = np.maximum(learnt.histograms.std(axis=0), _LEAST_SPREAD)
    model = LogisticRegression(max_iter=_MOST_ITERATIONS)
    # On busy processors many small products take fifty times as long on several threads as on one.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near enough for a baseline
        model.fit((learnt.histograms - mean) / spread, learnt.labels)

    def answers(looks: _Looks) -> NDArray[np.int64]:
        return np.asarray(model.predict((looks.histograms - mean) / spread), dtype=np.int64)

    return answers


def _learn_pictures(learnt: _Looks) -> _Answers:
    known, half_squares = learnt.small.T, (learnt.small**2).sum(axis=1) / 2

    def answers(looks: _Looks) -> NDArray[np.int64]:
        nearest = [
            np.argmax(looks.small[start : start + _QUERIES] @ known - half_squares, axis=1)
            for start in range(0, len(looks.small), _QUERIES)
        ]
        return np.asarray(learnt.labels[np.concatenate(nearest)])

    return answers
