"""What a network said about every evaluated image, and the one file that keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cnnlab.errors import RunError
from cnnlab.workspace import write_atomically

IntArray = NDArray[np.integer[Any]]
FloatArray = NDArray[np.floating[Any]]

_CLASS_NAMES_KEY = b"cnnlab.class_names"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """Probabilities of one network for a number of images, in a fixed order.

    Attributes:
        class_names: Names by class index.
        paths: Path of each image as its index records it.
        splits: Split of each image, such as "validation", shape (n_images,).
        true: Index of the true class, shape (n_images,).
        probabilities: Shape (n_images, n_classes), float32.

    Raises:
        ValueError: If the lengths disagree, or a true class is not one of the names.
    """

    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    splits: NDArray[np.str_]
    true: IntArray
    probabilities: NDArray[np.float32]

    def __post_init__(self) -> None:
        images, classes = len(self.paths), len(self.class_names)
        if classes < 1:
            raise ValueError("predictions need at least one class name. Received: class_names=()")
        if self.probabilities.shape != (images, classes):
            raise ValueError(
                f"probabilities must have the shape (images, classes) = ({images}, {classes}). "
                f"Received: shape={self.probabilities.shape}"
            )
        for name, column in (("splits", self.splits), ("true", self.true)):
            if column.shape != (images,):
                raise ValueError(
                    f"{name} must have one entry for each of the {images} paths. "
                    f"Received: shape={column.shape}"
                )
        if images and not 0 <= self.true.min() <= self.true.max() < classes:
            raise ValueError(
                f"true classes must lie between 0 and {classes - 1}. "
                f"Received: {self.true.min()} to {self.true.max()}"
            )

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Index of the most probable class, the first one of equals; shape (n_images,)."""
        indices: NDArray[np.int64] = np.argmax(self.probabilities, axis=1).astype(np.int64)
        return indices

    @property
    def confidence(self) -> NDArray[np.float32]:
        """Probability of the predicted class, shape (n_images,)."""
        highest: NDArray[np.float32] = self.probabilities.max(axis=1)
        return highest

    def select(self, split: str) -> Predictions:
        """Return the images of one split, in the same order; none if it does not occur."""
        chosen = self.splits == split
        return Predictions(
            class_names=self.class_names,
            paths=tuple(compress(self.paths, chosen)),
            splits=self.splits[chosen],
            true=self.true[chosen],
            probabilities=self.probabilities[chosen],
        )


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write predictions as one parquet file, one row an image, all or nothing.

    Raises:
        WorkspaceError: If the file cannot be written.
    """
    buffer = pa.BufferOutputStream()
    pq.write_table(_table(predictions), buffer, compression="zstd", write_page_checksum=True)
    content = buffer.getvalue()

    def write(file: BinaryIO) -> None:
        file.write(content)

    write_atomically(path, write)


def read_predictions(path: Path) -> Predictions:
    """Read what `write_predictions` wrote.

    Raises:
        RunError: If the file is missing ("predictions-missing"), or is not what was written
            ("predictions-damaged").
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(columns=["path", "split", "label", "probabilities"])
        return _predictions(table)
    except FileNotFoundError as error:
        raise RunError(
            "predictions-missing",
            f"There are no stored predictions. Received: {path}. "
            "They are written when a run ends; wait for its end, or train again.",
        ) from error
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(
            "predictions-damaged",
            f"The stored predictions cannot be read ({first_line}). Received: {path}. "
            "Evaluate or train again to write them anew.",
        ) from error


def _table(predictions: Predictions) -> pa.Table:
    class_count = len(predictions.class_names)
    flat = np.ascontiguousarray(predictions.probabilities, dtype=np.float32).reshape(-1)
    names = json.dumps(list(predictions.class_names)).encode()
    columns = {
        "path": pa.array(predictions.paths, pa.string()),
        "split": pa.array(predictions.splits.tolist(), pa.string()),
        "true": pa.array([predictions.class_names[i] for i in predictions.true], pa.string()),
        "label": pa.array(predictions.true, pa.int32()),
        "probabilities": pa.FixedSizeListArray.from_arrays(pa.array(flat), class_count),
    }
    return pa.table(columns).replace_schema_metadata({_CLASS_NAMES_KEY: names})


def _predictions(table: pa.Table) -> Predictions:
    names = json.loads((table.schema.metadata or {})[_CLASS_NAMES_KEY])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("the class names are not a list of words")
    if table.schema.field("probabilities").type != pa.list_(pa.float32(), len(names)):
        raise ValueError("there is not one probability for each class")
    if any(column.null_count for column in table.columns):
        raise ValueError("a value is missing")
    flat = table["probabilities"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return Predictions(
        class_names=tuple(names),
        paths=tuple(table["path"].to_pylist()),
        splits=np.array(table["split"].to_pylist(), dtype=np.str_),
        true=table["label"].to_numpy().astype(np.int64),
        probabilities=flat.astype(np.float32).reshape(table.num_rows, len(names)),
    )
