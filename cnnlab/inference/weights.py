"""ImageNet weights of the backbones: where they lie, and how they get there."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock

from cnnlab.config import BackboneName
from cnnlab.datasets.downloads import download
from cnnlab.errors import DatasetError, RunError
from cnnlab.networks.backbones import BACKBONES
from cnnlab.progress import Progress

MIRROR_VARIABLE = "CNNLAB_WEIGHTS_URL"  # a folder on a server that has the files under their names


def weights_path(name: BackboneName, side_px: int) -> Path:
    """Where Keras looks for a backbone's weights: below KERAS_HOME or ~/.keras."""
    home = os.environ.get("KERAS_HOME")
    folder = Path(home) if home else Path.home() / ".keras"
    return folder / "models" / BACKBONES[name].weights_file(side_px)


def find_weights(name: BackboneName, side_px: int) -> Path | None:
    """The file of a backbone's weights if it is on this machine; nothing is downloaded."""
    file = weights_path(name, side_px)
    return file if file.is_file() else None


def ensure_weights(name: BackboneName, side_px: int, progress: Progress | None = None) -> Path:
    """The file of a backbone's weights, downloaded if it is not there yet.

    Args:
        name: Which backbone.
        side_px: Side of the pictures; some backbones have weights for several.
        progress: Told the bytes done and in all; what it raises ends the download.

    Raises:
        RunError: "missing-weights" if they are not here and cannot be had; the message names the
            file, where it comes from and where to put it.
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    found = find_weights(name, side_px)
    if found is not None:
        return found
    facts = BACKBONES[name]
    file = weights_path(name, side_px)
    mirror = os.environ.get(MIRROR_VARIABLE)
    url = f"{mirror.rstrip('/')}/{file.name}" if mirror else facts.weights_url(side_px)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_name(f".{file.name}.lock")):  # two jobs may want it at once
            return find_weights(name, side_px) or download(url, facts.checksum, file, progress)
    except DatasetError as error:
        raise RunError(
            "missing-weights",
            f"The ImageNet weights of {facts.title} are not on this machine and could not be "
            f"downloaded: {_first_sentence(error)} Bring the file {file.name} from {url} in "
            f"another way and put it into {file.parent}.",
        ) from error
    except OSError as error:
        raise RunError(
            "missing-weights",
            f"The ImageNet weights of {facts.title} could not be stored ({error.strerror}). Make "
            f"{file.parent} writable, or name another folder with KERAS_HOME.",
        ) from error


def _first_sentence(error: DatasetError) -> str:
    """What happened, without the advice that follows."""
    return error.message.split(". ")[0].rstrip(".") + "."
