"""Whether an exported network does what the run's own does: it is loaded afresh, and asked."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnnlab.datasets.images import content_hash, read
from cnnlab.errors import ImageError, RunError
from cnnlab.evaluation.final import judged_splits
from cnnlab.evaluation.predictions import FloatArray, Predictions
from cnnlab.runs.model_exports import (
    LARGEST_DIFFERENCE,
    LEAST_AGREEMENT,
    SNIPPET,
    Certificate,
    hash_model,
)
from cnnlab.runs.model_formats import ModelFormat

MOST_PICTURES = 200
_SEED = 0
_POLL_SECONDS = 0.2
_HASH_COLUMN = "content_hash"
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",  # some graphics processors round more than the limit allows
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Pictures that a network has not been trained on, and what its run's own file says of them.

    Attributes:
        split: Which of the run's pictures these are, "test" or "validation".
        files: The pictures.
        probabilities: Shape (n_images, n_classes).
        left_out: How many more were chosen, but have changed since or are gone.
    """

    split: str
    files: tuple[Path, ...]
    probabilities: FloatArray
    left_out: int


def held_out_pictures(
    predictions: Predictions, split: pd.DataFrame, root: Path, most: int = MOST_PICTURES
) -> HeldOut:
    """Choose test pictures, else validation pictures, that are still what they were.

    Args:
        predictions: Of the run.
        split: Of the run, with the columns path and, for newer runs, content_hash.
        root: The data set's folder.
        most: How many.

    Raises:
        RunError: If there is none ("no-held-out-pictures").
    """
    name = next(iter(judged_splits(predictions)), "")
    rows = np.flatnonzero(predictions.splits == name)
    drawn = np.sort(np.random.default_rng(_SEED).permutation(rows)[:most])
    hashes = {}
    if _HASH_COLUMN in split:
        hashes = dict(zip(split["path"], split[_HASH_COLUMN], strict=True))
    kept = [row for row in drawn if _is_same(root, predictions.paths[row], hashes)]
    if not kept:
        raise RunError(
            "no-held-out-pictures",
            "An exported network is checked on test or validation pictures. Received: "
            f"{len(drawn)} pictures of the run, of which none is left as it was, in {root}. "
            "Put the pictures back, or train again.",
        )
    return HeldOut(
        split=str(name),
        files=tuple(root / predictions.paths[row] for row in kept),
        probabilities=predictions.probabilities[kept],
        left_out=len(drawn) - len(kept),
    )


def certify(
    folder: Path,
    model_format: ModelFormat,
    run_id: str,
    class_names: Sequence[str],
    held_out: HeldOut,
    *,
    while_waiting: Callable[[], object] = lambda: None,
) -> Certificate:
    """Use an export as anybody would, with its own program, in a process of its own.

    Args:
        folder: Holds the model, predict.py and model.json.
        model_format: What the model was written as.
        run_id: Whose network it is.
        class_names: In the order of `held_out.probabilities`.
        held_out: What to ask it, and what it should say.
        while_waiting: Called a few times a second; what it raises ends the process.

    Returns:
        The certificate of an export that may be used.

    Raises:
        RunError: If its program fails ("export-fails"), or its answers are others than those of
            the run's own network ("export-refused").
    """
    names = [str(path) for path in held_out.files]
    answers = ask(folder, names, while_waiting)
    found = _in_order(answers, names, class_names)
    agreeing, difference = compare(held_out.probabilities, found)
    certificate = Certificate(
        run=run_id,
        format=model_format,
        split=held_out.split,
        pictures=len(names),
        left_out=held_out.left_out,
        agreeing=agreeing,
        largest_difference=difference,
        files=hash_model(folder, model_format.model_name),
        versions={"python": platform.python_version()}
        | {name: version(name) for name in model_format.packages},
        made_at=time.time(),
    )
    if not (np.isfinite(difference) and certificate.holds):
        raise _refused(certificate)
    return certificate


