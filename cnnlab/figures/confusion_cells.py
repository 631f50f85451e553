"""What the chart of a confusion matrix shows: which classes, and what stands in their cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.class_order import most_mistaken
from cnnlab.figures.text import axis_labels

ANNOTATED_CLASSES = 15  # up to here each cell carries its number
MOST_CLASSES = 40  # of more, those with the most mistakes are shown, and the others as one
MOST_CELLS = 6_000  # that are drawn one by one
OTHERS = -1  # instead of a class index
_DENSE_ROWS = MOST_CLASSES + 3  # those, the others, and two that are asked for
LABEL_LENGTH = 20

Cell = tuple[int, int]  # index of the true class, and of the predicted one


class ConfusionInfo(NamedTuple):
    """What the chart of a confusion matrix shows; arrays have shape (n_rows, n_rows).

    Attributes:
        class_names: Of the rows, from top to bottom, and of the columns.
        classes: Their class indices; OTHERS for all classes that have no row of their own.
        counts: Pictures; rows are true classes, columns predicted ones.
        shares: Counts divided by their row's sum, 0 in rows without pictures.
        by_share: Whether cells show shares, else counts.
        class_count: How many classes there are in all.
        right_of_others: How many pictures of the classes without a row are recognised.
    """

    class_names: tuple[str, ...]
    classes: tuple[int, ...]
    counts: NDArray[np.int64]
    shares: NDArray[np.float64]
    by_share: bool
    class_count: int
    right_of_others: int = 0

    @property
    def labels(self) -> list[str]:
        """What stands beside rows and below columns."""
        return axis_labels(self.class_names, LABEL_LENGTH)

    @property
    def annotated(self) -> bool:
        """Whether there is room for a number in each cell."""
        return len(self.class_names) <= ANNOTATED_CLASSES

    @property
    def values(self) -> NDArray[np.float64]:
        """What the cells show."""
        return self.shares if self.by_share else self.counts.astype(np.float64)

    @property
    def dense(self) -> bool:
        """Whether every cell is drawn, else those with pictures only."""
        return len(self.class_names) <= _DENSE_ROWS

    @property
    def single(self) -> NDArray[np.bool_]:
        """The cells of two single classes, not of the sum of others."""
        own = np.array(self.classes, dtype=np.int64) != OTHERS
        return np.asarray(own[:, None] & own[None, :])

    @property
    def right(self) -> NDArray[np.bool_]:
        """The cells of single classes that are recognised."""
        return np.asarray(np.eye(len(self.classes), dtype=bool) & self.single)

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """The cells of single classes that are taken for other single ones."""
        return np.asarray(~np.eye(len(self.classes), dtype=bool) & self.single)

    @property
    def mistakes_left_out(self) -> int:
        """Cells with mistakes for which there is no room; the most frequent ones are drawn."""
        if self.dense:
            return 0
        return max(0, int((self.counts[self.wrong] > 0).sum()) - MOST_CELLS)

    def place(self, cell: Cell) -> tuple[int, int] | None:
        """Row and column of a cell; None if it is not shown."""
        try:
            return self.classes.index(cell[0]), self.classes.index(cell[1])
        except ValueError:
            return None


def confusion_info(
    confusion: NDArray[np.integer[Any]],
    class_names: Sequence[str],
    *,
    by_share: bool = False,
    order: Sequence[int] | None = None,
    most: int | None = MOST_CLASSES,
    selected: Cell | None = None,
) -> ConfusionInfo:
    """Gather what `draw_confusion` needs; see `plot_confusion` for the arguments.

    Raises:
        ValueError: If the matrix is not square with one row a class.
    """
    size = len(class_names)
    if confusion.shape != (size, size):
        raise ValueError(
            f"the matrix must have one row and one column for each of the {size} classes. "
            f"Received: shape={confusion.shape}"
        )
    ordered = list(range(size)) if order is None else [int(index) for index in order]
    kept = set(range(size))
    if most is not None and size > most:
        kept = {*most_mistaken(confusion, most), *(selected or ())}
    classes = [index for index in ordered if index in kept]
    rest = [index for index in range(size) if index not in kept]
    names = [class_names[index] for index in classes]
    counts, right_of_others = confusion[np.ix_(classes, classes)].astype(np.int64), 0
    if rest:
        counts = _with_others(confusion, classes, rest)
        right_of_others = int(confusion[rest, rest].sum())
        names.append(f"{len(rest):,} other class{'' if len(rest) == 1 else 'es'}")
        classes.append(OTHERS)
    return ConfusionInfo(
        class_names=tuple(names),
        classes=tuple(classes),
        counts=counts,
        shares=counts / np.maximum(counts.sum(axis=1, keepdims=True), 1),
        by_share=by_share,
        class_count=size,
        right_of_others=right_of_others,
    )


def _with_others(
    confusion: NDArray[np.integer[Any]], classes: list[int], rest: list[int]
) -> NDArray[np.int64]:
    """The chosen rows and columns, and one more of each with the sums of the others."""
    size = len(classes)
    counts = np.zeros((size + 1, size + 1), dtype=np.int64)
    counts[:size, :size] = confusion[np.ix_(classes, classes)]
    counts[:size, size] = confusion[np.ix_(classes, rest)].sum(axis=1)
    counts[size, :size] = confusion[np.ix_(rest, classes)].sum(axis=0)
    counts[size, size] = confusion[np.ix_(rest, rest)].sum()
    return counts
