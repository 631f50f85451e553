"""What an exported network says about its own run's pictures, and what it sees in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.datasets.negatives import draw_negatives
from cnnlab.datasets.pixels import PixelArray
from cnnlab.datasets.splits import Split
from cnnlab.evaluation.final import SCORED
from cnnlab.evaluation.predictions import Predictions, write_predictions
from cnnlab.evaluation.rejection import FEWEST_PICTURES, Measured, Rejection, fit_rejection
from cnnlab.inference.model import LiteModel, Outputs
from cnnlab.inference.projection import compact
from cnnlab.inference.rejection import Surroundings, write_rejection
from cnnlab.inference.training_features import (
    TrainingFeatures,
    draw_training_pictures,
    write_training_features,
)
from cnnlab.progress import Progress
from cnnlab.workspace import RunFiles, write_atomically

PICTURES_AT_ONCE = 512


def score(
    lite: LiteModel,
    pixels: PixelArray,
    split: pd.DataFrame,
    files: RunFiles,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> None:
    """Predict every validation and test picture, and look at some training pictures.

    Writes predictions.parquet, features.npy (a row a prediction) and training_features.parquet; and
    rejection.json, the rule that tells whether a picture shows any of the classes.

    Args:
        lite: The exported network.
        pixels: The prepared pictures.
        split: Which picture is used for what, with the columns path, label and split.
        files: Of the run.
        seed: Decides which training pictures are looked at.
        progress: Told the pictures done and in all.

    Raises:
        DatasetError: If a picture is missing, or no longer what it was.
        WorkspaceError: If the disk is full.
    """
    held_out = pd.concat([split[split["split"] == part.value] for part in SCORED])
    training = split[split["split"] == Split.TRAIN.value]
    training = training.iloc[draw_training_pictures(training["label"].to_numpy(), seed)]
    total = len(held_out) + len(training)

    def told(done: int) -> None:
        if progress is not None:
            progress(done, total)

    told(0)
    probabilities: list[NDArray[np.float32]] = []
    features: list[NDArray[np.float32]] = []
    for outputs in _looks(lite, pixels, held_out["path"].tolist()):
        probabilities.append(outputs.probabilities)
        features.append(compact(outputs.features))
        told(sum(map(len, probabilities)))
    predictions = Predictions(
        class_names=lite.facts.class_names,
        paths=tuple(held_out["path"]),
        splits=held_out["split"].to_numpy(dtype=str),
        true=held_out["label"].to_numpy(np.int64),
        probabilities=np.concatenate(probabilities),
    )
    seen: list[NDArray[np.float32]] = []
    for outputs in _looks(lite, pixels, training["path"].tolist()):
        seen.append(compact(outputs.features))
        told(len(held_out) + sum(map(len, seen)))
    rows = np.concatenate(features)
    write_atomically(files.features, lambda file: np.save(file, rows))
    known = TrainingFeatures(
        paths=tuple(training["path"]),
        labels=training["label"].to_numpy(np.int64),
        features=np.concatenate(seen),
    )
    write_training_features(known, files.training_features)
    surroundings = Surroundings(known.features)
    write_rejection(files, fitted_rule(lite, predictions, rows, surroundings), surroundings)
    write_predictions(predictions, files.predictions)  # last: it makes the others count


def fitted_rule(
    lite: LiteModel,
    predictions: Predictions,
    features: NDArray[np.float32],
    surroundings: Surroundings,
) -> Rejection | str:
    """The rule for pictures of none of the classes, or in a sentence why there is none.

    Args:
        lite: The exported network.
        predictions: Of all pictures that the run holds out.
        features: Of the same pictures, as `compact` makes them, shape (n_images, n_features).
        surroundings: The training pictures.
    """
    validation = predictions.splits == Split.VALIDATION.value
    if validation.sum() < FEWEST_PICTURES:
        return (
            f"The rule needs at least {FEWEST_PICTURES} validation pictures. "
            f"Received: {validation.sum()}."
        )
    if not len(surroundings.directions):
        return "The rule needs training pictures to compare with. Received: none."
    figures = (predictions.probabilities, features, surroundings.directions)
    if not all(np.isfinite(each).all() for each in figures):
        return "The network gives something else than numbers for some pictures."
    if not (features[validation].any() and surroundings.directions.any()):
        return "The features of all pictures are zero, so that none is far from the others."
    measured = Measured(predictions.probabilities, surroundings.distances(features))
    negatives = draw_negatives(lite.facts.data, lite.facts.class_names)
    outputs = lite.predict(negatives.pixels)
    strange = Measured(outputs.probabilities, surroundings.distances(compact(outputs.features)))
    return fit_rejection(
        measured[validation],
        predictions.true[validation],
        measured[~validation],
        strange,
        negatives.kinds,
    )


def _looks(lite: LiteModel, pixels: PixelArray, paths: Sequence[str]) -> Iterator[Outputs]:
    rows = pixels.rows(paths)
    for start in range(0, len(rows), PICTURES_AT_ONCE):
        yield lite.predict(pixels.pixels[rows[start : start + PICTURES_AT_ONCE]])
