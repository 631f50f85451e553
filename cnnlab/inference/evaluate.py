"""A finished network against the class folders of a data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnlab.datasets.index import DatasetIndex
from cnnlab.datasets.photos import Photo
from cnnlab.errors import DatasetError
from cnnlab.evaluation.metrics import Evaluation, evaluate
from cnnlab.evaluation.predictions import Predictions
from cnnlab.inference.classify import classify
from cnnlab.inference.model import LiteModel


def evaluate_index(
    model: LiteModel,
    root: Path,
    index: DatasetIndex,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Evaluation, dict[str, int]]:
    """Classify every usable picture and compare with its folder.

    Args:
        model: The network.
        root: The data set's folder.
        index: What the last scan found in it.
        progress: Called with (done, total) pictures.

    Returns:
        The evaluation, and how many pictures were left out by class, since the network does not
        know that class.

    Raises:
        DatasetError: If no class of the data set is known to the network.
    """
    names = model.facts.class_names
    usable = index.usable
    known = usable[usable["class"].isin(names)]
    if known.empty:
        raise DatasetError(
            "no-common-class",
            "At least one class of the data set must be known to the network. Received: "
            f"{', '.join(index.class_names) or 'no classes'}; the network knows "
            f"{', '.join(names)}.",
        )
    left_out = usable[~usable["class"].isin(names)]["class"].value_counts().to_dict()
    photos = [Photo(name=path, source=root / path) for path in known["path"]]
    rows, answered = [], []
    for number, answer in enumerate(classify(model, photos)):
        if answer.probabilities is not None:
            answered.append(number)
            rows.append(answer.probabilities)
        if progress is not None:
            progress(number + 1, len(photos))
    kept = known.iloc[answered]
    predictions = Predictions(
        class_names=names,
        paths=tuple(kept["path"]),
        splits=kept["split"].to_numpy(dtype=str),
        true=np.array([names.index(name) for name in kept["class"]], dtype=np.int64),
        probabilities=np.array(rows, dtype=np.float32).reshape(-1, len(names)),
    )
    return evaluate(predictions), {str(name): int(count) for name, count in left_out.items()}
