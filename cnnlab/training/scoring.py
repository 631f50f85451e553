"""Final figures of a run, computed with the exported network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnlab.datasets.splits import Split, SplitAssignment
from cnnlab.evaluation.metrics import evaluate
from cnnlab.evaluation.predictions import Predictions, write_predictions
from cnnlab.inference.model import FloatArray, LiteModel
from cnnlab.training.batches import LabelledPixels
from cnnlab.workspace import RunFiles, write_atomically

SCORED = (Split.VALIDATION, Split.TEST)
PICTURES_AT_ONCE = 512


def score(
    lite: LiteModel,
    images: Mapping[Split, LabelledPixels],
    assignment: SplitAssignment,
    files: RunFiles,
) -> dict[str, float]:
    """Predict every validation and test picture; write predictions.parquet and features.npy.

    Returns:
        Figures by name, such as "validation_accuracy" and "test_macro_f1"; no test figures
        where there are no test pictures.
    """
    frames = [assignment.frame[assignment.frame["split"] == split.value] for split in SCORED]
    probabilities: list[FloatArray] = []
    features: list[FloatArray] = []
    for split in SCORED:
        pictures = images[split]
        for start in range(0, len(pictures), PICTURES_AT_ONCE):
            outputs = lite.predict(pictures.pixels[pictures.rows[start : start + PICTURES_AT_ONCE]])
            probabilities.append(outputs.probabilities)
            features.append(outputs.features)
    predictions = Predictions(
        class_names=assignment.class_names,
        paths=tuple(path for frame in frames for path in frame["path"]),
        splits=np.concatenate([frame["split"].to_numpy(dtype=str) for frame in frames]),
        true=np.concatenate([images[split].labels for split in SCORED]),
        probabilities=np.concatenate(probabilities),
    )
    write_predictions(predictions, files.predictions)
    rows = np.concatenate(features)
    write_atomically(files.features, lambda file: np.save(file, rows))
    return final_metrics(predictions)


def final_metrics(predictions: Predictions) -> dict[str, float]:
    """Accuracy, loss, macro F1 and balanced accuracy of each split that has pictures."""
    metrics: dict[str, float] = {}
    for split in SCORED:
        chosen = predictions.select(split)
        if len(chosen.true):
            evaluation = evaluate(chosen)
            metrics |= {
                f"{split}_accuracy": evaluation.accuracy,
                f"{split}_loss": evaluation.log_loss,
                f"{split}_macro_f1": evaluation.macro_f1,
                f"{split}_balanced_accuracy": evaluation.balanced_accuracy,
            }
    return metrics
