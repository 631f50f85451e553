"""What tells a run's network from its earlier and later versions."""

from __future__ import annotations

from cnnlab.errors import RunError
from cnnlab.workspace import RunFiles


def model_state(files: RunFiles) -> str:
    """A word that changes with a run's network and its rule for unknown pictures.

    Raises:
        RunError: If the run or its network is gone ("deleted-model").
    """
    states = []
    for path in (files.lite_model, files.model_facts, files.rejection, files.surroundings):
        try:
            facts = path.stat()
        except OSError as error:
            if path == files.lite_model:
                raise RunError(
                    "deleted-model",
                    f"The network of run {files.folder.name!r} is gone: the run was deleted "
                    "meanwhile, or has no finished network. Choose another one.",
                ) from error
            states.append("-")
        else:
            states.append(f"{facts.st_mtime_ns}.{facts.st_size}")
    return "_".join(states)
