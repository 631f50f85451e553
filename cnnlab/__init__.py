"""A laboratory for image classifiers: look at pictures, train networks, see where they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    from cnnlab.serving.classifier import Classifier

__all__ = ["Classifier", "__version__", "load"]
__version__ = "0.1.0"


def load(
    run: str | os.PathLike[str], workspace: str | os.PathLike[str] | None = None
) -> Classifier:
    """Load the network of a finished run, to classify photos with it.

    Args:
        run: A run's id, or the folder of a run, wherever it was copied to.
        workspace: Where the run with this id lies; else CNNLAB_WORKSPACE; else ./workspace.

    Raises:
        RunError: If there is no such run ("unknown-run"), it has no finished network ("no-model"),
            or that is damaged ("damaged-model").
        PathError: If there can be no such folder.
    """
    from cnnlab.serving import classifier  # importing cnnlab itself stays light

    return classifier.load(run, workspace)


def __getattr__(name: str) -> Any:
    if name == "Classifier":
        from cnnlab.serving.classifier import Classifier

        return Classifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
