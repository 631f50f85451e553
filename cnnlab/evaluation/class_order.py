"""In which order the classes of a confusion matrix are read best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.predictions import IntArray

MOST_OPTIMAL = 300  # optimal leaf ordering takes the square of the classes and more


def similarity_order(confusion: IntArray) -> list[int]:
    """Class indices such that classes which are taken for each other stand together.

    Average-linkage clustering of the classes by the share of their pictures that is taken for each
    other, either way; up to 300 classes its leaves are turned so that neighbours are as alike as
    can be (Bar-Joseph, Gifford and Jaakkola 2001).

    Args:
        confusion: Counts, shape (n_classes, n_classes); rows are true classes.
    """
    count = len(confusion)
    if count < 3:
        return list(range(count))
    from scipy.cluster.hierarchy import leaves_list, linkage  # 0.3 s: only when asked for
    from scipy.spatial.distance import squareform

    distances = squareform(_distances(confusion), checks=False)
    tree = linkage(distances, method="average", optimal_ordering=count <= MOST_OPTIMAL)
    return [int(leaf) for leaf in leaves_list(tree)]


def most_mistaken(confusion: IntArray, most: int) -> list[int]:
    """Indices of the classes in which mistakes are seen best, ascending.

    Half of the places go to the classes of the most frequent confusions, so that both of a pair are
    there; the others to the classes that take part in most mistakes.

    Args:
        confusion: Counts; rows are true classes.
        most: How many classes at the most.
    """
    wrong = confusion - np.diag(np.diag(confusion))
    rows, columns = np.nonzero(wrong)
    frequent = np.argsort(-wrong[rows, columns], kind="stable")[:most]
    of_pairs = np.column_stack([rows[frequent], columns[frequent]]).ravel().tolist()
    first = list(dict.fromkeys(of_pairs))[: most // 2]
    mistakes = wrong.sum(axis=0) + wrong.sum(axis=1)
    by_mistakes = np.argsort(-mistakes, kind="stable").tolist()
    return sorted(list(dict.fromkeys([*first, *by_mistakes]))[:most])


def _distances(confusion: IntArray) -> NDArray[np.float64]:
    """Between 0 for classes that are wholly taken for each other and 1 for those that never are."""
    support: NDArray[Any] = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    shares = confusion / support
    np.fill_diagonal(shares, 0.0)
    alike = np.minimum((shares + shares.T) / 2, 1.0)
    distances = 1 - alike
    np.fill_diagonal(distances, 0.0)
    return np.asarray(distances)
