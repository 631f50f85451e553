"""A network's answers for many photos, as columns, and the file that keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cnnlab.errors import ImageError
from cnnlab.inference.classify import Classification
from cnnlab.inference.model import FloatArray
from cnnlab.inference.rejection import Verdict
from cnnlab.workspace import write_atomically

_HEADER = b"cnnlab.answers"
_VERSION = 1
_WIDE = "probabilities"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What a network said about the first photos of a batch, in their order.

    Attributes:
        class_names: By class index.
        names: Of the photos.
        probabilities: float32, shape (n_photos, n_classes); NaN where a photo cannot be read.
        verdicts: Whether a photo shows any of the classes; None where that is not known.
        thumbnails: Small JPEGs.
        errors: Why a photo cannot be read.
    """

    class_names: tuple[str, ...]
    names: tuple[str, ...]
    probabilities: FloatArray
    verdicts: tuple[Verdict | None, ...]
    thumbnails: tuple[bytes | None, ...]
    errors: tuple[ImageError | None, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which photos could be read, shape (n_photos,)."""
        return np.array([error is None for error in self.errors], dtype=bool)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Index of the most probable class, -1 where a photo cannot be read; shape (n_photos,)."""
        said = np.full(len(self), -1, dtype=np.int64)
        read = self.answered
        if read.any():
            said[read] = self.probabilities[read].argmax(axis=1)
        return said

    @property
    def confidence(self) -> FloatArray:
        """Of the most probable class, NaN where a photo cannot be read; shape (n_photos,)."""
        highest: FloatArray = self.probabilities.max(axis=1)
        return highest

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Which photos show none of the classes, as the rule says; shape (n_photos,)."""
        return np.array([each is not None and not each.known for each in self.verdicts], dtype=bool)

    def one(self, number: int) -> Classification:
        """The answer for one photo, without what the network saw."""
        error = self.errors[number]
        return Classification(
            name=self.names[number],
            class_names=self.class_names,
            probabilities=None if error else self.probabilities[number],
            verdict=self.verdicts[number],
            thumbnail=self.thumbnails[number],
            error=error,
        )


def gathered(class_names: tuple[str, ...], found: Sequence[Classification]) -> Answers:
    """Answers one by one as columns."""
    nothing = np.full(len(class_names), np.nan, dtype=np.float32)
    rows = [nothing if each.probabilities is None else each.probabilities for each in found]
    return Answers(
        class_names=class_names,
        names=tuple(each.name for each in found),
        probabilities=np.array(rows, dtype=np.float32).reshape(-1, len(class_names)),
        verdicts=tuple(each.verdict for each in found),
        thumbnails=tuple(each.thumbnail for each in found),
        errors=tuple(each.error for each in found),
    )


def write_answers(answers: Answers, path: Path, state: str) -> None:
    """Keep answers in a file, whole or not at all.

    Args:
        answers: Of all photos of the batch.
        path: The file.
        state: The network's, as `model_state` gives it.

    Raises:
        WorkspaceError: If the disk is full or may not be written to.
    """
    table = _table(answers, state)

    def write(file: Any) -> None:
        pq.write_table(table, file, compression="zstd", write_page_checksum=True)

    write_atomically(path, write)


def read_answers(path: Path, names: Iterable[str], state: str) -> Answers | None:
    """What `write_answers` kept, if it is of these photos and of the network as it is now.

    A missing or damaged file is none: the photos can be classified again.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            header = json.loads((file.schema_arrow.metadata or {})[_HEADER])
            if header["version"] != _VERSION or header["state"] != state:
                return None
            answers = _answers(file.read(use_threads=False), tuple(header["classes"]))
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None
    return answers if answers.names == tuple(names) else None


def _table(answers: Answers, state: str) -> pa.Table:
    header = {"version": _VERSION, "state": state, "classes": list(answers.class_names)}
    flat = pa.array(np.ascontiguousarray(answers.probabilities).reshape(-1), pa.float32())
    verdicts, errors = answers.verdicts, answers.errors
    columns = {
        # File names may hold characters that no text in Arrow can.
        "name": pa.array([name.encode("utf-8", "surrogatepass") for name in answers.names]),
        _WIDE: pa.FixedSizeListArray.from_arrays(flat, len(answers.class_names)),
        "known": pa.array([each and each.known for each in verdicts], pa.bool_()),
        "strangeness": pa.array([each and each.strangeness for each in verdicts], pa.float64()),
        "threshold": pa.array([each and each.threshold for each in verdicts], pa.float64()),
        "thumbnail": pa.array(answers.thumbnails, pa.binary()),
        "reason": pa.array([each and each.reason for each in errors], pa.string()),
        "detail": pa.array(
            [each and str(each).encode("utf-8", "surrogatepass") for each in errors], pa.binary()
        ),
    }
    return pa.table(columns).replace_schema_metadata({_HEADER: json.dumps(header).encode()})


def _answers(table: pa.Table, class_names: tuple[str, ...]) -> Answers:
    columns = {name: table[name].to_pylist() for name in table.schema.names if name != _WIDE}
    if table.schema.field(_WIDE).type != pa.list_(pa.float32(), len(class_names)):
        raise ValueError("there is not one probability for each class")
    flat = table[_WIDE].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    judged = zip(columns["known"], columns["strangeness"], columns["threshold"], strict=True)
    refused = zip(columns["reason"], columns["detail"], strict=True)
    return Answers(
        class_names=class_names,
        names=tuple(name.decode("utf-8", "surrogatepass") for name in columns["name"]),
        probabilities=flat.astype(np.float32).reshape(table.num_rows, len(class_names)),
        verdicts=tuple(None if row[0] is None else Verdict(*row) for row in judged),
        thumbnails=tuple(columns["thumbnail"]),
        errors=tuple(
            None if reason is None else ImageError(reason, detail.decode("utf-8", "surrogatepass"))
            for reason, detail in refused
        ),
    )
