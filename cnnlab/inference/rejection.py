"""Whether a picture shows any of the classes that a network knows."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.errors import RunError
from cnnlab.evaluation.neighbours import FARTHEST, unit_rows
from cnnlab.evaluation.rejection import VERSION, Rejection, rejection_of
from cnnlab.inference.products import product
from cnnlab.workspace import RunFiles, write_atomically

if TYPE_CHECKING:
    from cnnlab.evaluation.predictions import FloatArray

NEIGHBOURS = 5
_BLOCK = 128  # pictures compared with all training pictures at once


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule says about one picture.

    Attributes:
        known: Whether it is taken for a picture of one of the classes.
        strangeness: The rule's figure, higher for stranger pictures.
        threshold: Up to here a picture counts as known.
    """

    known: bool
    strangeness: float
    threshold: float

    def to_json(self) -> dict[str, Any]:
        """As the command line and REST give it; without a strangeness that is no number."""
        strangeness = self.strangeness if math.isfinite(self.strangeness) else None
        return asdict(self) | {"strangeness": strangeness}


class Surroundings:
    """Training pictures as directions, to tell how far another picture is from them.

    Args:
        features: As `cnnlab.inference.projection.compact` makes them, or what `directions` gave;
            shape (n_images, n_features).

    Attributes:
        directions: Rows of length 1 in half precision, shape (n_images, n_features).
    """

    def __init__(self, features: NDArray[Any]) -> None:
        self.directions = unit_rows(features).astype(np.float16)
        self._columns = np.ascontiguousarray(self.directions.astype(np.float32).T)

    def distances(self, features: FloatArray) -> NDArray[np.float64]:
        """Mean cosine distances to the nearest training pictures.

        Args:
            features: Of other pictures, shape (n_images, n_features).

        Returns:
            From 0 to 2, shape (n_images,); 2 where a feature is no number.
        """
        found = np.empty(len(features))
        count = min(NEIGHBOURS, len(self.directions))
        for start in range(0, len(features), _BLOCK):
            block = unit_rows(features[start : start + _BLOCK])
            alike = product(block, self._columns)  # (rows, training pictures)
            nearest = np.argpartition(alike, -count, axis=1)[:, -count:]
            # Once more in double precision: the last digits of a product of matrices depend on
            # how many rows it has, and a verdict must not depend on the pictures beside.
            beside = self.directions[nearest].astype(np.float64)  # (rows, count, features)
            exact = np.einsum("ncf,nf->nc", beside, block.astype(np.float64))
            found[start : start + _BLOCK] = 1 - exact.mean(axis=1)
        return np.clip(np.nan_to_num(found, nan=FARTHEST), 0, FARTHEST)


class RejectionRule:
    """Tells pictures of a network's classes from all others. Safe to share between threads.

    Attributes:
        rejection: What was fitted and measured at the end of the training.
    """

    def __init__(self, rejection: Rejection, surroundings: Surroundings) -> None:
        self.rejection = rejection
        self._surroundings = surroundings

    def judge(self, probabilities: FloatArray, features: FloatArray) -> list[Verdict]:
        """A verdict a picture.

        Args:
            probabilities: float32, shape (n_images, n_classes).
            features: As `cnnlab.inference.projection.compact` makes them, float32, shape
                (n_images, n_features).
        """
        distances = self._surroundings.distances(features)
        threshold = self.rejection.threshold
        return [
            Verdict(bool(value <= threshold), float(value), threshold)
            for value in self.rejection.strangeness(probabilities, distances)
        ]


def write_rejection(
    files: RunFiles, found: Rejection | str, surroundings: Surroundings | None = None
) -> None:
    """Keep a run's rule, or why there is none, all or nothing.

    Args:
        files: Of the run.
        found: The rule, or a sentence.
        surroundings: That the rule was fitted with.

    Raises:
        WorkspaceError: If the file cannot be written.
    """
    if surroundings is not None:
        directions = surroundings.directions
        write_atomically(files.surroundings, lambda file: np.save(file, directions))
    document = (
        found.to_json() if isinstance(found, Rejection) else {"version": VERSION, "why": found}
    )
    text = json.dumps(document, indent=2).encode()
    write_atomically(files.rejection, lambda file: file.write(text))


def read_rejection(files: RunFiles) -> Rejection | str | None:
    """A run's fitted rule, or in a sentence why none was fitted; None for earlier runs.

    Raises:
        RunError: If the file is damaged or from a newer version ("damaged-rejection").
    """
    try:
        document = json.loads(files.rejection.read_text(encoding="utf-8"))
        return str(document["why"]) if "why" in document else rejection_of(document)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(files, files.rejection, error) from error


def load_rule(files: RunFiles) -> RejectionRule | None:
    """The rule that was fitted at the end of a run's training; None where there is none.

    Raises:
        RunError: If a file of the rule is damaged or missing ("damaged-rejection").
    """
    found = read_rejection(files)
    if not isinstance(found, Rejection):
        return None
    try:
        directions = np.load(files.surroundings, allow_pickle=False)
        if directions.ndim != 2 or not len(directions):
            raise ValueError(f"an array of the shape {directions.shape}")
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(files, files.surroundings, error) from error
    return RejectionRule(found, Surroundings(directions))


def _damaged(files: RunFiles, path: Path, error: Exception) -> RunError:
    return RunError(
        "damaged-rejection",
        f"The file {path.name} of run {files.folder.name!r} cannot be read ({error}). Delete "
        f"{files.rejection.name} to go on without a verdict on unknown pictures, or train again.",
    )
