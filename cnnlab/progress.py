"""How work that takes long tells what is done; what such a function raises ends the work."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], object]
"""Told the pieces done and in all."""

PhaseProgress = Callable[[str, int, int], object]
"""Told what is done, the pieces done and in all; 0 in all where that is not known."""


def in_phase(progress: PhaseProgress | None, phase: str) -> Progress | None:
    """The part of a longer work that a function does, which knows nothing of the other parts."""
    if progress is None:
        return None
    return lambda done, total: progress(phase, done, total)
