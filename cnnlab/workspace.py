"""The folder that holds everything cnnlab makes, and the one way to write a file into it."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from cnnlab.errors import PathError, WorkspaceError
from cnnlab.paths import user_path

WORKSPACE_VARIABLE = "CNNLAB_WORKSPACE"
DEFAULT_WORKSPACE = "workspace"
_SHORT_NAME = 100  # characters of a name that leave room for what is added
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY}
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where things lie. Nothing outside this class joins paths of the workspace by hand."""

    root: Path

    @property
    def store_file(self) -> Path:
        """The SQLite store: data sets, jobs, runs, metrics."""
        return self.root / "store.sqlite"

    @property
    def pixels_folder(self) -> Path:
        """Prepared pictures, shared by all runs."""
        return self.root / "cache" / "pixels"

    @property
    def locks_folder(self) -> Path:
        """Lock files, one per thing that only one process may do at a time."""
        return self.root / "locks"

    @property
    def scheduler_log(self) -> Path:
        """What the scheduler and the warm worker print."""
        return self.root / "scheduler.log"

    @property
    def attention_file(self) -> Path:
        """Touched while somebody uses the workspace; its age tells idleness."""
        return self.root / "attention"

    def dataset_folder(self, dataset_id: str) -> Path:
        """Folder of one data set's index."""
        return self.root / "datasets" / dataset_id

    def index_file(self, dataset_id: str) -> Path:
        """The data set's index, one row a picture."""
        return self.dataset_folder(dataset_id) / "index.parquet"

    def audit_folder(self, dataset_id: str) -> Path:
        """What was measured in a data set's pictures."""
        return self.dataset_folder(dataset_id) / "audit"

    def builtin_folder(self, name: str) -> Path:
        """Where a built-in set's pictures are written."""
        return self.root / "builtin" / name

    def pictures_folder(self, dataset_id: str) -> Path:
        """Where the pictures of an imported data set lie."""
        return self.root / "pictures" / dataset_id

    def incoming_file(self, dataset_id: str) -> Path:
        """An uploaded archive that waits to be unpacked."""
        return self.root / "incoming" / f"{dataset_id}.zip"

    @property
    def downloads_folder(self) -> Path:
        """Downloads that are under way or wait to be unpacked."""
        return self.root / "downloads"

    def backbone_file(self, name: str) -> Path:
        """A network trained on ImageNet, exported once for all data sets."""
        return self.root / "cache" / "backbones" / f"{name}.tflite"

    @property
    def features_folder(self) -> Path:
        """What frozen backbones see in pictures, by content."""
        return self.root / "cache" / "features"

    @property
    def tensorboard_folder(self) -> Path:
        """Logs for TensorBoard, a folder a run."""
        return self.root / "tensorboard"

    @property
    def tensorboard_file(self) -> Path:
        """Where TensorBoard listens, if it runs."""
        return self.root / "tensorboard.json"

    @property
    def thumbnails_folder(self) -> Path:
        """Small JPEGs of large pictures, by content."""
        return self.root / "cache" / "thumbnails"

    def tray_folder(self, tray_id: str) -> Path:
        """Folder of photos that somebody handed over to be classified."""
        return self.root / "photos" / tray_id

    def run_folder(self, run_id: str) -> Path:
        """Folder of one run; its files are named by `RunFiles`."""
        return self.root / "runs" / run_id

    def sweep_folder(self, sweep_id: str) -> Path:
        """Folder of one sweep."""
        return self.root / "sweeps" / sweep_id

    def sweep_journal(self, sweep_id: str) -> Path:
        """What was asked and told in a sweep, for the scheduler alone."""
        return self.sweep_folder(sweep_id) / "journal.log"

    def lock(self, name: str, timeout_seconds: float = -1) -> FileLock:
        """A lock between processes; released by the system when its process ends."""
        return FileLock(self.locks_folder / f"{name}.lock", timeout=timeout_seconds)


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run, each written once and atomically."""

    folder: Path

    @property
    def config(self) -> Path:
        """The RunConfig as JSON."""
        return self.folder / "config.json"

    @property
    def split(self) -> Path:
        """Which picture was used for what."""
        return self.folder / "split.parquet"

    @property
    def best_weights(self) -> Path:
        """Weights of the best epoch so far."""
        return self.folder / "best.weights.npz"

    @property
    def checkpoint(self) -> Path:
        """Everything that a resumed training needs, as of the last finished epoch."""
        return self.folder / "checkpoint.npz"

    @property
    def epochs(self) -> Path:
        """Figures of every epoch, CSV."""
        return self.folder / "epochs.csv"

    @property
    def keras_model(self) -> Path:
        """The finished network for Keras."""
        return self.folder / "model.keras"

    @property
    def lite_model(self) -> Path:
        """The finished network for LiteRT; what every prediction uses."""
        return self.folder / "model.tflite"

    @property
    def model_facts(self) -> Path:
        """Class names and preparation that belong to the finished network, JSON."""
        return self.folder / "model.json"

    @property
    def predictions(self) -> Path:
        """Probabilities of every validation and test picture."""
        return self.folder / "predictions.parquet"

    @property
    def features(self) -> Path:
        """Penultimate features, rows as in the predictions."""
        return self.folder / "features.npy"

    @property
    def rejection(self) -> Path:
        """When a picture shows none of the classes, and how well that was told apart, JSON."""
        return self.folder / "rejection.json"

    @property
    def surroundings(self) -> Path:
        """Directions of training pictures' features, by which strange pictures are told."""
        return self.folder / "surroundings.npy"

    @property
    def exports_folder(self) -> Path:
        """The finished network for other programs, a folder a format."""
        return self.folder / "exports"

    @property
    def views_folder(self) -> Path:
        """Filters and feature maps that somebody has asked to see."""
        return self.folder / "views"

    @property
    def training_features(self) -> Path:
        """Penultimate features of training pictures, with their paths."""
        return self.folder / "training_features.parquet"

    @property
    def log(self) -> Path:
        """What the worker printed."""
        return self.folder / "worker.log"


