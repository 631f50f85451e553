"""The training pictures that a network sees as most like another one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import DatasetError, RunError
from cnnlab.evaluation.neighbours import nearest
from cnnlab.evaluation.predictions import FloatArray
from cnnlab.figures.text import escape_markdown, shorten
from cnnlab.inference.training_features import TrainingFeatures, read_training_features
from cnnlab.runs.datasets import Dataset, find_dataset
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.data import index_of, thumbnails_of
from cnnlab.ui.results import file_state, predictions_of
from cnnlab.workspace import RunFiles

SHOWN = 6
_PICTURE_PX = 104
_NAME_CHARACTERS = 14
_TITLE = "**Nearest training pictures**"
_NOT_KEPT = "Train it again to see its nearest training pictures."


def nearest_training(run: Run, dataset: Dataset, index: DatasetIndex, path: str) -> None:
    """The nearest training pictures of one that a network was judged by, side by side.

    Args:
        run: Whose network judges likeness.
        dataset: Where the pictures lie.
        index: What is known of them.
        path: A validation or test picture.

    Raises:
        RunError: If what the run keeps of the pictures is damaged.
    """
    st.markdown(_TITLE)
    files = _files(run)
    predictions = predictions_of(run.id)
    if path not in predictions.paths:
        st.caption("The network was not judged by this picture.")
        return
    if not files.training_features.exists() or not files.features.exists():
        st.caption(_NOT_KEPT)
        return
    row = predictions.paths.index(path)
    known = _known(run)
    query = _features(files.features, row, len(predictions), known.features.shape[1])
    names = predictions.class_names
    shown = _neighbours(known, query, names)
    _say(shown, names[int(predictions.predicted[row])], names[int(predictions.true[row])])
    _draw(dataset, index, shown)


def nearest_to_photo(
    run: Run,
    features: FloatArray,
    class_names: Sequence[str],
    said: str,
    *,
    label: str | None = None,
    known: bool = True,
) -> None:
    """The training pictures nearest to any photo, side by side.

    Args:
        run: Whose network judges likeness.
        features: Of the photo, as `cnnlab.inference.projection.compact` makes them.
        class_names: By class index.
        said: What the network takes it for.
        label: What it is said to show, if that is known.
        known: Whether the network takes it for a picture of any class.

    Raises:
        RunError: If what the run keeps of its training pictures is damaged.
    """
    st.markdown(_TITLE)
    if not _files(run).training_features.exists():
        st.caption(_NOT_KEPT)
        return
    kept = _known(run)
    if features.shape != kept.features.shape[1:]:
        raise RunError(
            "features-changed",
            "The features of the photo must be as many as those of the training pictures. "
            f"Received: {len(features)} and {kept.features.shape[1]}. Classify the photo again.",
        )
    shown = _neighbours(kept, features, class_names)
    _say(shown, said, label, "as the network said" if known else "the closest class")
    dataset = find_dataset(context.store(), run.dataset_id)
    if dataset is None:
        st.caption("The data set is no longer in this workspace: its pictures are named only.")
    _draw(dataset, _index(dataset), shown)


def _files(run: Run) -> RunFiles:
    return RunFiles(context.workspace().run_folder(run.id))


def _known(run: Run) -> TrainingFeatures:
    file = _files(run).training_features
    return _training(file, file_state(file))


def _neighbours(
    known: TrainingFeatures, query: FloatArray, class_names: Sequence[str]
) -> pd.DataFrame:
    """Path, class and distance of the nearest ones."""
    rows, distances = nearest(known.features, query, SHOWN)
    return pd.DataFrame(
        {
            "path": [known.paths[near] for near in rows],
            "class": [class_names[known.labels[near]] for near in rows],
            "distance": distances,
        }
    )


def _index(dataset: Dataset | None) -> DatasetIndex | None:
    try:
        return None if dataset is None else index_of(dataset)
    except DatasetError:
        return None


def _say(
    shown: pd.DataFrame, predicted: str, true: str | None, which: str = "as the network said"
) -> None:
    """How many of the neighbours speak for either class."""
    classes, count = shown["class"].tolist(), len(shown)
    said = f"{classes.count(predicted)} of {count} are “{predicted}”, {which}"
    if true is not None and true != predicted:
        said += f"; {classes.count(true) or 'none'} “{true}”, as the label says"
    st.markdown(escape_markdown(f"{said}."))
    st.caption("Those that the network sees as most alike; 0 is the same, 1 has nothing in common.")


def _draw(dataset: Dataset | None, index: DatasetIndex | None, shown: pd.DataFrame) -> None:
    pictures: dict[str, bytes | None] = {}
    if dataset is not None and index is not None:
        found = index.frame[index.frame["path"].isin(shown["path"])]
        pictures = dict(zip(found["path"], thumbnails_of(dataset.location, found), strict=True))
    with st.container(horizontal=True, gap="small"):
        for path, label, distance in zip(*(shown[name] for name in shown), strict=True):
            with st.container(width=_PICTURE_PX, gap="xxsmall"):
                picture = pictures.get(path)
                if picture is None:
                    st.caption(f":material/hide_image: {escape_markdown(path)}")
                else:
                    st.image(picture, width=_PICTURE_PX, alt=f"{label}: {path}")
                name = escape_markdown(shorten(label, _NAME_CHARACTERS))
                st.caption(f"**{name}** · {distance:.2f}")


def _features(file: Path, row: int, count: int, width: int) -> FloatArray:
    """Features of one picture.

    Args:
        file: Holds those of all predicted pictures.
        row: Of the picture.
        count: How many pictures there are.
        width: How many features of each.
    """
    try:
        features = np.load(file, mmap_mode="r", allow_pickle=False)
        if features.shape != (count, width):
            raise ValueError(f"an array of the shape {features.shape}, not {(count, width)}")
        return np.array(features[row])
    except (OSError, ValueError) as error:
        raise RunError(
            "features-damaged",
            "The features of the pictures must belong to the run's predictions. "
            f"Received: {error}. Train again to write them anew.",
        ) from error


@st.cache_resource(max_entries=4, show_spinner=False)
def _training(file: Path, changed_ns: int) -> TrainingFeatures:
    return read_training_features(file)
