"""Looks inside a finished network: what a worker is asked for, and what it leaves."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as CorruptStream

import numpy as np
from numpy.typing import NDArray

from cnnlab.config import RunConfig
from cnnlab.datasets.decode_limits import DATASET_LIMITS
from cnnlab.errors import ImageError, RunError
from cnnlab.networks.description import describe
from cnnlab.networks.layer_rows import BACKBONE_NAME
from cnnlab.runs import jobs
from cnnlab.runs.jobs import Job
from cnnlab.runs.runs import Run
from cnnlab.runs.states import JobKind
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, write_atomically

FILTERS = "filters"  # of the first layer; the word stands in the place of a layer's name
UPLOADED = "picture-"  # what the names of uploaded pictures begin with
MOST_SHOWN = 64
MOST_KEPT = 60  # files in a run's folder of views
_UNCHANGED = ("flatten", "dropout")  # layers that give what they take
_SEPARATOR = "/"  # between the backbone's name and that of a layer within
_LAYERS_FILE = "layers.json"


@dataclass(frozen=True, slots=True)
class LayerName:
    """A layer that can be looked at.

    Attributes:
        name: The Keras layer's; "backbone/NAME" for one within the backbone.
        summary: In words.
        shape: (height, width, channels) of a map or (values,) of a vector, one picture.
    """

    name: str
    summary: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InspectionRequest:
    """What somebody wants to see.

    Attributes:
        layer: Name of a layer whose maps are asked for, or "filters".
        picture: File of the picture; empty for filters.
        content: Digest of the picture's bytes, so that a changed file is another question.
        model: Digest of the state of the network's file.
    """

    layer: str
    picture: str = ""
    content: str = ""
    model: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a job's parameters."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> InspectionRequest:
        """Read what `to_json` made."""
        return cls(**document)

    @property
    def key(self) -> str:
        """A word that differs between questions with different answers."""
        asked = json.dumps([self.layer, self.content, self.model])
        return blake2b(asked.encode(), digest_size=10).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """Filters or channels of a layer as pictures, the most active first.

    Attributes:
        layer: Name of the layer that they belong to.
        shape: Of its output or, for filters, of the kernels: (height, width, channels in, filters).
        pictures: uint8, shape (n, height, width, 1 or 3); each scaled for itself.
        channels: Which channel each of them is, from 0, shape (n,).
        low, high: The values that became black and white, shape (n,).
    """

    layer: str
    shape: tuple[int, ...]
    pictures: NDArray[np.uint8]
    channels: NDArray[np.int64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


def layer_names(config: RunConfig, class_count: int, files: RunFiles) -> list[LayerName]:
    """The layers of a run's network that can be looked at, in the order of computation.

    Those within a backbone follow it, once a worker has written them down.
    """
    description = describe(config.network, config.data.picture_shape, class_count)
    names: list[LayerName] = []
    for row in description.rows:
        if row.kind in _UNCHANGED:
            continue
        names.append(LayerName(row.name, f"{row.number}: {row.summary}", row.output_shape))
        if row.name == BACKBONE_NAME:
            names[-1:] = [*_inner_layers(files), names[-1]]
    return names


def _inner_layers(files: RunFiles) -> list[LayerName]:
    """The layers within the backbone, as far as a worker has written them down."""
    try:
        rows = json.loads((files.views_folder / _LAYERS_FILE).read_text(encoding="utf-8"))
        return [LayerName(row["name"], row["summary"], tuple(row["shape"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def inner_name(layer: str) -> str:
    """The name under which a layer within the backbone is asked for."""
    return f"{BACKBONE_NAME}{_SEPARATOR}{layer}"


def split_name(name: str) -> tuple[str, str | None]:
    """A layer's name, and that of the layer within it."""
    outer, separator, inner = name.partition(_SEPARATOR)
    return (outer, inner) if separator and outer == BACKBONE_NAME else (name, None)


def write_inner_layers(files: RunFiles, layers: list[LayerName]) -> None:
    """Note the layers within a run's backbone."""
    text = json.dumps([asdict(layer) for layer in layers], ensure_ascii=False).encode()
    write_atomically(files.views_folder / _LAYERS_FILE, lambda file: file.write(text))


def request_filters(files: RunFiles) -> InspectionRequest:
    """Ask for the first layer's filters."""
    return InspectionRequest(FILTERS, model=_model_state(files))