def find_workspace(folder: Path | str | None = None) -> Workspace:
    """Where a workspace is or would be; nothing is made.

    Args:
        folder: The folder; else the environment's CNNLAB_WORKSPACE; else ./workspace.

    Raises:
        PathError: If there can be no such folder.
    """
    root = user_path(folder or os.environ.get(WORKSPACE_VARIABLE) or DEFAULT_WORKSPACE)
    return Workspace(root.resolve())


def open_workspace(folder: Path | str | None = None) -> Workspace:
    """Make sure that a workspace folder exists and can be written to.

    Args:
        folder: The folder; else the environment's CNNLAB_WORKSPACE; else ./workspace.

    Raises:
        PathError: If there can be no such folder.
        WorkspaceError: If it cannot be made or written to.
    """
    workspace = find_workspace(folder)
    try:
        for part in (workspace.locks_folder, workspace.root / "runs", workspace.root / "datasets"):
            part.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, workspace.root, "make the workspace") from error
    if not os.access(workspace.root, os.W_OK):
        raise WorkspaceError(
            "workspace-read-only",
            f"The workspace must be writable. Received: {workspace.root}. "
            "Choose another folder with --workspace or CNNLAB_WORKSPACE.",
        )
    return workspace


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file aside, flush it to disk and rename it, so that nobody sees half of it.

    Args:
        path: The final place; its folder is made if it is missing.
        write: Gets the open file and writes its content.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to; nothing is left
            behind and an earlier file stays as it was.
    """
    with aside(path) as temporary:
        try:
            with temporary.open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise explain_os_error(error, path, "write") from error


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Offer a temporary sibling of `path`; rename it to `path` when the block ends well.

    Raises:
        WorkspaceError: If the folder cannot be made or the file cannot be renamed.
    """
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name[-_SHORT_NAME:]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, path.parent, "make the folder") from error
    try:
        yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            raise explain_os_error(error, path, "write") from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def appearing_folder(target: Path) -> Iterator[Path]:
    """Offer a hidden folder beside `target`; it takes that name when the block ends well.

    Whatever is raised, no partial folder stays; but one does that a killed process has left, until
    `remove_leftovers`.

    Args:
        target: It must not exist, or be an empty folder.

    Raises:
        OSError: If the folder cannot be made.
        PathError: If the target has come into being meanwhile ("bad-target").
    """
    part = target.with_name(f".{target.name[:_SHORT_NAME]}.{secrets.token_hex(4)}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    part.mkdir()
    try:
        yield part
        try:
            if target.is_dir():
                target.rmdir()  # it is empty, and Windows does not rename onto it
            part.rename(target)
        except OSError as error:
            if error.errno in _TAKEN:
                raise _not_free(target) from error
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def require_free(target: Path) -> None:
    """Refuse a place for a new folder where there is something already.

    Raises:
        PathError: If it is neither missing nor an empty folder ("bad-target").
        WorkspaceError: If it cannot be looked into.
    """
    try:
        taken = target.exists() and (not target.is_dir() or any(target.iterdir()))
    except OSError as error:
        raise explain_os_error(error, target, "look into", cure="choose another") from error
    if taken:
        raise _not_free(target)


def _not_free(target: Path) -> PathError:
    return PathError(
        "bad-target",
        f"The new folder must not exist yet, or be empty. Received: {target}. "
        "Choose another name; nothing was changed.",
    )


def remove_leftovers(target: Path) -> None:
    """Delete what killed processes left of `appearing_folder`; only where nobody makes it now.

    Args:
        target: A folder of the workspace, whose lock is held.
    """
    for leftover in target.parent.glob(f".{glob.escape(target.name[:_SHORT_NAME])}.*.part"):
        shutil.rmtree(leftover, ignore_errors=True)


def explain_os_error(
    error: OSError, path: Path, action: str, cure: str = "choose another with --workspace"
) -> WorkspaceError:
    """Turn a refusal of the operating system into a sentence with its cure.

    Args:
        error: What the system said.
        path: What it is about.
        action: What was tried, to follow "could not".
        cure: What else to do, to follow "check the folder's permissions, or".
    """
    short_write = error.errno is None and " requested and " in str(error)  # as NumPy says it
    if error.errno in _FULL_DISK or short_write:
        return WorkspaceError(
            "disk-full",
            f"The disk is full: could not {action} {path}. What was there before is unharmed. "
            "Free some space and try again.",
        )
    return WorkspaceError(
        "workspace-unusable",
        f"Could not {action} {path}: {error.strerror or error}. "
        f"Check the folder's permissions, or {cure}.",
    )