def compare(expected: FloatArray, found: FloatArray) -> tuple[int, float]:
    """On how many pictures the same class wins, and the largest difference of a probability.

    Args:
        expected, found: Shape (n_images, n_classes), at least one picture.

    Raises:
        ValueError: If the shapes differ, or there is no picture.
    """
    if expected.shape != found.shape or not expected.size:
        raise ValueError(
            "expected and found need the same shape, and at least one picture. Received: "
            f"{expected.shape} and {found.shape}"
        )
    agreeing = int(np.sum(expected.argmax(axis=1) == found.argmax(axis=1)))
    return agreeing, float(np.abs(expected - found).max())


def ask(folder: Path, pictures: Sequence[str], while_waiting: Callable[[], object]) -> Any:
    """What an export's predict.py prints of some pictures.

    Raises:
        RunError: If it fails ("export-fails").
    """
    with tempfile.TemporaryDirectory(prefix="cnnlab-check-", ignore_cleanup_errors=True) as scratch:
        place = Path(scratch)
        wanted, said, complaints = place / "pictures.json", place / "answers", place / "errors"
        wanted.write_text(json.dumps(list(pictures)), encoding="utf-8")
        # -P: what lies in the current folder is not imported.
        command = [sys.executable, "-P", str(folder / SNIPPET), "--list", str(wanted)]
        with said.open("wb") as output, complaints.open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=scratch,
                env=_own_environment() | _ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
            _wait(process, while_waiting)
        try:
            if process.returncode == 0:
                return json.loads(said.read_bytes())
        except ValueError:
            pass  # it has printed something else
        lines = complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        sys.stderr.write("\n".join(lines[-50:]) + "\n")  # into the run's log
        raise RunError(
            "export-fails",
            f"{SNIPPET} must name the classes of {len(pictures):,} pictures in a process of its "
            f"own. It ended with {process.returncode}"
            + (f": {lines[-1].rstrip('.')}." if lines else " and said nothing.")
            + " The export is not kept.",
        )


def _wait(process: subprocess.Popen[bytes], while_waiting: Callable[[], object]) -> None:
    try:
        while process.poll() is None:
            while_waiting()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _own_environment() -> dict[str, str]:
    """The environment without the way to this project."""
    project = Path(__file__).resolve().parents[2]
    environment = dict(os.environ)
    places = environment.pop("PYTHONPATH", "").split(os.pathsep)
    others = [place for place in places if place and Path(place).resolve() != project]
    return environment | ({"PYTHONPATH": os.pathsep.join(others)} if others else {})


def _in_order(
    answers: Any, pictures: Sequence[str], class_names: Sequence[str]
) -> NDArray[np.float64]:
    """Probabilities by picture and class; refused unless exactly what was asked for is there."""
    try:
        if set(answers) != set(pictures):
            raise KeyError("pictures")
        rows = []
        for picture in pictures:
            answer = answers[picture]
            if set(answer) != set(class_names):
                raise KeyError("classes")
            rows.append([float(answer[name]) for name in class_names])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            "export-fails",
            f"{SNIPPET} must give a probability to each class of each picture. It gave others. "
            "The export is not kept.",
        ) from error
    return np.array(rows, dtype=np.float64)


def _is_same(root: Path, path: str, hashes: dict[str, str]) -> bool:
    """Whether a picture is there, and still the one that was looked at."""
    try:
        data = read(root / path, path)
    except ImageError:
        return False
    return path not in hashes or content_hash(data) == hashes[path]


def _refused(certificate: Certificate) -> RunError:
    """Why an export is not kept, with the figures."""
    format_, pictures = certificate.format, certificate.pictures
    if not format_.rounds:
        rule = f"must give the run's own probabilities, to {LARGEST_DIFFERENCE:g}"
        cure = "Train the network again if its files were changed."
    else:
        rule = f"must name the same class on at least {LEAST_AGREEMENT:.0%} of the pictures"
        cure = f"Use {ModelFormat.LITERT.label}, which does not round."
    return RunError(
        "export-refused",
        f"The network as {format_.label} {rule}. Received: the same class on "
        f"{certificate.agreeing:,} of {pictures:,} {certificate.split} pictures "
        f"({certificate.agreeing / pictures:.1%}), and a largest difference of "
        f"{certificate.largest_difference:.2g}. It is not kept. {cure}",
    )
