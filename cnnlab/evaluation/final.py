"""The final figures of a run, those of the exported network."""

from __future__ import annotations

from cnnlab.datasets.splits import Split
from cnnlab.evaluation.metrics import evaluate
from cnnlab.evaluation.predictions import Predictions

SCORED = (Split.VALIDATION, Split.TEST)


def judged_splits(predictions: Predictions) -> list[Split]:
    """The splits that a network has predictions of; the one that decides is first."""
    found = set(predictions.splits.tolist())
    return [split for split in (Split.TEST, Split.VALIDATION) if split.value in found]


def final_metrics(predictions: Predictions) -> dict[str, float]:
    """Accuracy, loss, macro F1 and balanced accuracy of each split that has pictures.

    Returns:
        Figures by name, such as "validation_accuracy" and "test_macro_f1".
    """
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
