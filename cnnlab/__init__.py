"""A laboratory for image classifiers: look at pictures, train networks, see where they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnlab.serving.classifier import Classifier, load

__all__ = ["Classifier", "__version__", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("Classifier", "load"):  # importing cnnlab itself stays light
        from cnnlab.serving import classifier

        return getattr(classifier, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
