"""What a network sees in a part of its training pictures, kept to find those nearest to others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cnnlab.errors import RunError
from cnnlab.evaluation.predictions import IntArray
from cnnlab.workspace import write_atomically

MOST_PICTURES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingFeatures:
    """Penultimate features of some training pictures.

    Attributes:
        paths: The pictures, as the data set's index names them.
        labels: Class indices, shape (n_images,).
        features: As `cnnlab.inference.projection.compact` makes them, float32, shape
            (n_images, n_features).
    """

    paths: tuple[str, ...]
    labels: NDArray[np.int64]
    features: NDArray[np.float32]


def draw_training_pictures(labels: IntArray, seed: int, most: int = MOST_PICTURES) -> IntArray:
    """Numbers of so many training pictures, of each class in proportion; ascending.

    Args:
        labels: Class of each training picture, shape (n_images,).
        seed: The same seed draws the same pictures.
        most: How many at the most.
    """
    if len(labels) <= most:
        return np.arange(len(labels), dtype=np.int64)
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(by_class[np.arange(most) * len(labels) // most]).astype(np.int64)


def write_training_features(known: TrainingFeatures, path: Path) -> None:
    """Write them as one parquet file, half precision, all or nothing.

    Raises:
        WorkspaceError: If the file cannot be written.
    """
    width = known.features.shape[1] if known.features.ndim == 2 else 0
    largest = np.finfo(np.float16).max
    flat = known.features.clip(-largest, largest).astype(np.float16).reshape(-1)
    columns = {
        "path": pa.array(known.paths, pa.string()),
        "label": pa.array(known.labels, pa.int32()),
        "features": pa.FixedSizeListArray.from_arrays(pa.array(flat), width),
    }
    table = pa.table(columns)
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    content = buffer.getvalue()

    def write(file: BinaryIO) -> None:
        file.write(content)

    write_atomically(path, write)


def read_training_features(path: Path) -> TrainingFeatures:
    """Read what `write_training_features` wrote.

    Raises:
        RunError: If the file is missing ("no-training-features") or damaged
            ("damaged-training-features").
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(columns=["path", "label", "features"])
        flat = table["features"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return TrainingFeatures(
            paths=tuple(table["path"].to_pylist()),
            labels=table["label"].to_numpy().astype(np.int64),
            features=flat.astype(np.float32).reshape(table.num_rows, -1),
        )
    except FileNotFoundError as error:
        raise RunError(
            "no-training-features",
            "What this network sees in its training pictures was not kept. Train it again to see "
            "the nearest ones.",
        ) from error
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
        raise RunError(
            "damaged-training-features",
            f"The file {path.name} of run {path.parent.name!r} cannot be read. Train it again.",
        ) from error
