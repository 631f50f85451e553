"""A finished network for other programs: in which formats, where it lies, and what was checked."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from cnnlab.errors import RunError
from cnnlab.runs import jobs
from cnnlab.runs.jobs import Job
from cnnlab.runs.model_formats import ModelFormat, require_packages
from cnnlab.runs.runs import Run, require_model
from cnnlab.runs.states import JobKind
from cnnlab.runs.store import Store
from cnnlab.workspace import RunFiles, Workspace, appearing_folder, explain_os_error, require_free

CERTIFICATE, SNIPPET, FACTS, README = "certificate.json", "predict.py", "model.json", "README.md"
LARGEST_DIFFERENCE = 1e-3  # of a probability, for formats that compute as the run's own file does
LEAST_AGREEMENT = 0.95  # of the winners, for the format that rounds


@dataclass(frozen=True, slots=True)
class ModelExportRequest:
    """Which format a run's network is wanted in."""

    format: ModelFormat

    def to_json(self) -> dict[str, Any]:
        """As a job's parameters."""
        return {"format": self.format.value}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ModelExportRequest:
        """Read what `to_json` made."""
        return cls(ModelFormat(document["format"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was seen when an export was loaded afresh and used on held-out pictures.

    Attributes:
        run, format: What was exported.
        split: Which of the run's pictures were used, "test" or "validation".
        pictures: How many; never 0.
        left_out: How many of those that were chosen have changed or are gone.
        agreeing: On how many the class that wins is the same as in the run's predictions.
        largest_difference: Of a probability, over all of these pictures and classes.
        files: SHA-256 and bytes of each of the model's files.
        versions: Of the programs that were used.
        made_at: Seconds since 1970.
    """

    run: str
    format: ModelFormat
    split: str
    pictures: int
    left_out: int
    agreeing: int
    largest_difference: float
    files: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]
    made_at: float

    @property
    def holds(self) -> bool:
        """True where the export may be used in place of the run's own network."""
        if self.pictures < 1:
            return False
        if self.format.rounds:
            return self.agreeing >= LEAST_AGREEMENT * self.pictures
        return self.largest_difference <= LARGEST_DIFFERENCE

    @property
    def model_bytes(self) -> int:
        """Size of the model."""
        return sum(int(facts["bytes"]) for facts in self.files.values())

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        text = (
            f"Loaded afresh, it agrees on {self.agreeing:,} of {self.pictures:,} "
            f"{self.split} pictures; largest difference {_decimal(self.largest_difference)}."
        )
        if self.left_out:
            text += f" {self.left_out:,} more have changed since, or are gone."
        return text

    def to_json(self) -> str:
        """As a JSON document; `from_json` reads it back."""
        document = asdict(self) | {"sentence": self.sentence}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Certificate:
        """Read what `to_json` made.

        Raises:
            ValueError, LookupError, TypeError: If it is something else.
        """
        document = dict(json.loads(text))
        document.pop("sentence")
        return cls(**document | {"format": ModelFormat(document["format"])})


@dataclass(frozen=True, slots=True)
class ModelExport:
    """A network that was exported, and checked."""

    folder: Path
    certificate: Certificate

    @property
    def folder_bytes(self) -> int:
        """Size of everything in its folder."""
        return sum(path.stat().st_size for path in _files(self.folder))

    def snippet(self) -> str:
        """The program that uses it.

        Raises:
            RunError: If the export is damaged.
        """
        try:
            return (self.folder / SNIPPET).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise _damaged(self.certificate) from error

    def require_unchanged(self) -> None:
        """Make sure that the model is the one that was checked.

        Raises:
            RunError: If it has been changed since ("export-changed").
        """
        model_name = self.certificate.format.model_name
        try:
            found = hash_model(self.folder, model_name)
        except OSError as error:
            raise _damaged(self.certificate) from error
        if found != self.certificate.files:
            raise _damaged(self.certificate)

    def copy_to(self, target: Path) -> None:
        """Copy its folder; the copy appears when it is complete.

        Args:
            target: A folder that does not exist yet, or is empty.

        Raises:
            RunError: If there is something, or the model was changed since it was checked.
            WorkspaceError: If the disk is full or the place cannot be written to.
        """
        require_free(target)
        self.require_unchanged()
        try:
            with appearing_folder(target) as part:
                shutil.copytree(self.folder, part, dirs_exist_ok=True)
        except OSError as error:
            raise explain_os_error(
                error, target, "write the export to", cure="choose another"
            ) from error

    def zipped(self) -> bytes:
        """Its folder as a ZIP archive, not compressed: weights hardly shrink.

        Raises:
            RunError: If the model has been changed since it was checked.
        """
        self.require_unchanged()
        name = f"{self.certificate.run}-{self.certificate.format.value}"
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_STORED) as archive:
            for path in _files(self.folder):
                archive.write(path, f"{name}/{path.relative_to(self.folder).as_posix()}")
        return packed.getvalue()


def submit_model_export(store: Store, run: Run, model_format: ModelFormat) -> int:
    """Ask for a run's network in a format; returns the job's id.

    Raises:
        RunError: If the run has no network, is at work, or packages are missing.
    """
    require_model(run)
    if not run.state.final:
        raise RunError(
            "run-active",
            f"The run {run.id!r} is {run.state}, and its network may change. Wait until it ends.",
        )
    require_packages(model_format)
    request = ModelExportRequest(model_format).to_json()
    return jobs.submit_job(store, JobKind.EXPORT_MODEL, run.dataset_id, request, run_id=run.id)


def latest_model_export(store: Store, run_id: str, model_format: ModelFormat) -> Job | None:
    """The newest job that was to write a run's network in a format, whatever its state."""
    request = ModelExportRequest(model_format).to_json()
    return jobs.latest_job_of_run(store, JobKind.EXPORT_MODEL, run_id, request)


def export_folder(workspace: Workspace, run_id: str, model_format: ModelFormat) -> Path:
    """Where a run's network lies in a format, if it does."""
    return RunFiles(workspace.run_folder(run_id)).exports_folder / model_format.value


def find_model_export(
    workspace: Workspace, run_id: str, model_format: ModelFormat
) -> ModelExport | None:
    """A run's network in a format; None where it was not made, or its certificate is not whole."""
    folder = export_folder(workspace, run_id, model_format)
    try:
        text = (folder / CERTIFICATE).read_text(encoding="utf-8")
        certificate = Certificate.from_json(text)
        is_this = certificate.run == run_id and certificate.format is model_format
        return ModelExport(folder, certificate) if is_this and certificate.holds else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def hash_model(folder: Path, model_name: str) -> dict[str, dict[str, Any]]:
    """SHA-256 and bytes of each file of a model, by its path in the export's folder."""
    model = folder / model_name
    paths = _files(model) if model.is_dir() else iter([model])
    found = {}
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        name = path.relative_to(folder).as_posix()
        found[name] = {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}
    return found


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _decimal(difference: float) -> str:
    """A small number without an exponent, to two digits that mean something."""
    if difference <= 0:
        return "0"
    digits = next((place for place in range(2, 12) if difference >= 10.0**-place), 12) + 1
    return f"{difference:.{digits}f}"


def _damaged(certificate: Certificate) -> RunError:
    return RunError(
        "export-changed",
        f"The files of {certificate.format.label} of run {certificate.run!r} are no longer those "
        "that were checked. Make it again.",
    )
