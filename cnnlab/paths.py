"""Places that a user names, in a command or in a field of a page."""

from __future__ import annotations

from pathlib import Path

from cnnlab.errors import PathError


def user_path(text: str | Path) -> Path:
    """The place that a user means, with "~" as their home; it need not exist.

    Raises:
        PathError: If it begins with the home of nobody ("no-home"), or the system takes no such
            name ("bad-path").
    """
    try:
        place = Path(text).expanduser()
    except RuntimeError as error:
        raise PathError(
            "no-home",
            f"A path that begins with ~ needs a user with a home folder. Received: {str(text)!r}. "
            "Write the folder in full.",
        ) from error
    try:
        str(place).encode()  # it will be stored and shown
        place.resolve()
        place.exists()
    except (OSError, RuntimeError, ValueError) as error:
        # Too long, not Unicode, a NUL in it, links in a circle, a folder that may not be opened.
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise PathError(
            "bad-path",
            f"A path must be one that the system can look up ({cause}). Received: {_short(text)}.",
        ) from error
    return place


def _short(text: str | Path) -> str:
    shown = repr(str(text))
    return shown if len(shown) <= 120 else f"{shown[:80]}...{shown[-30:]}"
