"""One export of a finished network: written, used in a process of its own, and only then kept."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.config import DataConfig
from cnnlab.datasets.images import look
from cnnlab.datasets.splits import Split
from cnnlab.errors import ImageError, RunError
from cnnlab.evaluation.predictions import read_predictions
from cnnlab.inference.model import PixelArray, read_facts
from cnnlab.inference.training_features import draw_training_pictures
from cnnlab.progress import PhaseProgress, in_phase
from cnnlab.reports.certificate import certify, held_out_pictures
from cnnlab.reports.export_snippet import readme, snippet
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.jobs import Job
from cnnlab.runs.model_exports import (
    CERTIFICATE,
    FACTS,
    README,
    SNIPPET,
    Certificate,
    ModelExportRequest,
    export_folder,
)
from cnnlab.runs.model_formats import ModelFormat
from cnnlab.runs.run_files import read_split
from cnnlab.runs.runs import get_run
from cnnlab.runs.store import Store
from cnnlab.training.model_export import write_model
from cnnlab.workspace import (
    RunFiles,
    Workspace,
    appearing_folder,
    explain_os_error,
    remove_leftovers,
)

WRITING, CALIBRATING = "writing the network", "trying it on training pictures"
CHECKING = "checking it in a process of its own"
CALIBRATION_PICTURES = 200


def export_model(
    store: Store, workspace: Workspace, job: Job, report: PhaseProgress
) -> Certificate:
    """Carry out a job of kind "export-model"; the export appears when it has been checked.

    Args:
        store, workspace: Where the run is.
        job: Names the run and the format.
        report: Told the phase and how far it is; what it raises ends the work.

    Raises:
        CnnlabError: If the export could not be made or does not answer as the run's own network
            does. None is there then, not even an earlier one.
    """
    model_format = ModelExportRequest.from_json(job.parameters).format
    if job.run_id is None:
        raise RunError("unknown-run", f"The export job {job.id} belongs to no run.")
    run = get_run(store, job.run_id)
    target = export_folder(workspace, run.id, model_format)
    with workspace.lock(f"export-{run.id}-{model_format.value}"):
        remove_leftovers(target)
        try:
            shutil.rmtree(target)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise explain_os_error(error, target, "replace the export") from error
        root = get_dataset(store, run.dataset_id).location
        return _Export(RunFiles(workspace.run_folder(run.id)), root, model_format, report).make(
            run.id, target
        )


class _Export:
    """One export on its way."""

    def __init__(
        self, files: RunFiles, root: Path, model_format: ModelFormat, report: PhaseProgress
    ) -> None:
        self._files = files
        self._root = root
        self._format = model_format
        self._report = report
        self._facts = read_facts(files)

    def make(self, run_id: str, target: Path) -> Certificate:
        """Write, check and keep it."""
        self._report(WRITING, 0, 0)
        split = read_split(self._files)
        predictions = read_predictions(self._files.predictions)
        held_out = held_out_pictures(predictions, split, self._root)
        calibration = self._calibration(split) if self._format.rounds else None
        try:
            with appearing_folder(target) as part:
                calibrating = in_phase(self._report, CALIBRATING)
                write_model(self._format, self._files, part, calibration, calibrating)
                shutil.copyfile(self._files.model_facts, part / FACTS)
                _write(part / SNIPPET, snippet(self._format, self._facts.data))
                certificate = certify(
                    part,
                    self._format,
                    run_id,
                    predictions.class_names,
                    held_out,
                    while_waiting=lambda: self._report(CHECKING, 0, 0),
                )
                _write(part / CERTIFICATE, certificate.to_json())
                text = readme(certificate, self._facts.class_names, self._facts.data)
                _write(part / README, text)
        except OSError as error:
            raise explain_os_error(error, target, "write the export") from error
        return certificate

    def _calibration(self, split: pd.DataFrame) -> PixelArray:
        """Some training pictures of each class; those that are gone are left out."""
        training = split[split["split"] == Split.TRAIN.value]
        labels = training["label"].to_numpy()
        rows = draw_training_pictures(labels, seed=0, most=CALIBRATION_PICTURES)
        return _prepared(self._root, training["path"].iloc[rows].tolist(), self._facts.data)


def _prepared(root: Path, paths: list[str], data: DataConfig) -> PixelArray:
    found = [np.empty((0, *data.picture_shape), dtype=np.uint8)]
    for path in paths:
        with suppress(ImageError):
            found.append(look(root / path, data).pixels[None])
    return np.concatenate(found)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
