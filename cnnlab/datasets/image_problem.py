"""Names for why a picture cannot be used."""

from __future__ import annotations

from enum import StrEnum


class ImageProblem(StrEnum):
    """Why a picture cannot be used."""

    EMPTY = "empty"
    MISSING = "missing"
    UNREADABLE = "unreadable"  # the system refuses: permissions, a folder, a failing disk
    NOT_AN_IMAGE = "not-an-image"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"  # a known format, or a variety of one, that is not read
