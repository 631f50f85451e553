"""Pictures worth looking at by what a network said about them; all by row number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.evaluation.predictions import FloatArray, IntArray, Predictions

_ROUNDING = 1e-6  # a probability that is the mean of its equals must reach that mean

Rows = NDArray[np.int64]


def random_sample(predictions: Predictions, count: int, seed: int) -> Rows:
    """Some rows, drawn evenly and without going back.

    The same seed draws the same pictures from every network's predictions for them, whatever
    their order.

    Args:
        predictions: To draw from.
        count: How many; all there are, in a random order, if there are fewer.
        seed: Decides which; not negative.
    """
    by_path = _sorted(predictions, np.arange(len(predictions)), np.zeros(len(predictions)))
    return by_path[np.random.default_rng(seed).permutation(len(predictions))[:count]]


def confident_mistakes(predictions: Predictions) -> Rows:
    """Rows of wrong predictions, the most confident first."""
    wrong = np.flatnonzero(predictions.predicted != predictions.true)
    return _sorted(predictions, wrong, -predictions.confidence[wrong])


def least_certain(predictions: Predictions) -> Rows:
    """All rows, those first whose two most probable classes are nearest to each other."""
    return _sorted(predictions, np.arange(len(predictions)), certainty(predictions))


def certainty(predictions: Predictions) -> FloatArray:
    """How far the most probable class is ahead of the next one, shape (n_images,)."""
    probabilities = predictions.probabilities
    if probabilities.shape[1] < 2:
        return predictions.confidence
    second, first = np.partition(probabilities, (-2, -1), axis=1)[:, -2:].T
    ahead: FloatArray = first - second
    return ahead


def suspected_labels(predictions: Predictions) -> Rows:
    """Rows whose label is confidently contradicted, the clearest first.

    Confident learning (Northcutt, Jiang and Chuang: Confident Learning: Estimating Uncertainty in
    Dataset Labels, Journal of Artificial Intelligence Research 70, 2021): what a network says of
    the pictures that carry a label, on average, is how sure it is of that label. A picture that
    carries another one, but reaches that mean for the class it is taken for, is suspected. They
    are ranked by how far the predicted class is ahead of the label.

    It holds only for pictures that the network has not learnt from, as those of validation and
    test are. A class that no picture carries has no mean, and nothing is suspected to belong to it.
    """
    rows = np.arange(len(predictions))
    predicted, true = predictions.predicted, predictions.true
    needed = self_confidence(predictions)[predicted] - _ROUNDING
    suspected = np.flatnonzero((predicted != true) & (predictions.confidence >= needed))
    of_label = predictions.probabilities[rows, true]
    return _sorted(predictions, suspected, (of_label - predictions.confidence)[suspected])


def self_confidence(predictions: Predictions) -> NDArray[np.float64]:
    """Mean probability of each class among the pictures that carry its label.

    Returns:
        Shape (n_classes,); NaN for a class without pictures.
    """
    classes = len(predictions.class_names)
    own = predictions.probabilities[np.arange(len(predictions)), predictions.true]
    known = np.isfinite(own)
    sums = np.bincount(predictions.true[known], weights=own[known], minlength=classes)
    counts = np.bincount(predictions.true[known], minlength=classes)
    means = np.full(classes, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _sorted(predictions: Predictions, rows: IntArray, keys: FloatArray) -> Rows:
    """Rows by rising key, those with equal ones by path, those without a number last."""
    paths = np.array([predictions.paths[row] for row in rows], dtype=object)
    names = np.unique(paths, return_inverse=True)[1] if len(rows) else rows
    return np.asarray(rows[np.lexsort((names, keys))], dtype=np.int64)