def request_maps(files: RunFiles, layer: str, picture: Path) -> InspectionRequest:
    """Ask for what a layer makes of a picture.

    Raises:
        ImageError: If the picture's file cannot be read.
    """
    return InspectionRequest(layer, str(picture), picture_digest(picture), _model_state(files))


def keep_upload(files: RunFiles, content: bytes) -> Path:
    """Write an uploaded picture where the worker finds it.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    file = files.views_folder / f"{UPLOADED}{_digest(content)}"
    if not file.exists():
        write_atomically(file, lambda out: out.write(content))
    return file


def submit_inspection(store: Store, run: Run, request: InspectionRequest) -> int:
    """Have a worker look; returns the job's id."""
    return jobs.submit_job(store, JobKind.INSPECT, run.dataset_id, request.to_json(), run_id=run.id)


def latest_inspection(store: Store, run: Run, request: InspectionRequest) -> Job | None:
    """The newest job that was asked exactly this, whatever its state."""
    return jobs.latest_job_of_run(store, JobKind.INSPECT, run.id, request.to_json())


def picture_digest(picture: Path) -> str:
    """Digest of a picture's bytes.

    Raises:
        ImageError: If the file cannot be read, or is larger than any picture that is read.
    """
    try:
        if picture.stat().st_size > DATASET_LIMITS.bytes:
            raise ImageError("too-large", f"The file {picture.name!r} is too large for a picture.")
        return _digest(picture.read_bytes())
    except OSError as error:
        reason = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
        raise ImageError(
            reason, f"The picture {picture.name!r} cannot be read ({error.strerror})."
        ) from error


def result_file(files: RunFiles, request: InspectionRequest) -> Path:
    """Where the answer is or will be."""
    return files.views_folder / f"{request.key}.npz"


def write_inspection(files: RunFiles, request: InspectionRequest, found: Inspection) -> None:
    """Write an answer, and delete the oldest ones beyond what is kept.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    arrays: dict[str, Any] = asdict(found)
    write_atomically(result_file(files, request), lambda file: np.savez_compressed(file, **arrays))
    ages = sorted(
        (file.stat().st_mtime_ns, file)
        for pattern in ("*.npz", f"{UPLOADED}*")
        for file in files.views_folder.glob(pattern)
    )
    for _, file in ages[:-MOST_KEPT]:
        file.unlink(missing_ok=True)


def read_inspection(files: RunFiles, request: InspectionRequest) -> Inspection | None:
    """The answer to a question; None where there is none yet.

    Raises:
        RunError: If its file is damaged.
    """
    file = result_file(files, request)
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            return Inspection(
                layer=str(arrays["layer"]),
                shape=tuple(arrays["shape"].tolist()),
                pictures=arrays["pictures"],
                channels=arrays["channels"],
                low=arrays["low"],
                high=arrays["high"],
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, CorruptStream) as error:
        raise RunError(
            "view-damaged",
            f"What the worker has left cannot be read. Received: {file}. Delete the file, and ask "
            "again.",
        ) from error


def as_pictures(
    values: NDArray[np.floating[Any]], activity: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Channels as pictures, the most active first, each scaled from black to white.

    Args:
        values: Shape (n, height, width, 1 or 3).
        activity: What ranks them, shape (n,).

    Returns:
        Pictures, channels, low and high of `Inspection`; at most 64.
    """
    finite = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    order = np.argsort(-np.nan_to_num(activity), kind="stable")[:MOST_SHOWN]
    chosen = finite[order]
    low, high = chosen.min(axis=(1, 2, 3)), chosen.max(axis=(1, 2, 3))
    span = np.where(high > low, high - low, 1)[:, None, None, None]
    scaled = (chosen - low[:, None, None, None]) / span * 255
    pictures = np.rint(scaled).astype(np.uint8)
    return pictures, order.astype(np.int64), low.astype(np.float32), high.astype(np.float32)


def as_grid(vector: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """A vector as one picture, row by row, what is left over filled with its least value.

    Returns:
        Shape (1, height, width, 1).
    """
    side = math.ceil(math.sqrt(len(vector)))
    rows = math.ceil(len(vector) / side)
    filled = np.full(rows * side, vector.min(initial=0.0))
    filled[: len(vector)] = vector
    return filled.reshape(1, rows, side, 1)


def _model_state(files: RunFiles) -> str:
    """A word that changes when the network does; empty where there is none."""
    try:
        return _digest(str(files.keras_model.stat().st_mtime_ns).encode())
    except OSError:
        return ""


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=10).hexdigest()
